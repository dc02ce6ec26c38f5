package miniprogram

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/watch"
)

// A Message is what somebody has said in a room.
type Message struct {
	ID     string    `json:"_id"`
	Room   string    `json:"room"`
	Author string    `json:"author"`
	Text   string    `json:"text"`
	At     time.Time `json:"at"`
}

// A Chat keeps the messages of rooms. It is safe for concurrent use.
type Chat struct {
	messages *virga.Collection
}

// NewChat returns the chat of db.
func NewChat(db *virga.DB) *Chat { return &Chat{db.Collection("messages")} }

// Say adds a message to a room, at the server's time.
func (c *Chat) Say(ctx context.Context, room, author, text string) error {
	if strings.TrimSpace(text) == "" {
		return fmt.Errorf("%s says nothing", author)
	}
	_, err := c.messages.Add(ctx, virga.M{"room": room, "author": author, "text": text, "at": query.ServerDate(0)})
	return err
}

// Recent returns the last messages of a room, the oldest first.
func (c *Chat) Recent(ctx context.Context, room string, most int) ([]Message, error) {
	list, err := virga.Of[Message](c.messages).Where(virga.M{"room": room}).
		OrderBy("at", virga.Desc).OrderBy("_id", virga.Desc).Limit(most).Get(ctx)
	if err != nil {
		return nil, err
	}
	slices.Reverse(list)
	return list, nil
}

// Listen calls show with what is new in a room, beginning with what is there, until ctx
// ends. A connection that is lost is made again, and show gets no message twice.
func (c *Chat) Listen(ctx context.Context, room string, show func([]Message) error) error {
	shown := map[virga.ID]bool{}
	for {
		stream, err := c.messages.Where(virga.M{"room": room}).OrderBy("at", virga.Asc).Watch(ctx)
		if err != nil {
			return err
		}
		err = follow(ctx, stream, shown, show)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !lostConnection(err) {
			return err
		}
	}
}

// follow shows what a stream brings until it ends.
func follow(ctx context.Context, stream *watch.Stream, shown map[virga.ID]bool, show func([]Message) error) error {
	for snap, err := range stream.All(ctx) {
		if err != nil {
			return err
		}
		var fresh []Message
		for _, doc := range snap.Docs {
			if shown[doc.ID()] {
				continue
			}
			var m Message
			if err := doc.Decode(&m); err != nil {
				return err
			}
			shown[doc.ID()] = true
			fresh = append(fresh, m)
		}
		if len(fresh) == 0 {
			continue
		}
		if err := show(fresh); err != nil {
			return err
		}
	}
	return nil
}
