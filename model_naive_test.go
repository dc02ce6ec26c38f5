package virga

import (
	"fmt"
	"maps"
	"slices"
)

// A naive is the model: collections of documents in maps, every question answered
// by looking at all of them.
type naive struct {
	colls   map[string]map[string]D    // by name, then by idKey
	indexes map[string]map[string]bool // by collection, then by name; no answer depends on them
}

func newNaive() *naive {
	return &naive{colls: map[string]map[string]D{}, indexes: map[string]map[string]bool{}}
}

// idKey returns a text that is the same for equal ids only.
func idKey(id any) string {
	if kindOf(id) == 2 {
		return "number " + exact(id).Text('g', 400)
	}
	return fmt.Sprintf("%T %v", id, id)
}

// all returns the documents of a collection in the order of their _id.
func (n *naive) all(coll string) []D {
	return slices.SortedFunc(maps.Values(n.colls[coll]), func(a, b D) int { return order(get(a, "_id"), get(b, "_id")) })
}

// insert stores new documents, all or none.
func (n *naive) insert(coll string, docs []D) error {
	fresh := map[string]D{}
	for _, d := range docs {
		key := idKey(get(d, "_id"))
		if _, ok := n.colls[coll][key]; ok {
			return ErrDuplicate
		}
		if _, ok := fresh[key]; ok {
			return ErrDuplicate
		}
		fresh[key] = d
	}
	n.make(coll)
	maps.Copy(n.colls[coll], fresh)
	return nil
}

func (n *naive) make(coll string) {
	if n.colls[coll] == nil {
		n.colls[coll], n.indexes[coll] = map[string]D{}, map[string]bool{}
	}
}

// put stores the document of an id, new or not.
func (n *naive) put(coll string, d D) {
	n.make(coll)
	n.colls[coll][idKey(get(d, "_id"))] = d
}

// update changes documents, all or none, and says how many changed.
func (n *naive) update(coll string, docs []D, update D) (changed int, err error) {
	next := make([]D, len(docs))
	for i, d := range docs {
		if next[i], err = updated(d, update); err != nil {
			return 0, err
		}
	}
	for i, d := range next {
		if !identical(docs[i], d) {
			changed++
			n.put(coll, d)
		}
	}
	return changed, nil
}

// ordered returns a document as the store keeps it: _id first.
func ordered(d D) D {
	out := D{{Key: "_id", Value: get(d, "_id")}}
	for _, e := range d {
		if e.Key != "_id" {
			out = append(out, e)
		}
	}
	return out
}
