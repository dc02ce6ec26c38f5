package document

import (
	"fmt"

	"github.com/virgadb/virga/internal/fault"
)

var errMalformed = fmt.Errorf("malformed value: %w", fault.ErrCorrupt)

// Fields is a cursor over the fields of an object, in stored order:
//
//	for f := v.Fields(); f.Next(); { use(f.Key(), f.Value()) }
//
// It is used by one goroutine and holds nothing that must be released.
type Fields struct {
	b        []byte
	key, val []byte
	at, left int
	bad      bool
}

// Fields returns a cursor over the fields of an object. Over any other kind it
// yields nothing.
func (v Value) Fields() Fields {
	k, at, n := headOf(v.raw)
	if k != Object {
		return Fields{bad: k == Missing && len(v.raw) > 0}
	}
	return Fields{b: v.raw, at: at, left: n}
}

// Next moves to the next field and reports whether there is one.
func (f *Fields) Next() bool {
	if f.left == 0 {
		return false
	}
	from, to := keyAt(f.b, f.at)
	end := -1
	if to >= 0 {
		end = skip(f.b, to)
	}
	if end < 0 {
		f.left, f.bad = 0, true
		return false
	}
	f.key, f.val = f.b[from:to:to], f.b[to:end:end]
	f.at = end
	f.left--
	return true
}

// Key returns the name of the field, shared with the object.
func (f *Fields) Key() []byte { return f.key }

// Value returns the value of the field, shared with the object.
func (f *Fields) Value() Value { return Value{f.val} }

// Err returns ErrCorrupt when the cursor ended at malformed bytes.
func (f *Fields) Err() error {
	if f.bad {
		return errMalformed
	}
	return nil
}

// Elements is a cursor over the elements of an array, used like [Fields].
type Elements struct {
	b, val   []byte
	at, left int
	bad      bool
}

// Elements returns a cursor over the elements of an array. Over any other kind it
// yields nothing.
func (v Value) Elements() Elements {
	k, at, n := headOf(v.raw)
	if k != Array {
		return Elements{bad: k == Missing && len(v.raw) > 0}
	}
	return Elements{b: v.raw, at: at, left: n}
}

// Next moves to the next element and reports whether there is one.
func (e *Elements) Next() bool {
	if e.left == 0 {
		return false
	}
	end := skip(e.b, e.at)
	if end < 0 {
		e.left, e.bad = 0, true
		return false
	}
	e.val = e.b[e.at:end:end]
	e.at = end
	e.left--
	return true
}

// Value returns the element, shared with the array.
func (e *Elements) Value() Value { return Value{e.val} }

// Err returns ErrCorrupt when the cursor ended at malformed bytes.
func (e *Elements) Err() error {
	if e.bad {
		return errMalformed
	}
	return nil
}

// Field returns the field of an object by name. It is missing when there is no
// such field and when v is no object.
func (v Value) Field(name string) Value {
	k, i, n := headOf(v.raw)
	if k != Object {
		return Value{}
	}
	for b := v.raw; n > 0; n-- {
		// Short keys and values are stepped over in place: a call for each would take
		// most of the time.
		var from, to int
		if i < len(b) && b[i]-0xa0 < 0x20 {
			from, to = i+1, i+1+int(b[i]-0xa0)
		} else if from, to = keyAt(b, i); to < 0 {
			return Value{}
		}
		if to >= len(b) {
			return Value{}
		}
		if c := b[to]; c < 0x80 {
			i = to + 1
		} else if c-0xa0 < 0x20 {
			i = to + 1 + int(c-0xa0)
		} else {
			i = skip(b, to)
		}
		if uint(i) > uint(len(b)) {
			return Value{}
		}
		if to-from == len(name) && string(b[from:to]) == name {
			return Value{b[to:i:i]}
		}
	}
	return Value{}
}

// Element returns element i of an array, counted from 0. It is missing when there
// is no such element and when v is no array.
func (v Value) Element(i int) Value {
	k, at, n := headOf(v.raw)
	if k != Array || i < 0 || i >= n {
		return Value{}
	}
	for ; i > 0 && at >= 0; i-- {
		at = skip(v.raw, at)
	}
	if at < 0 {
		return Value{}
	}
	end := skip(v.raw, at)
	if end < 0 {
		return Value{}
	}
	return Value{v.raw[at:end:end]}
}
