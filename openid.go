package virga

import (
	"fmt"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/expr"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/rules"
)

// ownerField is the field that says who created a document.
const ownerField = "_openid"

// stamp returns doc, which is about to be created, with its creator in it.
func (p *permit) stamp(doc document.Doc) (document.Doc, error) {
	owner := p.call.Auth.Owner()
	if given := doc.Value().Field(ownerField); given.Exists() {
		text, _ := given.Text()
		if p.rules.Mode() != rules.Custom || text != owner || owner == "" {
			return doc, errOwner
		}
	}
	if owner == "" {
		return doc, nil
	}
	return withOwner(doc, document.Text(owner))
}

var errOwner = fault.At(ownerField, fmt.Errorf("it is written by the database, no caller can: %w", fault.ErrDenied))

// keepOwner returns doc, which is about to take the place of old, with the creator
// that old has. Data may only repeat it.
func keepOwner(doc, old document.Doc) (document.Doc, error) {
	given, owner := doc.Value().Field(ownerField), old.Value().Field(ownerField)
	switch {
	case given.Exists() && !(owner.Exists() && document.Equal(given, owner)):
		return doc, errOwner
	case given.Exists() || !owner.Exists():
		return doc, nil
	}
	return withOwner(doc, owner)
}

// withOwner returns doc with its creator behind the _id.
func withOwner(doc document.Doc, owner document.Value) (document.Doc, error) {
	var b document.Builder
	b.BeginObject()
	b.Field("_id", doc.Value().Field("_id"))
	b.Field(ownerField, owner)
	fields := doc.Value().Fields()
	for fields.Next() {
		if name := string(fields.Key()); name != "_id" && name != ownerField {
			b.Field(name, fields.Value())
		}
	}
	b.End()
	if err := fields.Err(); err != nil {
		return doc, err
	}
	return b.Doc()
}

// compileUpdate compiles the data of an update.
func (db *DB) compileUpdate(data any, in expr.Scope) (*query.Update, error) {
	data, err := db.substitute(data)
	if err != nil {
		return nil, err
	}
	update, err := query.CompileUpdateIn(data, in)
	if err == nil && db.who != nil && update.Touches(ownerField) {
		err = errOwner
	}
	return update, err
}
