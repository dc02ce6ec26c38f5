package aggregate

import "testing"

func TestOverlap(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"a", "a", true},
		{"a", "b", false},
		{"a", "ab", false},
		{"a.b", "a", true},
		{"a.b", "a.c", false},
		{"a.0.x", "a.x", true}, // an element of a
		{"a.0", "a.x", true},
		{"a.0.x", "a.y", false},
		{"a.0.x", "a.1.x", true},
		{"0.x", "x", false}, // a document has names
		{"0.x", "0", true},
	} {
		if overlap(c.a, c.b) != c.want || overlap(c.b, c.a) != c.want {
			t.Errorf("%s and %s: want %v", c.a, c.b, c.want)
		}
	}
}
