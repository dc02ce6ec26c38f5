package virga

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// shrink returns a list as short as it can make it that still fails, within a
// limit of time.
func shrink(ops []op, fails func([]op) bool, limit time.Duration) []op {
	end := time.Now().Add(limit)
	for part := (len(ops) + 1) / 2; part > 0; {
		again := false
		for at := 0; at < len(ops) && time.Now().Before(end); {
			rest := slices.Concat(ops[:at], ops[min(at+part, len(ops)):])
			if fails(rest) {
				ops, again = rest, true
			} else {
				at += part
			}
		}
		if part > 1 {
			part = (part + 1) / 2
		} else if !again {
			break
		}
	}
	for i := range ops {
		ops = shrinkOp(ops, i, fails, end)
	}
	return ops
}

// shrinkOp leaves out what it can of one op: its documents, conditions, padding.
func shrinkOp(ops []op, i int, fails func([]op) bool, end time.Time) []op {
	for again := true; again; {
		again = false
		for _, smaller := range smallerOps(ops[i]) {
			if time.Now().After(end) {
				return ops
			}
			next := slices.Clone(ops)
			next[i] = smaller
			if fails(next) {
				ops, again = next, true
				break
			}
		}
	}
	return ops
}

// smallerOps lists ops with one thing less than o.
func smallerOps(o op) (list []op) {
	add := func(change func(*op)) {
		next := o
		change(&next)
		list = append(list, next)
	}
	for i := range o.Where {
		add(func(n *op) { n.Where = without(o.Where, i) })
	}
	for i := range o.Order {
		add(func(n *op) { n.Order = without(o.Order, i) })
	}
	for i := range o.Fields {
		add(func(n *op) { n.Fields = without(o.Fields, i) })
	}
	switch data := o.Data.(type) {
	case D:
		if strings.HasPrefix(o.Do, "update") && len(data) < 2 {
			break // an update of nothing is another thing
		}
		for i := range data {
			add(func(n *op) { n.Data = without(data, i) })
		}
	case []any:
		for i := range data {
			if len(data) > 1 {
				add(func(n *op) { n.Data = slices.Concat(data[:i], data[i+1:]) })
			}
			for j := range data[i].(D) {
				add(func(n *op) {
					docs := slices.Clone(data)
					docs[i] = without(data[i].(D), j)
					n.Data = docs
				})
			}
		}
	}
	for _, change := range []func(*op){
		func(n *op) { n.Skip = 0 }, func(n *op) { n.Limit = 0 }, func(n *op) { n.Pad = 0 }, func(n *op) { n.Built = false },
	} {
		next := o
		if change(&next); next.String() != o.String() {
			list = append(list, next)
		}
	}
	return list
}

func without(d D, i int) D {
	return slices.Concat(d[:i], d[i+1:])
}

// A fault that takes two certain ops and one certain field is shrunk to just them.
func TestShrink(t *testing.T) {
	seed := newSeed(t)
	ops := generate(random(seed, 0), 60)
	ops[7] = op{Do: "set", In: "q", ID: int64(1), Data: D{{"a", int64(1)}, {"b", int64(2)}}}
	ops[31] = op{Do: "drop", In: "zz"}
	fails := func(list []op) bool {
		at := slices.IndexFunc(list, func(o op) bool {
			d, _ := o.Data.(D)
			return o.Do == "set" && o.In == "q" && get(d, "b") == int64(2)
		})
		return at >= 0 && slices.ContainsFunc(list[at:], func(o op) bool { return o.Do == "drop" && o.In == "zz" })
	}
	got := printOps(shrink(ops, fails, time.Minute))
	// The generator may have made such a set of its own, with another id.
	want := regexp.MustCompile(`^\{"do":"set","in":"q","id":[^,]*,"data":\{"b":2\}\}\n\{"do":"drop","in":"zz"\}\n$`)
	if !want.MatchString(got) {
		t.Errorf("seed %d: shrunk to\n%swant\n%s", seed, got, want)
	}
}
