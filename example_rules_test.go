package virga_test

import (
	"errors"
	"fmt"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/rules"
)

func ExampleDB_As() {
	db, err := virga.Open(virga.Memory)
	check(err)
	defer db.Close()
	err = db.Collection("posts").SetRules(ctx, `{"read": "auth.openid == doc._openid", "write": "doc.status == 'draft'"}`)
	check(err)

	posts := db.As(rules.Auth{OpenID: "alice"}).Collection("posts")
	_, err = posts.Add(ctx, virga.M{"_id": "p1", "status": "draft"})
	check(err)
	docs, err := posts.Where(virga.M{"_openid": "{openid}"}).Get(ctx)
	fmt.Println(docs, err)

	_, err = posts.Where(virga.M{"status": "draft"}).Get(ctx)
	if denial := (*rules.Denial)(nil); errors.Is(err, virga.ErrDenied) && errors.As(err, &denial) {
		fmt.Println(denial.Expr)
		fmt.Println(denial.Where())
	}
	// Output:
	// [{"_id":"p1","_openid":"alice","status":"draft"}] <nil>
	// auth.openid == doc._openid
	// [{_openid "alice"}] true
}

func ExampleRuleCoverage() {
	var coverage rules.Coverage // for a whole test run
	db, err := virga.Open(virga.Memory, virga.RuleCoverage(&coverage))
	check(err)
	defer db.Close()
	err = db.Collection("posts").SetRules(ctx, `{"create": "doc.status == 'draft' && auth.openid != null"}`)
	check(err)
	for _, status := range []string{"draft", "done"} {
		if _, err := db.As(rules.Auth{OpenID: "alice"}).Collection("posts").Add(ctx, virga.M{"status": status}); err != nil {
			fmt.Println(errors.Is(err, virga.ErrDenied))
		}
	}
	fmt.Print(coverage.Text())
	// Output:
	// true
	// posts create: doc.status == 'draft' && auth.openid != null
	//        1 true        1 false   doc.status == 'draft' && auth.openid != null
	//        1 true        1 false   doc.status == 'draft'
	//        1 true        0 false   auth.openid != null   ! never false
}
