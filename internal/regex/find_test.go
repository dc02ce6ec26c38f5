package regex

import (
	"fmt"
	"testing"

	"go.uber.org/goleak"

	"github.com/dlclark/regexp2/v2"
)

// Both engines find the same places, counted in bytes.
func TestFindAll(t *testing.T) {
	defer goleak.VerifyNone(t)
	defer regexp2.StopTimeoutClock()
	for _, c := range []struct{ source, text, want string }{
		{"ö", "größe ö", "[[2 4] [8 10]]"},
		{"(x)?(b)", "äb", "[[2 3 -1 -1 2 3]]"},
		{"b$", "ab\n", "[[1 2]]"},
		{"^", "", "[[0 0]]"},
		{"", "ab", "[[0 0] [1 1]]"},
		{"z", "ab", "[]"},
		{"a", "", "[]"},
	} {
		for _, form := range []string{"%s", "(?=)%s", "%s(?!q)"} {
			p, err := Compile(fmt.Sprintf(form, c.source), "")
			if err != nil {
				t.Fatal(err)
			}
			if p.Linear() != (form == "%s") {
				t.Errorf("%s is linear: %v", p.source, p.Linear())
			}
			all, err := p.FindAll([]byte(c.text), 100)
			if got := fmt.Sprint(all); got != c.want || err != nil {
				t.Errorf("%s in %q is at %s, %v, want %s", p.source, c.text, got, err, c.want)
			}
			first, err := p.Find([]byte(c.text))
			if (first == nil) != (len(all) == 0) || err != nil || first != nil && fmt.Sprint(first) != fmt.Sprint(all[0]) {
				t.Errorf("%s in %q is first at %v, %v", p.source, c.text, first, err)
			}
		}
	}
}
