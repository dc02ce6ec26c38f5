package query

import "github.com/virgadb/virga/document"

// An operator is what an update does at one path. It is immutable.
type operator interface {
	// revise changes the value that is there and reports whether it removed its field.
	revise(e *edit, t target) (gone bool, err error)
	// fresh returns the value for a field that is missing; missing leaves it so.
	fresh(e *edit, inArray bool) (document.Value, error)
	// tolerant reports whether there is nothing to do where the path cannot exist,
	// because a value on the way is no object.
	tolerant(e *edit) bool
}

// gives reports whether op makes a value where nothing is.
func gives(op operator) bool {
	switch op.(type) {
	case unsetter, renamed, popper, puller:
		return false
	}
	return true
}

// A target is a value that an operator works on: raw[at:to] of the edit.
type target struct {
	value   document.Value
	from    int // where the value, or the key before it, starts
	at, to  int
	element bool // it is an element of an array
	inArray bool // there is an array on the way to it
}

// set puts v in the place of t, unless it is the same.
func (e *edit) set(t target, v document.Value) (gone bool, err error) {
	if string(v.Raw()) == string(t.value.Raw()) {
		return false, nil
	}
	return false, e.replace(t.at, t.to, v.Raw())
}

// remove takes t away; of an array element it leaves null.
func (e *edit) remove(t target) (gone bool, err error) {
	if t.element {
		return e.set(t, document.NullValue())
	}
	return true, e.replace(t.from, t.to, nil)
}

// An updateFunc compiles the operand given to an operator at path.
type updateFunc func(c *updateCompiler, path string, operand any) (operator, error)

// updateFuncs holds the operators by name. $rename, which has two paths, is made apart.
var updateFuncs = map[string]updateFunc{
	"$set": makeSet, "$unset": makeUnset, "$min": makeMin, "$max": makeMax,
	"$inc": makeInc, "$mul": makeMul, "$bit": makeBit,
	"$push": makePush, "$addToSet": makeAddToSet,
	"$pop": makePop, "$pull": makePull, "$pullAll": makePullAll,
}
