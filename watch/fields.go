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
		case !before.Exists() && !after.Exists():
			if made := e.made(path); made != "" {
				updated[made] = e.After.Lookup(made).Any()
			}
		case !after.Exists():
			removed = append(removed, path)
		case string(before.Raw()) != string(after.Raw()):
			updated[path] = after.Any()
		}
	}
	return updated, removed
}

// made returns the path to what was made on the way to path, though nothing is
// there: two updates of one transaction may set a field and remove it again.
func (e Event) made(path string) string {
	for i, c := range path {
		if c == '.' && e.After.Lookup(path[:i]).Exists() && !e.Before.Lookup(path[:i]).Exists() {
			return path[:i]
		}
	}
	return ""
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
