package document

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/virgadb/virga/internal/fault"
)

// A Path is a compiled dotted path, such as "address.city" or "lines.0.price". It
// is immutable and safe for concurrent use.
type Path struct {
	text  string
	names []string
	index []int // the number a segment spells, -1 when it spells none
}

// ParsePath compiles s. It refuses an empty path, empty segments, zero bytes and
// what is not UTF-8 with ErrInvalid, and more than MaxDepth segments, which lead
// nowhere in any document, with ErrTooLarge.
func ParsePath(s string) (Path, error) {
	if strings.IndexByte(s, 0) >= 0 {
		return Path{}, fmt.Errorf("path %q holds a zero byte: %w", s, fault.ErrInvalid)
	}
	if !utf8.ValidString(s) {
		return Path{}, fmt.Errorf("path %q is not UTF-8: %w", s, fault.ErrInvalid)
	}
	if n := strings.Count(s, ".") + 1; n > MaxDepth {
		return Path{}, fmt.Errorf("path of %d segments, the limit is %d: %w", n, MaxDepth, fault.ErrTooLarge)
	}
	p := Path{text: s, names: strings.Split(s, ".")}
	p.index = make([]int, len(p.names))
	for i, name := range p.names {
		if name == "" {
			return Path{}, fmt.Errorf("path %q has an empty segment: %w", s, fault.ErrInvalid)
		}
		p.index[i] = spelledIndex(name)
	}
	return p, nil
}

// spelledIndex returns the array index that s spells in decimal without leading
// zeros, or -1.
func spelledIndex(s string) int {
	if s == "" || len(s) > 9 || len(s) > 1 && s[0] == '0' {
		return -1
	}
	n := 0
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return -1
		}
		n = 10*n + int(s[i]-'0')
	}
	return n
}

// String returns the path as it was written.
func (p Path) String() string { return p.text }

// Segments returns the names between the dots. They must not be modified.
func (p Path) Segments() []string { return p.names }

// Index returns the array index that segment i spells, if it spells one.
func (p Path) Index(i int) (int, bool) {
	n := p.index[i]
	return n, n >= 0
}

// Lookup returns the value at the path in v: fields of objects by name, elements
// of arrays only by a segment that spells their index. It does not allocate.
func (p Path) Lookup(v Value) Value {
	for i, name := range p.names {
		switch v.Kind() {
		case Object:
			v = v.Field(name)
		case Array:
			v = v.Element(p.index[i])
		default:
			return Value{}
		}
	}
	return v
}

// lookup is Path.Lookup for a path that is used once.
func lookup(v Value, path string) Value {
	for more := true; more; {
		var name string
		name, path, more = strings.Cut(path, ".")
		switch v.Kind() {
		case Object:
			v = v.Field(name)
		case Array:
			v = v.Element(spelledIndex(name))
		default:
			return Value{}
		}
	}
	return v
}
