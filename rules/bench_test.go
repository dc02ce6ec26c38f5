package rules

import (
	"testing"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/query"
)

const benchRule = "doc._openid == auth.openid && doc.status in ['open', 'new'] && (doc.price > 10 || doc.free == true)"

func BenchmarkCompile(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := compileExpression(benchRule); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkQuery(b *testing.B) {
	r := mustRules(b, benchRule)
	for name, where := range map[string]document.M{
		"allowed": {"_openid": "alice", "status": "open", "price": query.Gt(20), "tags": "x"},
		"denied":  {"_openid": "alice", "status": "open", "tags": "x"},
		"unowned": {"status": "open"},
	} {
		b.Run(name, func(b *testing.B) {
			f := mustFilter(b, where)
			b.ReportAllocs()
			for b.Loop() {
				call := Call{Auth: alice, Op: Read, Now: noon}
				if _, err := r.Query(b.Context(), &call, f); (err == nil) != (name == "allowed") {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkStored(b *testing.B) {
	r := mustRules(b, benchRule)
	for name, text := range map[string]string{
		"allowed": `{"_id": 1, "_openid": "alice", "status": "open", "price": 20, "tags": ["x"]}`,
		"denied":  `{"_id": 1, "_openid": "bob", "status": "open", "price": 20, "tags": ["x"]}`,
	} {
		b.Run(name, func(b *testing.B) {
			doc := mustDoc(b, text)
			b.ReportAllocs()
			for b.Loop() {
				call := Call{Auth: alice, Op: Read, Now: noon}
				if ok, _ := r.Stored(b.Context(), &call, doc); ok != (name == "allowed") {
					b.Fatal(ok)
				}
			}
		})
	}
}
