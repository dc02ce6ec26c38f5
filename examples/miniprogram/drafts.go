package miniprogram

import (
	"context"
	"errors"

	"github.com/virgadb/virga"
)

// ErrNotYours reports a draft that cannot be changed: it is somebody else's, or it is
// published.
var ErrNotYours = errors.New("no draft of yours")

// Drafts are texts that their author may change until they are published. Drafts are
// safe for concurrent use.
type Drafts struct {
	texts *virga.Collection
}

// A text is a draft, or was one.
type text struct {
	Author string `json:"author"`
	Text   string `json:"text"`
	Status string `json:"status"` // "draft" or "published"
}

// NewDrafts returns the drafts of db.
func NewDrafts(db *virga.DB) *Drafts { return &Drafts{db.Collection("texts")} }

// Write adds a draft and returns its id.
func (d *Drafts) Write(ctx context.Context, author, words string) (virga.ID, error) {
	return d.texts.Add(ctx, virga.M{"author": author, "text": words, "status": "draft"})
}

// Change replaces the text of a draft.
func (d *Drafts) Change(ctx context.Context, author string, id virga.ID, words string) error {
	return d.update(ctx, author, id, virga.M{"text": words})
}

// Publish lets everybody read a draft, which cannot be changed any more.
func (d *Drafts) Publish(ctx context.Context, author string, id virga.ID) error {
	return d.update(ctx, author, id, virga.M{"status": "published"})
}

// update changes a draft if it is one of the author's at that very moment.
func (d *Drafts) update(ctx context.Context, author string, id virga.ID, data virga.M) error {
	res, err := d.texts.Where(virga.M{"_id": id, "author": author, "status": "draft"}).Update(ctx, data)
	if err == nil && res.Matched == 0 {
		err = ErrNotYours
	}
	return err
}

// Read returns what a reader may see of a text: his own, and what is published.
func (d *Drafts) Read(ctx context.Context, reader string, id virga.ID) (string, error) {
	t, err := virga.Of[text](d.texts).Get(ctx, id)
	if err != nil {
		return "", err
	}
	if t.Author != reader && t.Status != "published" {
		return "", ErrNotYours
	}
	return t.Text, nil
}
