package rules

import (
	"fmt"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/query"
)

// An Auth is who calls. The zero Auth is nobody: a caller that is not logged in.
type Auth struct {
	OpenID    string // of the user of a mini program
	UID       string // of a user who is logged in otherwise
	LoginType string // how: WECHAT_OPEN, ANONYMOUS, EMAIL, …
}

// Owner returns what documents that a creates hold in _openid: the OpenID, or the
// UID when there is none. It is empty for nobody.
func (a Auth) Owner() string {
	if a.OpenID != "" {
		return a.OpenID
	}
	return a.UID
}

// LoggedIn reports whether a is somebody.
func (a Auth) LoggedIn() bool { return a.Owner() != "" }

// Substitute returns v, a filter, the data of an update or a document, in any form
// that package query or document takes, with every string in it that is wholly
// "{openid}" or "{uid}" replaced by who calls; v itself when it has none. Names of
// fields, regular expressions and strings that only contain a placeholder stay. A
// placeholder used by nobody is ErrDenied.
func (a Auth) Substitute(v any) (any, error) {
	anonymous := false
	out, err := query.Substitute(v, func(text string) (string, bool) {
		id := ""
		switch text {
		case "{openid}":
			id = a.Owner()
		case "{uid}":
			if id = a.UID; id == "" {
				id = a.OpenID
			}
		default:
			return "", false
		}
		anonymous = anonymous || id == ""
		return id, true
	})
	if err == nil && anonymous {
		return nil, fmt.Errorf("a placeholder for the caller, who is not logged in: %w", fault.ErrDenied)
	}
	return out, err
}

// field returns a field of a by the name rules use; missing when it is empty.
func (a Auth) field(name string) document.Value {
	text := a.OpenID
	switch name {
	case "uid":
		text = a.UID
	case "loginType":
		text = a.LoginType
	}
	if text == "" {
		return document.Value{}
	}
	return document.Text(text)
}

// value returns a as an object; null for nobody.
func (a Auth) value() document.Value {
	if !a.LoggedIn() {
		return document.NullValue()
	}
	var b document.Builder
	b.BeginObject()
	for _, name := range []string{"openid", "uid", "loginType"} {
		b.Field(name, a.field(name))
	}
	b.End()
	return b.Built()
}
