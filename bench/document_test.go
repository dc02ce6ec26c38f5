package bench

import (
	"fmt"
	"hash/fnv"
	"reflect"
	"testing"
	"time"

	"github.com/virgadb/virga/document"
)

// TestGenerator holds the generator to the workload's description, and to the
// documents it has made before: other documents make other numbers.
func TestGenerator(t *testing.T) {
	const n = 20_000
	sum := fnv.New64a()
	bytes := 0
	ids, names := map[string]bool{}, map[string]bool{}
	statuses, qtys := map[string]int{}, map[int64]int{}
	for i := range uint64(n) {
		d := At(seed, i)
		if again := At(seed, i); !reflect.DeepEqual(d, again) {
			t.Fatalf("document %d is %v, then %v", i, d, again)
		}
		doc, err := document.Encode(d, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		ids[d.ID], names[d.Name] = true, true
		statuses[d.Status]++
		qtys[d.Qty]++
		bytes += len(doc.Raw())
		sum.Write(doc.Raw())
		if d.Price < 0 || d.Price >= MaxPrice || len(d.ID) != 24 || len(d.Tags) != 3 || doc.Value().Len() != 10 {
			t.Fatalf("document %d: %v", i, d)
		}
	}
	if mean := float64(bytes) / n; mean < 222 || mean > 238 {
		t.Errorf("a document has %.1f bytes, want about 230", mean)
	}
	if len(ids) != n || len(names) < Names*8/10 || len(names) > Names {
		t.Errorf("%d ids and %d names in %d documents", len(ids), len(names), n)
	}
	if len(statuses) != Statuses || len(qtys) != Qtys {
		t.Errorf("%d statuses and %d qtys, want %d and %d", len(statuses), len(qtys), Statuses, Qtys)
	}
	for q, count := range qtys {
		if count < n/Qtys/2 || count > n/Qtys*2 {
			t.Errorf("qty %d is in %d of %d documents, want 1 %%", q, count, n)
		}
	}
	const want = "a94a810ae4e6457a"
	if got := fmt.Sprintf("%x", sum.Sum64()); got != want {
		t.Errorf("the documents have checksum %s, want %s", got, want)
	}
	if reflect.DeepEqual(At(seed, 1), At(seed+1, 1)) {
		t.Error("two seeds make the same document")
	}
}

// TestForms shows that the two ways to hand a document in mean the same one.
func TestForms(t *testing.T) {
	d := At(seed, 7)
	ofStruct, err := document.Encode(d, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	ofMap, err := document.Encode(d.M(), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(ofStruct.Map(), ofMap.Map()) {
		t.Errorf("struct %s\nmap %s", ofStruct, ofMap)
	}
	var back Document
	if err := ofMap.Decode(&back); err != nil || !reflect.DeepEqual(back, d) {
		t.Errorf("%v decodes to %v, %v", d, back, err)
	}
}
