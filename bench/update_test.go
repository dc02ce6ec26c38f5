package bench

import (
	"errors"
	"fmt"
	"testing"

	"github.com/virgadb/virga"
)

// BenchmarkUpdateOne sets qty by a random id. The floor is a commit of the key
// with a value of that length; "rmw" reads the old value first.
func BenchmarkUpdateOne(b *testing.B) {
	eachMemory(b, func(b *testing.B, m memory, d durability) {
		s := loaded(b, m, d.option, d.sync)
		s.checkGets(b)
		s.checkUpdate(b)
		get, set := s.rawGet(forms[0]), s.rawUpdate()
		rmw := func(i int) error { return errors.Join(get(i), set(i)) }
		contest(b, 10, each(s.update), floor{"floor", each(set)}, floor{"rmw", each(rmw)})
		s.checkCount(b, size())
	})
}

// eachMemory runs a benchmark with and without mirrors, without syncing and with.
func eachMemory(b *testing.B, run func(*testing.B, memory, durability)) {
	for _, m := range memories {
		for _, d := range []durability{durabilities[0], durabilities[2]} {
			b.Run(m.name+"/"+d.name, func(b *testing.B) { run(b, m, d) })
		}
	}
}

// update gives document some(i) another qty than it had.
func (s setting) update(i int) error {
	res, err := s.coll.Doc(standard().ids[some(i)]).Update(background, virga.M{"qty": Qtys + i})
	if err == nil && res.Matched != 1 {
		err = fmt.Errorf("update %d: %+v", i, res)
	}
	return err
}

func (s setting) rawUpdate() func(i int) error {
	w := standard()
	pairs := pairsFrom(nil, 0, batchDocs)
	return func(i int) error { return s.raw.commit(pair{w.keys[some(i)], pairs[i%batchDocs].value}) }
}

func (s setting) checkUpdate(b *testing.B) {
	b.Helper()
	n := size() - 1
	for i := range 2 {
		qty := int64(5000 + i)
		if _, err := s.coll.Doc(standard().ids[n]).Update(background, virga.M{"qty": qty}); err != nil {
			b.Fatal(err)
		}
		want := At(seed, uint64(n))
		want.Qty = qty
		doc, err := s.coll.Doc(want.ID).Get(background)
		if err != nil || string(doc.Raw()) != string(encoded(want.M())) {
			b.Fatalf("after setting qty to %d the document is %s, %v", qty, doc, err)
		}
	}
}

// BenchmarkMixed runs 8 goroutines of which each operation but every twentieth is
// a get, and that an update. The floor does the same with Get and commit of Badger.
func BenchmarkMixed(b *testing.B) {
	const goroutines, every = 8, 20
	eachMemory(b, func(b *testing.B, m memory, d durability) {
		s := loaded(b, m, d.option, d.sync)
		s.checkGets(b)
		get, rawGet, rawUpdate := s.get(forms[0]), s.rawGet(forms[0]), s.rawUpdate()
		mix := func(get, update func(int) error) runner {
			return eachOf(goroutines, func(i int) error {
				if i/goroutines%every == 0 {
					return update(i)
				}
				return get(i)
			})
		}
		contest(b, goroutines*every*2, mix(get, s.update), floor{"floor", mix(rawGet, rawUpdate)})
		s.checkCount(b, size())
	})
}
