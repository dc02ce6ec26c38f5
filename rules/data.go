package rules

import (
	"strings"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/query"
)

// Data is what request.data stands for: what a call is about to write. The zero
// Data is undefined.
type Data struct {
	value  document.Value
	hidden []string // dotted paths whose values are not known
}

// DataOfDoc returns the data of a call that stores d.
func DataOfDoc(d document.Doc) Data { return Data{value: d.Value()} }

// DataOfUpdate returns the data of a call that makes the change u: the fields that
// it sets, nested as in the document. What a field becomes by a command that reads
// it, or that removes it, is not known before, and neither is what happens at a
// place in an array: a condition on such a field neither holds nor fails.
func DataOfUpdate(u *query.Update) Data {
	var d Data
	top := &tree{}
	u.EachChange(func(path string, v document.Value) {
		names := strings.Split(path, ".")
		for i, name := range names {
			if strings.HasPrefix(name, "$") || i > 0 && newPath(names[i : i+1]).index[0] >= 0 {
				d.hidden = append(d.hidden, strings.Join(names[:i], "."))
				return
			}
		}
		if !v.Exists() {
			d.hidden = append(d.hidden, path)
			return
		}
		top.put(names, v)
	})
	var b document.Builder
	top.build(&b)
	d.value = b.Built()
	return d
}

// hides reports whether what is at p depends on values that are not known.
func (d Data) hides(p *path) bool {
	for _, h := range d.hidden {
		if overlap(h, p.text) {
			return true
		}
	}
	return false
}

// overlap reports whether one of two dotted paths leads to the other or through it.
func overlap(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	return strings.HasPrefix(b, a) && (len(a) == 0 || len(a) == len(b) || b[len(a)] == '.')
}

// A tree is an object that is put together path by path.
type tree struct {
	names []string
	kids  []*tree
	value document.Value // of a leaf
}

// put enters v at the path names, which leads neither to nor through another value.
func (t *tree) put(names []string, v document.Value) {
	if len(names) == 0 {
		t.value = v
		return
	}
	for i, name := range t.names {
		if name == names[0] {
			t.kids[i].put(names[1:], v)
			return
		}
	}
	kid := &tree{}
	t.names, t.kids = append(t.names, names[0]), append(t.kids, kid)
	kid.put(names[1:], v)
}

func (t *tree) build(b *document.Builder) {
	if t.value.Exists() {
		b.Value(t.value)
		return
	}
	b.BeginObject()
	for i, name := range t.names {
		b.Key(name)
		t.kids[i].build(b)
	}
	b.End()
}
