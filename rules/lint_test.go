package rules

import (
	"strings"
	"testing"
)

func TestLint(t *testing.T) {
	for text, want := range map[string]string{
		`PRIVATE`: "",
		`{"read": "doc._openid == auth.openid", "write": "doc._openid == auth.openid"}`: "",
		`{"read": true, "write": false}`:                                                "",
		`{"read": "auth.openid"}`:                                                       "read 1:1: auth.openid is never true by itself, so nobody is allowed: compare it, as in auth.openid != null",
		`{"read": "auth"}`:                                                              "read 1:1: auth is never true by itself, so nobody is allowed: compare it, as in auth != null",
		`{"read": "'yes'"}`:                                                             "read 1:1: 'yes' is never true, so nobody is allowed: a rule grants only when its value is true",
		`{"read": "now"}`:                                                               "read 1:1: now is never true, so nobody is allowed: a rule grants only when its value is true",
		`{"read": "1 == 1"}`:                                                            "read 1:1: 1 == 1 is always true",
		`{"read": "doc.a == doc.a"}`:                                                    "read 1:1: doc.a is compared with itself",
		`{"read": "!(2 > 3)"}`:                                                          "read 1:3: 2 > 3 is always false",
		`{"read": "true || doc.a == 1"}`:                                                "read 1:1: true is always true: what stands behind it is never asked",
		`{"read": "doc.a == 1 && false"}`:                                               "read 1:15: false is always false\nread 1:1: the whole is always false",
		`{"read": "doc.a == 1 && 1 in [1]"}`:                                            "read 1:15: 1 in [1] is always true",
		`{"read": "request.data.a == 1"}`:                                               "read 1:1: request.data.a is always undefined: to read writes no data",
		`{"write": "auth.openid == doc.a", "create": false, "update": false, "delete": false}`:    "write 1:1: write decides nothing: create, update and delete have rules of their own",
		`{"create": "doc._openid == 'admin' && auth.openid != null"}`:                             "create 1:1: no document can be created: of a new one this is never true",
		`{"create": "doc._openid != auth.openid && doc._openid != auth.uid"}`:                     "create 1:1: no document can be created: of a new one this is never true",
		`{"create": "doc._openid == auth.uid"}`:                                                   "",
		`{"write": "doc.status == 'draft'"}`:                                                      "write 1:1: it does not look at auth: everybody may write, even who is not logged in",
		`{"read": true, "create": "auth.openid != null", "update": "auth.openid == doc._openid"}`: "update 1:1: everybody sees documents that the program itself added, and nobody may update them: they have no _openid",
	} {
		r, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		var got []string
		for _, w := range r.Lint() {
			got = append(got, w.String())
		}
		if strings.Join(got, "\n") != want {
			t.Errorf("%s warns\n%s\nwant\n%s", text, strings.Join(got, "\n"), want)
		}
	}
}
