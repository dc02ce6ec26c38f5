package regex

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/dlclark/regexp2/v2"
	"go.uber.org/goleak"

	"github.com/virgadb/virga/internal/fault"
)

func TestPattern(t *testing.T) {
	defer goleak.VerifyNone(t)
	defer regexp2.StopTimeoutClock()
	for _, c := range []struct {
		source, options string
		linear          bool
		yes, no         []string
	}{
		{"", "", true, []string{"", "x"}, nil},
		{"^ab", "", true, []string{"abc"}, []string{"cab", "AB"}},
		{"^ab", "i", true, []string{"ABc"}, []string{"cab"}},
		{"^b$", "m", true, []string{"a\nb\nc"}, []string{"ab"}},
		{"^b$", "", true, []string{"b", "b\n"}, []string{"a\nb", "b\n\n", "b\nc"}},
		{"a.b", "", true, []string{"axb"}, []string{"a\nb"}},
		{"a.b", "s", true, []string{"a\nb"}, nil},
		{"a b # note", "x", false, []string{"ab"}, []string{"a b"}},
		{`^\d+$`, "", true, []string{"12"}, []string{"1a", "١"}},
		{`(a)\1`, "", false, []string{"aa"}, []string{"a"}},
		{`^(?!.*bad).*$`, "", false, []string{"good", "good\n"}, []string{"a bad one"}},
		{`(?<=€)\d+`, "", false, []string{"€5"}, []string{"5"}},
		{`(?<year>\d{4})-(?:0[1-9]|1[0-2])`, "", true, []string{"2024-05"}, []string{"2024-13"}},
		{"中.a", "", true, []string{"x中文ay"}, []string{"中a"}},
		{"x", "gu", true, []string{"axb"}, nil},
	} {
		p, err := Compile(c.source, c.options)
		if err != nil {
			t.Errorf("compile %q: %v", c.source, err)
			continue
		}
		if (p.linear != nil) != c.linear {
			t.Errorf("%q matches in linear time: %v", c.source, p.linear != nil)
		}
		for _, text := range c.yes {
			if ok, err := p.Match([]byte(text)); !ok || err != nil {
				t.Errorf("/%s/%s on %q: %v, %v", c.source, c.options, text, ok, err)
			}
		}
		for _, text := range c.no {
			if ok, err := p.Match([]byte(text)); ok || err != nil {
				t.Errorf("/%s/%s on %q: %v, %v", c.source, c.options, text, ok, err)
			}
		}
	}
}

func TestPatternPrefix(t *testing.T) {
	for _, c := range []struct{ source, options, want string }{
		{"^abc", "", "abc"}, {"^abc.*", "", "abc"}, {"^ab?", "", "a"}, {"^ab*c", "", "a"}, {`^a\.b`, "", "a.b"}, {"^中文", "", "中文"},
		{"^abc$", "", "abc"}, {"^ab{2}", "", "a"},
		{"abc", "", ""}, {"^abc", "i", ""}, {"^abc", "m", ""}, {"^a|b", "", ""}, {"^(a|b)c", "", ""}, {"^", "", ""}, {"^(?i)ab", "", ""},
		{"^ab", "x", ""}, {"(?=x)^ab", "", ""},
	} {
		p, err := Compile(c.source, c.options)
		if err != nil {
			t.Fatal(err)
		}
		if p.prefix != c.want {
			t.Errorf("/%s/%s has the prefix %q, want %q", c.source, c.options, p.prefix, c.want)
		}
	}
}

// A pattern that backtracks without end gives up, and says so.
func TestPatternGivesUp(t *testing.T) {
	defer goleak.VerifyNone(t)
	defer regexp2.StopTimeoutClock()
	p, err := Compile(`(?=(a+)+$)`, "")
	if err != nil {
		t.Fatal(err)
	}
	p.back.MatchTimeout = 20 * time.Millisecond
	if ok, err := p.Match([]byte(strings.Repeat("a", 40) + "!")); ok || !errors.Is(err, fault.ErrTimeout) {
		t.Errorf("match: %v, %v, want ErrTimeout", ok, err)
	}
}
