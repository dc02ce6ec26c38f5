package virga_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/virgadb/virga"

// TestLayers holds every import of the tree against testdata/layers.txt.
func TestLayers(t *testing.T) {
	text, err := os.ReadFile("testdata/layers.txt")
	if err != nil {
		t.Fatal(err)
	}
	law, err := parseLayers(string(text))
	if err != nil {
		t.Fatal(err)
	}
	files := 0
	err = filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return enter(path, d.Name())
		case filepath.Ext(path) != ".go":
			return nil
		}
		files++
		imports, err := importsOf(path)
		for _, imported := range imports {
			if fault := law.judge(path, imported); fault != "" {
				t.Errorf("%s imports %s: %s", path, imported, fault)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d files", files)
}

// TestLayersJudge shows the law arrows of each kind.
func TestLayersJudge(t *testing.T) {
	law, err := parseLayers(`
all   -> ground
tests -> helper | rapid.dev/rapid
ground ->
helper ->
low   -> | db.dev/engine
high  -> low
high tests -> side
guest/... -> high
side  ->
`)
	if err != nil {
		t.Fatal(err)
	}
	own := func(p string) string { return module + "/" + p }
	for _, c := range []struct {
		file, imported string
		allowed        bool
	}{
		{"high/a.go", "fmt", true},
		{"high/a.go", own("low"), true},
		{"high/a.go", own("ground"), true},
		{"low/a.go", own("high"), false},
		{"low/a.go", "db.dev/engine/options", true},
		{"low/a.go", "db.dev/engineer", false},
		{"high/a.go", "db.dev/engine", false},
		{"high/a.go", own("side"), false},
		{"high/a_test.go", own("side"), true},
		{"low/a_test.go", own("side"), false},
		{"high/a.go", own("helper"), false},
		{"high/a_test.go", own("helper"), true},
		{"high/a_test.go", own("high"), true},
		{"low/a_test.go", "rapid.dev/rapid", true},
		{"low/a.go", "rapid.dev/rapid", false},
		{"guest/deep/main.go", own("high"), true},
		{"guest/deep/main.go", own("low"), false},
		{"stranger/a.go", "fmt", false},
		{"high/under/a.go", "fmt", false},
	} {
		if fault := law.judge(c.file, c.imported); (fault == "") != c.allowed {
			t.Errorf("%s imports %s: judged %q, allowed %v", c.file, c.imported, fault, c.allowed)
		}
	}
	for _, text := range []string{"a ->\na ->", "a", "a -> | m.dev/x\nb -> | m.dev/x"} {
		if _, err := parseLayers(text); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}

// enter skips folders that hold no packages of this module.
func enter(path, name string) error {
	if path == "." {
		return nil
	}
	if name == "testdata" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") {
		return filepath.SkipDir
	}
	if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil {
		return filepath.SkipDir // a module of its own
	}
	return nil
}

func importsOf(path string) ([]string, error) {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	// A file without imports is still judged: its package must be listed.
	imports := []string{"unsafe"}
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		imports = append(imports, imported)
	}
	return imports, nil
}

// layers is what testdata/layers.txt says: by the name in front of the arrow,
// what may be imported.
type layers map[string]layer

type layer struct{ packages, modules []string }

func parseLayers(text string) (layers, error) {
	law := layers{}
	gate := map[string]string{} // by module, the package it enters through
	for i, line := range strings.Split(text, "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		left, right, ok := strings.Cut(line, "->")
		name := strings.Join(strings.Fields(left), " ")
		if _, twice := law[name]; !ok || twice {
			return nil, fmt.Errorf("line %d: no arrow, or listed twice: %s", i+1, line)
		}
		packages, modules, _ := strings.Cut(right, "|")
		l := layer{packages: strings.Fields(packages), modules: strings.Fields(modules)}
		law[name] = l
		if strings.HasSuffix(name, "tests") {
			continue
		}
		for _, m := range l.modules {
			if gate[m] != "" {
				return nil, fmt.Errorf("line %d: %s enters through %s already", i+1, m, gate[m])
			}
			gate[m] = name
		}
	}
	return law, nil
}

// judge says what is wrong with the file at path importing imported, or nothing.
func (law layers) judge(path, imported string) string {
	pkg := filepath.ToSlash(filepath.Dir(path))
	name, ok := law.lineOf(pkg)
	if !ok {
		return "package " + pkg + " is not listed in testdata/layers.txt"
	}
	test := strings.HasSuffix(path, "_test.go")
	lines := []string{"all", name}
	if test {
		lines = append(lines, "tests", name+" tests")
	}
	if own, inside := strings.CutPrefix(imported+"/", module+"/"); inside {
		own = filepath.ToSlash(filepath.Clean(own))
		external := test && own == pkg // a test that looks at its package from outside
		if external || law.allow(lines, func(l layer) bool { return slices.Contains(l.packages, own) }) {
			return ""
		}
		return "no such arrow in testdata/layers.txt"
	}
	standard := !strings.Contains(strings.Split(imported, "/")[0], ".")
	if standard || law.allow(lines, func(l layer) bool { return l.admits(imported) }) {
		return ""
	}
	return "this module may not enter here"
}

// allow reports whether any of the named lines meets the condition.
func (law layers) allow(names []string, met func(layer) bool) bool {
	return slices.ContainsFunc(names, func(name string) bool { return met(law[name]) })
}

// admits reports whether imported is a package of one of l's modules.
func (l layer) admits(imported string) bool {
	return slices.ContainsFunc(l.modules, func(m string) bool {
		return imported == m || strings.HasPrefix(imported, m+"/")
	})
}

// lineOf returns the name of the line that speaks of pkg.
func (law layers) lineOf(pkg string) (string, bool) {
	if _, ok := law[pkg]; ok {
		return pkg, true
	}
	for dir := pkg; dir != "."; {
		dir = filepath.ToSlash(filepath.Dir(dir))
		if _, ok := law[dir+"/..."]; ok {
			return dir + "/...", true
		}
	}
	return "", false
}
