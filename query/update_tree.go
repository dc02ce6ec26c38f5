package query

import (
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
)

// A branch is one segment of the paths of an update. All paths together make a
// tree, which is walked beside the document; its leaves hold the operators.
type branch struct {
	path     string // from the top of the document to here, for errors
	name     string
	key      []byte // name as a stored key
	index    int    // the array index that name spells, or -1
	step     step
	children []*branch
	byName   map[string]int // in place of a search, when there are many children
	array    bool           // has a child that only an array can have
	gives    bool           // an operator here or below makes a value where nothing is
	op       operator       // of a leaf

	oneChild [1]*branch // room for the usual branch
}

// A step is the way a segment leads down.
type step uint8

const (
	named   step = iota // to the field of that name, or the element of that index
	matched             // "$": to the element that satisfied the filter
	every               // "$[]": to each element
)

// manyChildren is the number from which a branch looks its children up in a map.
const manyChildren = 12

// maxIndex stands for every array index too large to count.
const maxIndex = math.MaxInt32

// insert puts op at path, below b, the root. Children stand in the order in which
// the update first gives them a value: that is the order of fields that are new.
func (b *branch) insert(path string, op operator) error {
	if strings.Count(path, ".") >= document.MaxDepth {
		return fault.At(path, tooDeep())
	}
	var room [8]string
	segments := room[:0]
	for name := range strings.SplitSeq(path, ".") {
		segments = append(segments, name)
	}
	if err := checkSegments(path, segments); err != nil {
		return err
	}
	at := 0
	for i, name := range segments {
		if b.op != nil {
			return conflict(path, b.path)
		}
		at += len(name)
		child := b.child(name)
		if child == nil {
			child = newBranch(path[:at+i], name)
			b.add(child)
		} else if i == len(segments)-1 {
			return conflict(path, child.path)
		} else if gives(op) && !child.gives {
			b.moveLast(child)
		}
		child.gives = child.gives || gives(op)
		b = child
	}
	b.op = op
	return nil
}

func conflict(path, at string) error {
	return invalidAt(path, "updating the path %q would create a conflict at %q", path, at)
}

func newBranch(path, name string) *branch {
	b := &branch{path: path, name: name, key: document.Text(name).Raw(), index: -1}
	switch name {
	case "$":
		b.step = matched
	case "$[]":
		b.step = every
	default:
		if i, ok := indexOf(name); ok {
			b.index = i
		}
	}
	return b
}

// child returns the child called name.
func (b *branch) child(name string) *branch {
	if i := find(b, name); i >= 0 {
		return b.children[i]
	}
	return nil
}

// find returns the place among b's children of the one called name, or -1.
func find[T string | []byte](b *branch, name T) int {
	if b.byName != nil {
		if i, ok := b.byName[string(name)]; ok {
			return i
		}
		return -1
	}
	for i, c := range b.children {
		if c.name == string(name) {
			return i
		}
	}
	return -1
}

func (b *branch) add(c *branch) {
	b.array = b.array || c.step != named
	if b.children == nil {
		b.children = b.oneChild[:0]
	}
	b.children = append(b.children, c)
	if b.byName != nil {
		b.byName[c.name] = len(b.children) - 1
		return
	}
	if len(b.children) > manyChildren {
		b.byName = make(map[string]int)
		for i, c := range b.children {
			b.byName[c.name] = i
		}
	}
}

// moveLast makes c, a child of b, the last one.
func (b *branch) moveLast(c *branch) {
	i := slices.Index(b.children, c)
	b.children = append(slices.Delete(b.children, i, i+1), c)
	if b.byName != nil {
		for i, c := range b.children {
			b.byName[c.name] = i
		}
	}
}

// merge joins two branches that lead to the same element, as "$[]" and "0" do.
func merge(a, b *branch) (*branch, error) {
	if a.op != nil || b.op != nil {
		return nil, conflict(b.path, a.path)
	}
	m := newBranch(a.path, a.name)
	for _, c := range a.children {
		m.add(c)
	}
	for _, c := range b.children {
		i := find(m, c.name)
		if i < 0 {
			m.add(c)
			continue
		}
		both, err := merge(m.children[i], c)
		if err != nil {
			return nil, err
		}
		m.children[i] = both
	}
	return m, nil
}

// checkSegments refuses paths that can lead nowhere.
func checkSegments(path string, segments []string) error {
	if !utf8.ValidString(path) || strings.IndexByte(path, 0) >= 0 {
		return invalidAt(path, "the path %q is not UTF-8 text without zero bytes", path)
	}
	positions := 0
	for i, name := range segments {
		switch {
		case name == "":
			return invalidAt(path, "the path %q has an empty segment", path)
		case name[0] != '$':
		case name == "$" || name == "$[]":
			if i == 0 {
				return invalidAt(path, "the path %q has no array before %s", path, name)
			}
			if name == "$" {
				positions++
			}
			if positions > 1 {
				return invalidAt(path, "the path %q has more than one $", path)
			}
		case strings.HasPrefix(name, "$[") && strings.HasSuffix(name, "]"):
			return fault.At(path, notDone("array filters such as "+name))
		default:
			return invalidAt(path, "the segment %q starts with a dollar sign", name)
		}
	}
	return nil
}

// indexOf returns the array index that a segment spells, without leading zeros.
func indexOf(name string) (int, bool) {
	if name == "" || len(name) > 1 && name[0] == '0' {
		return 0, false
	}
	n := 0
	for i := 0; i < len(name); i++ {
		if name[i] < '0' || name[i] > '9' {
			return 0, false
		}
		n = min(10*n+int(name[i]-'0'), maxIndex)
	}
	return n, true
}
