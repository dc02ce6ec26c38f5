package script

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func begin(*testing.T) Handler {
	return func(c Command) string {
		switch c.Name {
		case "gap":
			return "above\n\nbelow\n"
		case "nothing":
			return ""
		}
		out := fmt.Sprintf("%v", c.Words)
		for _, key := range slices.Sorted(maps.Keys(c.Args)) {
			out += fmt.Sprintf(" {%s: %s}", key, c.Args[key])
		}
		if len(c.Args) == 0 {
			out += " {}"
		}
		return out + "\n" + c.Text()
	}
}

func TestRun(t *testing.T) { Run(t, "testdata/*.txt", begin) }

// TestRewrite takes the outputs out of a script and has them filled in again.
func TestRewrite(t *testing.T) {
	whole, err := os.ReadFile("testdata/echo.txt")
	if err != nil {
		t.Fatal(err)
	}
	commands, err := parse("echo.txt", string(whole))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(whole), "\n")
	var bare strings.Builder
	done := 0
	for _, c := range commands {
		bare.WriteString(strings.Join(lines[done:c.rule+1], ""))
		done = c.end
	}
	bare.WriteString(strings.Join(lines[done:], ""))

	path := filepath.Join(t.TempDir(), "bare.txt")
	commands, err = parse(path, bare.String())
	if err != nil {
		t.Fatal(err)
	}
	refresh(t, path, bare.String(), commands, begin(t))
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(whole) {
		t.Errorf("rewritten:\n%s\nwant:\n%s", got, whole)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"no rule", "cmd\ninput\n\n", "no line ---- ends the input"},
		{"open fence", "cmd\n----\n----\nout\n", "no double ---- ends the output"},
		{"open parenthesis", "cmd a=(b\n----\n", "unclosed parenthesis"},
		{"open quote", "cmd \"b\n----\n", "unclosed parenthesis or quote"},
		{"argument twice", "cmd a=1 a=2\n----\n", "a is given twice"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := parse("x.txt", c.text)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "x.txt:1: ") {
				t.Errorf("got %v, want x.txt:1: … %s", err, c.want)
			}
		})
	}
}
