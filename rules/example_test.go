package rules_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/rules"
)

const notes = `{
	"read": "auth.openid == doc._openid",
	"write": "doc.status == 'draft'" // of what is stored; create: of what is going to be
}`

func Example() {
	r, err := rules.Parse(notes)
	if err != nil {
		fmt.Println(err)
		return
	}
	call := rules.Call{Auth: rules.Auth{OpenID: "alice"}, Op: rules.Read, Now: time.Now()}
	filter, err := query.CompileFilter(document.M{"status": "done"}, call.Now)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = r.Query(context.Background(), &call, filter)
	fmt.Println(err)

	denial := (*rules.Denial)(nil)
	if errors.Is(err, fault.ErrDenied) && errors.As(err, &denial) {
		fmt.Println(denial.Where())
	}
	// Output:
	// permission denied by rule read (1:1): auth.openid == doc._openid, where auth.openid is "alice", doc._openid is not in the filter; the filter lacks {"_openid":"alice"}
	// [{_openid "alice"}] true
}

func ExampleParse() {
	_, err := rules.Parse(`{"read": "doc.age > 18 &&"}`)
	fmt.Println(err)
	// Output:
	// read 1:16: expected a value after &&
	//     doc.age > 18 &&
	//                    ^
}

func ExampleRules_Lint() {
	r, _ := rules.Parse(`{"read": "auth.openid", "create": "doc._openid == 'admin'"}`)
	for _, w := range r.Lint() {
		fmt.Println(w)
	}
	// Output:
	// read 1:1: auth.openid is never true by itself, so nobody is allowed: compare it, as in auth.openid != null
	// create 1:1: no document can be created: of a new one this is never true
	// create 1:1: it does not look at auth: everybody may create, even who is not logged in
}

func ExampleSimulate() {
	r, _ := rules.Parse(`{"update": "doc.status == 'draft' && (auth.openid == doc._openid || auth.openid in doc.editors)"}`)
	doc, _ := document.Encode(document.M{"_id": "n1", "_openid": "bob", "editors": []string{"alice", "carl"}, "status": "draft"}, time.Now())
	call := rules.Call{Auth: rules.Auth{OpenID: "alice"}, Op: rules.Update, Now: time.Now()}
	fmt.Print(rules.Simulate(context.Background(), r, &call, rules.Question{ByID: true, Doc: doc}))
	// Output:
	// update: allowed
	// true: doc.status == 'draft' && (auth.openid == doc._openid || auth.openid in doc.editors)
	// ├ true: doc.status == 'draft'   [doc.status is "draft"]
	// └ true: auth.openid == doc._openid || auth.openid in doc.editors
	//   ├ false: auth.openid == doc._openid   [auth.openid is "alice", doc._openid is "bob"]
	//   └ true: auth.openid in doc.editors   [auth.openid is "alice", doc.editors is ["alice","carl"]]
}

func ExampleCoverage() {
	r, _ := rules.Parse(notes)
	var coverage rules.Coverage // one for a whole test run
	doc, _ := document.Encode(document.M{"_id": "n1", "_openid": "alice", "status": "draft"}, time.Now())
	for _, op := range []rules.Operation{rules.Read, rules.Update} {
		call := rules.Call{Auth: rules.Auth{OpenID: "alice"}, Op: op, Collection: "notes", Now: time.Now(), Coverage: &coverage}
		if _, err := r.Stored(context.Background(), &call, doc); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Print(coverage.Text())
	// Output:
	// notes read: auth.openid == doc._openid
	//        1 true        0 false   auth.openid == doc._openid   ! never false
	// notes write: doc.status == 'draft'
	//        1 true        0 false   doc.status == 'draft'   ! never false
}
