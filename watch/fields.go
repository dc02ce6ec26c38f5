package watch

import (
	"strings"

	"github.com/virgadb/virga/document"
)

// fields returns what an update set and what it removed, by dotted path.
func (e Event) fields() (updated document.M, removed []string) {
	paths := e.Paths
	if paths == nil {
		paths = topLevel(e.Before, e.After)
	}
	updated = make(document.M, len(paths))
	seen := make(map[string]bool, len(paths))
	for _, path := range paths {
		path = definite(path)
		if seen[path] {
			continue
		}
		seen[path] = true
		before, after := e.Before.Lookup(path), e.After.Lookup(path)
		switch {
		case !after.Exists():
			if before.Exists() {
				removed = append(removed, path)
			}
		case string(before.Raw()) != string(after.Raw()):
			updated[path] = after.Any()
		}
	}
	return updated, removed
}

// definite cuts path before the first segment that stands for positions in an
// array: $ and $[].
func definite(path string) string {
	if i := strings.Index(path, ".$"); i >= 0 {
		return path[:i]
	}
	return path
}

// topLevel returns the names of the fields of both documents.
func topLevel(before, after document.Doc) []string {
	var names []string
	for f := after.Value().Fields(); f.Next(); {
		names = append(names, string(f.Key()))
	}
	for f := before.Value().Fields(); f.Next(); {
		if name := string(f.Key()); !after.Value().Field(name).Exists() {
			names = append(names, name)
		}
	}
	return names
}
