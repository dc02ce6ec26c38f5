package conformance

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"

	"github.com/virgadb/virga/document"
)

// A vector is one line of a vector file.
type vector struct {
	document.Value
	id, kind string
}

// A file is one vector file.
type file struct {
	path    string // as it is printed
	vectors []vector
}

const (
	home = "../.."                // the folder the module lives in
	own  = "testdata/conformance" // under home
)

// folders returns the folders to read, as they were given.
func folders() []string {
	return append([]string{own}, filepath.SplitList(os.Getenv("VIRGA_VECTORS"))...)
}

// readFolder reads every vector file of a folder. A relative folder is looked for
// from where the test runs, then from the module's own.
func readFolder(folder string) ([]file, error) {
	at := folder
	if _, err := os.Stat(at); err != nil && !filepath.IsAbs(at) {
		at = filepath.Join(home, folder)
	}
	paths, err := filepath.Glob(filepath.Join(at, "*.jsonl"))
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("no vector files in %s", folder)
	}
	files := make([]file, len(paths))
	for i, path := range paths {
		files[i].path = filepath.Join(folder, filepath.Base(path))
		if files[i].vectors, err = readVectors(path); err != nil {
			return nil, err
		}
	}
	return files, nil
}

func readVectors(path string) ([]vector, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var vectors []vector
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 32<<20)
	for n := 1; lines.Scan(); n++ {
		if len(lines.Bytes()) == 0 {
			continue
		}
		v, err := document.ParseJSON(lines.Bytes())
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, n, err)
		}
		vectors = append(vectors, vector{Value: v, id: text(v, "id"), kind: text(v, "kind")})
	}
	return vectors, lines.Err()
}

// text, whole and truth return a field of v, zero when it is missing.
func text(v document.Value, name string) string {
	s, _ := v.Field(name).Text()
	return s
}

func whole(v document.Value, name string) int {
	n, _ := v.Field(name).Int64()
	return int(n)
}

func truth(v document.Value, name string) bool {
	b, _ := v.Field(name).Bool()
	return b
}

// elements returns the elements of an array.
func elements(v document.Value) []document.Value {
	list := []document.Value{}
	for e := v.Elements(); e.Next(); {
		list = append(list, e.Value())
	}
	return list
}
