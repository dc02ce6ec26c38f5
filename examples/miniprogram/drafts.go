package miniprogram

import (
	"context"
	"errors"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/rules"
)

// ErrNotYours reports a draft that cannot be read or changed: it is somebody else's, or
// it is published.
var ErrNotYours = errors.New("no draft of yours")

// Drafts are texts in the hands of one user, who may change his own until they are
// published. What he may do is said by the rules of the collection, not here. Drafts are
// safe for concurrent use.
type Drafts struct {
	texts *virga.Collection
}

// NewDrafts returns the texts of db in the hands of a user.
func NewDrafts(db *virga.DB, user string) *Drafts {
	return &Drafts{db.As(rules.Auth{OpenID: user}).Collection("texts")}
}

// Write adds a draft and returns its id.
func (d *Drafts) Write(ctx context.Context, words string) (virga.ID, error) {
	return d.texts.Add(ctx, virga.M{"text": words, "status": "draft"})
}

// Change replaces the text of a draft.
func (d *Drafts) Change(ctx context.Context, id virga.ID, words string) error {
	return d.update(ctx, id, virga.M{"text": words})
}

// Publish lets everybody read a draft, which cannot be changed any more.
func (d *Drafts) Publish(ctx context.Context, id virga.ID) error {
	return d.update(ctx, id, virga.M{"status": "published"})
}

func (d *Drafts) update(ctx context.Context, id virga.ID, data virga.M) error {
	res, err := d.texts.Doc(id).Update(ctx, data)
	if err == nil && res.Matched == 0 {
		err = ErrNotYours
	}
	return denied(err)
}

// Read returns a text: one of the user's own, or one that is published.
func (d *Drafts) Read(ctx context.Context, id virga.ID) (string, error) {
	doc, err := virga.Of[struct {
		Text string `json:"text"`
	}](d.texts).Get(ctx, id)
	return doc.Text, denied(err)
}

// denied turns the refusal of the rules into ErrNotYours.
func denied(err error) error {
	if errors.Is(err, virga.ErrDenied) {
		return ErrNotYours
	}
	return err
}
