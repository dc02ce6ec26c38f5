package bench

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/document"
)

// BenchmarkScan1pct finds the documents of one qty, 1 % of all, without an index.
// The floor walks Badger and touches each value in place; "filter" also looks the
// field up in place and copies what matches.
func BenchmarkScan1pct(b *testing.B) {
	for _, m := range memories {
		b.Run(m.name, func(b *testing.B) { scanOnePercent(b, m) })
	}
}

func scanOnePercent(b *testing.B, m memory) {
	s := loaded(b, m, virga.Fast, false)
	s.checkScan(b)
	filter := func(i int) error {
		found, err := s.rawScan(qtyOf(i))
		if err == nil && len(found) != standard().qtys[qtyOf(i)] {
			err = fmt.Errorf("qty %d is in %d documents", qtyOf(i), len(found))
		}
		return err
	}
	contest(b, 1, each(s.scan), floor{"floor", each(s.rawWalk)}, floor{"filter", each(filter)})
}

// qtyOf returns the qty that scan i looks for.
func qtyOf(i int) int { return i * 37 % Qtys }

func (s setting) scan(i int) error {
	found, err := s.coll.Where(virga.M{"qty": qtyOf(i)}).Get(background)
	if err == nil && len(found) != standard().qtys[qtyOf(i)] {
		err = fmt.Errorf("qty %d is in %d documents", qtyOf(i), len(found))
	}
	return err
}

// rawWalk touches every value.
func (s setting) rawWalk(int) error {
	n, fields := 0, 0
	err := s.raw.walk(func(value []byte) {
		n++
		fields += int(value[0] & 0x0f)
	})
	if err == nil && (n != size() || fields != 10*n) {
		err = fmt.Errorf("%d documents with %d fields", n, fields)
	}
	return err
}

func (s setting) rawScan(qty int) (found []document.Doc, err error) {
	want := document.Int(int64(qty))
	err = s.raw.walk(func(value []byte) {
		if document.Equal(document.FromRaw(value).Value().Field("qty"), want) {
			found = append(found, document.FromRaw(bytes.Clone(value)))
		}
	})
	return found, err
}

// checkScan compares what a scan finds with the generator's documents.
func (s setting) checkScan(b *testing.B) {
	b.Helper()
	var want []string
	for i := range size() {
		if d := At(seed, uint64(i)); d.Qty == 7 {
			want = append(want, d.ID)
		}
	}
	slices.Sort(want)
	found, err := s.coll.Where(virga.M{"qty": 7}).Get(background)
	if err != nil || !slices.Equal(idsOf(found), want) {
		b.Fatalf("found %d documents of %d, %v", len(found), len(want), err)
	}
	if s.raw == nil {
		return
	}
	found, err = s.rawScan(7)
	if err != nil || !slices.Equal(idsOf(found), want) {
		b.Fatalf("the floor found %d documents of %d, %v", len(found), len(want), err)
	}
}

// BenchmarkSortTop20 finds the 20 newest documents without an index. The floor is
// that of [BenchmarkScan1pct]; "top" also keeps the 20 newest.
func BenchmarkSortTop20(b *testing.B) {
	for _, m := range memories {
		b.Run(m.name, func(b *testing.B) { sortTop(b, m) })
	}
}

func sortTop(b *testing.B, m memory) {
	s := loaded(b, m, virga.Fast, false)
	want := s.checkSort(b)
	top := func(int) error {
		found, err := s.rawTop()
		return sameIDs(found, want, err)
	}
	contest(b, 1, each(s.sortTop(want)), floor{"floor", each(s.rawWalk)}, floor{"top", each(top)})
}

const topDocs = 20

func (s setting) sortTop(want []string) func(int) error {
	return func(int) error {
		found, err := s.coll.Where(nil).OrderBy("createdAt", virga.Desc).Limit(topDocs).Get(background)
		return sameIDs(found, want, err)
	}
}

// rawTop keeps the newest documents in a short slice, newest first.
func (s setting) rawTop() (found []document.Doc, err error) {
	var times []int64
	err = s.raw.walk(func(value []byte) {
		t, _ := document.FromRaw(value).Value().Field("createdAt").Millis()
		at, _ := slices.BinarySearchFunc(times, t, func(have, t int64) int {
			if have >= t {
				return -1
			}
			return 1
		})
		if at == topDocs {
			return
		}
		times = slices.Insert(times, at, t)
		found = slices.Insert(found, at, document.FromRaw(bytes.Clone(value)))
		times, found = times[:min(len(times), topDocs)], found[:min(len(found), topDocs)]
	})
	return found, err
}

// checkSort returns the ids of the newest documents, after asking both sides.
func (s setting) checkSort(b *testing.B) []string {
	b.Helper()
	all := make([]Document, size())
	for i := range all {
		d := At(seed, uint64(i))
		all[i] = Document{ID: d.ID, CreatedAt: d.CreatedAt}
	}
	slices.SortFunc(all, func(x, y Document) int {
		if c := y.CreatedAt.Compare(x.CreatedAt); c != 0 {
			return c
		}
		return strings.Compare(x.ID, y.ID)
	})
	want := make([]string, topDocs)
	for i := range want {
		want[i] = all[i].ID
	}
	if err := s.sortTop(want)(0); err != nil {
		b.Fatal(err)
	}
	if s.raw != nil {
		found, err := s.rawTop()
		if err := sameIDs(found, want, err); err != nil {
			b.Fatalf("the floor: %v", err)
		}
	}
	return want
}

func sameIDs(found []document.Doc, want []string, err error) error {
	if err == nil && !slices.Equal(idsOf(found), want) {
		err = fmt.Errorf("found %v, want %v", idsOf(found), want)
	}
	return err
}

func idsOf(docs []document.Doc) []string {
	var ids []string
	for _, d := range docs {
		id, _ := d.Value().Field("_id").Text()
		ids = append(ids, id)
	}
	return ids
}
