package aggregate

import (
	"strings"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/expr"
	"github.com/virgadb/virga/internal/keys"
)

// A groupKey is what documents are grouped by: the value of an expression, or, when
// that makes an object, the values of its fields, of which the object itself is made
// but once a group.
type groupKey struct {
	whole *expr.Expr
	names []string // of the fields; nil when there is one part, the value itself
	parts []*expr.Expr
}

func newGroupKey(x *expr.Expr) groupKey {
	if names, parts, ok := x.Object(); ok {
		return groupKey{x, names, parts}
	}
	return groupKey{whole: x, parts: []*expr.Expr{x}}
}

// appendOrder appends bytes in whose order groups come: by the parts, one after the
// other, of which a missing one is null.
func (k *groupKey) appendOrder(dst []byte, values []document.Value) []byte {
	for _, v := range values {
		dst = keys.Append(dst, v, false)
	}
	return dst
}

// appendMarks appends, behind the order, what tells null from missing fields of an
// object: a bit each. The single value of a key is null when it is missing.
func (k *groupKey) appendMarks(dst []byte, values []document.Value) []byte {
	if k.names == nil {
		return dst
	}
	for from := 0; from < len(values); from += 8 {
		var marks byte
		for i, v := range values[from:min(from+8, len(values))] {
			if v.Exists() {
				marks |= 0x80 >> i
			}
		}
		dst = append(dst, marks)
	}
	return dst
}

// appendRaw appends the bytes of the parts. Equal bytes are equal groups.
func (k *groupKey) appendRaw(dst []byte, values []document.Value) []byte {
	for _, v := range values {
		if v.Exists() {
			dst = append(dst, v.Raw()...)
		} else {
			dst = append(dst, 0xc1) // begins no value
		}
	}
	return dst
}

// id returns the _id of the group, in memory of its own.
func (k *groupKey) id(b *document.Builder, values []document.Value) document.Value {
	if k.names == nil {
		if !values[0].Exists() {
			return document.NullValue()
		}
		return values[0].Clone()
	}
	b.Reset()
	b.BeginObject()
	for i, v := range values {
		b.Field(k.names[i], v)
	}
	b.End()
	return b.Built()
}

// paths returns the paths that the parts are, when they are nothing but that.
func (k *groupKey) paths() ([]string, bool) {
	var list []string
	for _, x := range k.parts {
		path, ok := x.Path()
		if !ok {
			return nil, false
		}
		list = append(list, path)
	}
	return list, true
}

// text says what the key is, when it is made of paths.
func (k *groupKey) text() string {
	if _, ok := k.whole.Constant(); ok {
		return " all"
	}
	paths, ok := k.paths()
	if !ok {
		return ""
	}
	return " by " + strings.Join(paths, ", ")
}
