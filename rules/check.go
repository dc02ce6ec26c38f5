package rules

import (
	"context"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/query"
)

// Query decides c.Op on all documents that f, which may be nil, matches. The
// documents are not looked at: it is proved from f that the rule holds for each
// document that f can ever match, or the call is denied as a whole.
//
// A condition that is not nil must be And-ed to the filter before it is run: what
// belongs to others is not there (the simple modes, [Call.Filters]).
//
// A denial is a [*Denial]. Errors of the Getter and of ctx are returned as such.
func (r *Rules) Query(ctx context.Context, c *Call, f *query.Filter) (condition any, err error) {
	if r.mode != Custom {
		return r.simple(c, c.Op)
	}
	ru := r.of(c.Op)
	if ru.x == nil {
		return nil, undefined(c, c.Op)
	}
	if c.Filters && c.Op == Read {
		return r.filter(ctx, c, f)
	}
	e := c.begin(ctx, c.Op, ru)
	e.prove(f)
	if e.proves() {
		return nil, nil
	}
	return nil, e.denial()
}

// Stored decides c.Op on one stored document that is addressed by its id; doc is
// zero when there is none, which no rule that asks for one of its fields allows.
//
// When ok is false and err is nil, the call goes on as if the document did not
// exist. With [Call.Static] nothing but the _id of doc is looked at, and it must be
// there even when there is no document.
func (r *Rules) Stored(ctx context.Context, c *Call, doc document.Doc) (ok bool, err error) {
	if r.mode != Custom {
		condition, err := r.simple(c, c.Op)
		return err == nil && (condition == nil || c.Auth.owns(doc)), err
	}
	ru := r.of(c.Op)
	switch {
	case ru.x == nil:
		return false, undefined(c, c.Op)
	case c.Static:
		f, err := query.CompileFilter(document.D{{Key: "_id", Value: document.D{{Key: "$eq", Value: doc.ID()}}}}, c.Now)
		if err != nil {
			return false, err
		}
		_, err = r.Query(ctx, c, f)
		return err == nil, err
	}
	e := c.begin(ctx, c.Op, ru)
	if e.holdsOn(doc) {
		return true, nil
	}
	if c.Filters && c.Op == Read && e.stopped == "" {
		return false, nil
	}
	return false, e.denial()
}

// New decides the creation of doc, which holds all that is going to be stored,
// _openid included; it is request.data too, where c has none. Whatever c.Op is, the
// rule is that for [Create].
func (r *Rules) New(ctx context.Context, c *Call, doc document.Doc) error {
	if r.mode != Custom {
		_, err := r.simple(c, Create)
		return err
	}
	ru := r.of(Create)
	if ru.x == nil {
		return undefined(c, Create)
	}
	e := c.begin(ctx, Create, ru)
	if !e.data.value.Exists() {
		e.data = DataOfDoc(doc)
	}
	if e.holdsOn(doc) {
		return nil
	}
	return e.denial()
}

// simple decides op by a simple mode. The condition is that of the documents meant.
func (r *Rules) simple(c *Call, op Operation) (condition any, err error) {
	v := r.mode.verdictOf(op)
	switch {
	case op < Read || op > Delete || v == refused:
		return nil, &Denial{Op: op, Collection: c.Collection, Mode: r.mode, Reason: "only the program itself may"}
	case !c.Auth.LoggedIn():
		return nil, &Denial{Op: op, Collection: c.Collection, Mode: r.mode, Reason: "the caller is not logged in"}
	case v == ownOnly:
		return document.D{{Key: "_openid", Value: c.Auth.Owner()}}, nil
	}
	return nil, nil
}

// undefined denies an operation that has no rule.
func undefined(c *Call, op Operation) error {
	return &Denial{Op: op, Collection: c.Collection, Key: op.String(), Reason: "there is no rule that allows it"}
}

// owns reports whether a created d.
func (a Auth) owns(d document.Doc) bool {
	owner := document.Text(a.Owner())
	creator := reached{d.Lookup("_openid"), true}
	return !creator.each(inSome, func(v document.Value) bool { return !equal(v, owner) })
}
