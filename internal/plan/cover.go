package plan

import (
	"strings"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/query"
)

// A cover makes documents from entries of an index. They have the fields that the
// query looks at, no others.
type cover struct {
	index  *index.Index
	id     bool
	fields []int
	chosen bool // they are what the projection of the query leaves of documents
}

// A coverer is a cover at work. It belongs to one goroutine.
type coverer struct {
	*cover
	reader *index.Reader
	brief  bool // documents are valid until the next one only
	build  document.Builder
	slab   slab   // of the others
	onlyID []byte // a document that has nothing but an _id, up to that
}

// keptSlab is the largest piece of memory that documents made from entries share: all of
// it stays for as long as somebody keeps one of them.
const keptSlab = 4 << 10

func (c *cover) start(brief bool) *coverer {
	w := &coverer{cover: c, reader: c.index.Reader(c.id, c.fields), brief: brief, slab: slab{most: keptSlab}}
	if c.id && len(c.fields) == 0 {
		w.onlyID = document.AppendText(document.AppendHead(nil, document.Object, 1), []byte("_id"))
	}
	return w
}

// brief reports whether a document of c need not be valid when the next one is asked for:
// the reader is done with it then, or has had another one made of it by the projection.
func (p *planner) brief(c *cover) bool {
	return p.r.Brief || p.r.Projection != nil && c != nil && !c.chosen
}

// covering returns what makes documents for the query from entries of a, or nil
// when the documents themselves have to be fetched.
func (p *planner) covering(a *access) *cover {
	traits := a.index.Traits()
	if a.judges() {
		return p.coveringSure(a)
	}
	if traits.Multikey != 0 || traits.Cut || a.search != nil && (!a.exact || traits.Shapes) {
		return nil
	}
	need := paths{index: a.index}
	var chosen paths // what the projection leaves
	switch p.purpose {
	case toVisit:
		return nil
	case toCount:
		if a.exact {
			return nil // nobody looks at the documents
		}
	case toFind:
		looked, ok := p.looked()
		if !ok {
			return nil
		}
		for _, path := range looked {
			need.add(path)
		}
		chosen = need
		if a.order.mode == nearest { // distances come with what is found, fields do not
			need.missing = need.missing || len(need.fields) > 0
			break
		}
		for _, f := range p.by {
			need.add(f.Path.String())
		}
		if p.r.Sort != nil && len(p.by) < len(p.r.Sort.Fields) {
			need.add("_id") // which p.by leaves out, but a sort reads
		}
	}
	if !a.exact {
		for _, t := range p.conjuncts {
			need.term(t)
		}
	}
	if need.missing {
		return nil
	}
	c := &cover{index: a.index, id: need.id || p.r.Needs == nil || contains(p.r.Needs, "_id"), fields: need.fields}
	c.chosen = p.r.Projection != nil && chosen.id == c.id && len(chosen.fields) == len(c.fields)
	return c
}

// coveringSure returns what makes documents, which have no more than an _id, of those
// entries of a search that surely match. The others are fetched.
func (p *planner) coveringSure(a *access) *cover {
	looked, ok := p.looked()
	if !ok || p.purpose != toFind || len(p.by) > 0 || p.r.Sort != nil {
		return nil
	}
	for _, path := range looked {
		if path != "_id" {
			return nil
		}
	}
	return &cover{index: a.index, id: true, chosen: p.r.Projection != nil}
}

// looked returns the paths that the reader looks at, and whether documents that have
// nothing else will do.
func (p *planner) looked() ([]string, bool) {
	looked, ordered := p.r.Needs, p.r.Strict
	if p.r.Projection != nil {
		var ok bool
		if looked, ok = p.r.Projection.Includes(); !ok {
			return nil, false
		}
		ordered = true
	}
	if ordered && (len(looked) > 2 || len(looked) == 2 && !contains(looked, "_id")) {
		return nil, false // the order of several fields is known to the document alone
	}
	return looked, looked != nil
}

// paths gathers the fields of an index that paths name.
type paths struct {
	index   *index.Index
	id      bool // the _id is looked at
	fields  []int
	missing bool // a path is not in the index
}

func (n *paths) term(t query.Term) {
	if t.Kind() == query.TermElem || t.Len() == 0 {
		if t.Kind() != query.TermAlways && t.Kind() != query.TermNever {
			n.add(t.Path())
		}
		return
	}
	for i := range t.Len() {
		n.term(t.At(i))
	}
}

// add asks for a path. Two fields below one segment are not put together again.
func (n *paths) add(path string) {
	if path == "_id" {
		n.id = true
		return
	}
	for i, f := range n.index.Spec().Fields {
		if f.Path != path {
			continue
		}
		if i == n.index.GeoField() {
			n.missing = true // how the document writes the point is not known
		}
		for _, j := range n.fields {
			if j == i {
				return
			}
			if firstSegment(n.index.Spec().Fields[j].Path) == firstSegment(path) {
				n.missing = true
			}
		}
		if firstSegment(path) == "_id" {
			n.missing = true
		}
		n.fields = append(n.fields, i)
		return
	}
	n.missing = true
}

// document makes the document of an entry. It reports false when the entry does
// not tell enough.
func (c *coverer) document(e index.Parts) (document.Doc, bool) {
	if !c.reader.Read(e) {
		return document.Doc{}, false
	}
	return c.make()
}

// make is document for the entry last read.
func (c *coverer) make() (document.Doc, bool) {
	if c.onlyID != nil {
		raw := append(c.onlyID, c.reader.ID().Raw()...)
		c.onlyID = raw[:len(c.onlyID)] // with the room that was made
		return c.finish(raw), true
	}
	c.build.Reset()
	c.build.BeginObject()
	if c.id {
		c.build.Field("_id", c.reader.ID())
	}
	for _, i := range c.fields {
		path, v := c.index.Spec().Fields[i].Path, c.reader.Value(i)
		if strings.IndexByte(path, '.') < 0 {
			c.build.Field(path, v)
			continue
		}
		if !v.Exists() {
			return document.Doc{}, false // how far the path leads is not known
		}
		c.nested(path, v)
	}
	c.build.End()
	return c.finish(c.build.Bytes()), true
}

// finish returns the document in raw, of its own unless it may be brief.
func (c *coverer) finish(raw []byte) document.Doc {
	if !c.brief {
		raw = c.slab.clone(raw)
	}
	return document.FromRaw(raw)
}

// nested writes v at a dotted path.
func (c *coverer) nested(path string, v document.Value) {
	first, rest, more := strings.Cut(path, ".")
	c.build.Key(first)
	if !more {
		c.build.Value(v)
		return
	}
	c.build.BeginObject()
	c.nested(rest, v)
	c.build.End()
}
