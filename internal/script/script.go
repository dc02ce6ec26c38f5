// Package script runs behaviour scripts: text files of commands with the output
// each must give. A script reads as documentation and is run as a test.
//
//	# A comment.
//
//	command word key=value key=(a value with spaces)
//	a line of input
//	----
//	a line of expected output
//
// A blank line ends the output. Output that has blank lines stands between
// double rules:
//
//	command
//	----
//	----
//	first
//
//	second
//	----
//	----
//
// `go test -rewrite` fills in or refreshes the outputs of every script that runs;
// the difference is then reviewed as code is.
package script

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The flag must be known before the test binary parses its arguments, so it
// cannot live anywhere but in a package variable.
var rewrite = flag.Bool("rewrite", false, "write the outputs of behaviour scripts instead of comparing them")

// A Handler carries out one command and returns its output. Errors that the
// script is about are part of the output.
type Handler func(c Command) string

// Run runs every script whose path matches glob, each as a subtest of its own
// with the handler that begin returns. It fails when none matches.
func Run(t *testing.T, glob string, begin func(t *testing.T) Handler) {
	t.Helper()
	paths, err := filepath.Glob(glob)
	if err != nil || len(paths) == 0 {
		t.Fatalf("no script matches %s (%v)", glob, err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			commands, err := parse(path, string(text))
			if err != nil {
				t.Fatal(err)
			}
			handle := begin(t)
			if *rewrite {
				refresh(t, path, string(text), commands, handle)
				return
			}
			for _, c := range commands {
				if got := trimmed(handle(c)); got != c.expect {
					t.Errorf("%s: %s\ngot:\n%s\nwant:\n%s", c.Position, c.line, got, c.expect)
				}
			}
		})
	}
}

// refresh writes the script again with the outputs that handle gives.
func refresh(t *testing.T, path, text string, commands []Command, handle Handler) {
	lines := strings.SplitAfter(text, "\n")
	var b strings.Builder
	done := 0
	for _, c := range commands {
		b.WriteString(strings.Join(lines[done:c.rule], ""))
		b.WriteString(rule + "\n")
		b.WriteString(fenced(trimmed(handle(c))))
		done = c.end
	}
	b.WriteString(strings.Join(lines[done:], ""))
	if b.String() == text {
		return
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: rewritten", path)
}

// trimmed takes the final line end off output.
func trimmed(output string) string { return strings.TrimSuffix(output, "\n") }

// fenced returns output as a script holds it.
func fenced(output string) string {
	lines := strings.Split(output, "\n")
	for _, line := range lines {
		if strings.TrimSpace(line) == "" && output != "" || line == rule {
			return rule + "\n" + output + "\n" + rule + "\n" + rule + "\n"
		}
	}
	if output == "" {
		return ""
	}
	return output + "\n"
}
