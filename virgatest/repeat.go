package virgatest

import (
	"cmp"
	"fmt"
	"slices"
)

// manyTimes is how often a place may ask the same of different documents.
const manyTimes = 10

// A Repetition is one line of a program that asks the same again and again, of other
// documents each time: what is known as N+1 queries.
type Repetition struct {
	Caller     string // file and line
	Op         string
	Collection string
	Shape      string // of the query; empty for reads of one document
	Times      int
}

// String returns the repetition as a sentence.
func (r Repetition) String() string {
	what := r.Op + " " + r.Collection
	if r.Shape != "" {
		what += " where " + r.Shape
	}
	return fmt.Sprintf("%s asks %d times, with other operands each time: %s; query.In or a lookup asks once", r.Caller, r.Times, what)
}

// repetitions returns the lines of the log that ask too often.
func (r *recorder) repetitions() []Repetition {
	r.mu.Lock()
	few := len(r.entries) < manyTimes
	r.mu.Unlock()
	if few {
		return nil
	}
	list, _ := r.calls()
	return repetitions(list)
}

// repetitions finds the lines that ask too often.
func repetitions(calls []Call) []Repetition {
	asked := map[Repetition]map[string]struct{}{}
	for _, c := range calls {
		switch c.Op {
		case "get", "find", "count", "exists":
		default:
			continue
		}
		key := Repetition{Caller: c.Caller, Op: c.Op, Collection: c.Collection, Shape: c.Shape}
		if asked[key] == nil {
			asked[key] = map[string]struct{}{}
		}
		asked[key][c.ID+"\x00"+c.Query] = struct{}{}
	}
	var list []Repetition
	for r, operands := range asked {
		if r.Times = len(operands); r.Times >= manyTimes && r.Caller != "" {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, compareRepetitions)
	return list
}

// compareRepetitions puts those that ask most often first.
func compareRepetitions(a, b Repetition) int {
	return cmp.Or(cmp.Compare(b.Times, a.Times), cmp.Compare(a.Caller, b.Caller), cmp.Compare(a.Op, b.Op), cmp.Compare(a.Shape, b.Shape))
}
