package index_test

import (
	"bytes"
	"testing"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/index"
)

// A Reader gives what Values does, of the fields it is asked for, whatever it has read
// before, and what it does not call fresh is what it was.
func TestReader(t *testing.T) {
	kept, read := 0, 0
	cases(t, 500, func(m maker) {
		x := compile(t, m.spec(1))
		var wanted []int
		for i := range x.Spec().Fields {
			if m.IntN(3) > 0 {
				wanted = append(wanted, i)
			}
		}
		withID := m.IntN(2) == 0
		r := x.Reader(withID, wanted)
		before := make([]document.Value, len(x.Spec().Fields))
		var fresh uint32
		for range 20 {
			doc := encode(t, m.flat())
			list, traits, err := x.Entries(doc, encodedID(doc))
			if err != nil || len(list) == 0 || traits != (index.Traits{}) {
				continue
			}
			p, err := x.Split(list[0].Key, list[0].Value)
			if err != nil {
				t.Fatal(err)
			}
			want, all := x.Values(p, nil)
			if ok := r.Read(p); !ok {
				if all {
					t.Errorf("%v by %v: not read", doc, x.Spec().Keys())
				}
				continue
			}
			if !all {
				continue // of a field that was not asked for
			}
			if withID && !bytes.Equal(r.ID().Raw(), want[0].Raw()) {
				t.Errorf("%v by %v: _id %v", doc, x.Spec().Keys(), r.ID())
			}
			look := m.IntN(4) > 0 // or leave it to the next entry
			if look {
				fresh = r.Fresh()
			}
			for _, i := range wanted {
				v := r.Value(i)
				if !bytes.Equal(v.Raw(), want[i+1].Raw()) {
					t.Errorf("%v by %v: field %d is %v, want %v", doc, x.Spec().Keys(), i, v, want[i+1])
				}
				if !look {
					continue
				}
				if fresh>>i&1 == 0 {
					if kept++; !bytes.Equal(v.Raw(), before[i].Raw()) {
						t.Errorf("%v by %v: field %d was %v and is not fresh", doc, x.Spec().Keys(), i, before[i])
					}
				}
				before[i] = v.Clone()
			}
			read++
		}
	})
	if t.Logf("%d entries read, %d values kept", read, kept); kept == 0 || read == 0 {
		t.Error("nothing was read")
	}
}
