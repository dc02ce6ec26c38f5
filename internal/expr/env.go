package expr

import (
	"math/rand/v2"
	"time"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/regex"
)

// Options say what an [Env] takes from outside. The zero Options are right.
type Options struct {
	// Uint64 is where random numbers come from: default the machine's.
	Uint64 func() uint64
	// Interrupt is asked now and then by what loops, and ends the evaluation with
	// the error it returns. By default nothing ends it.
	Interrupt func() error
}

// An Env is what expressions are evaluated in: the values of variables and memory
// for results. It serves one goroutine at a time.
type Env struct {
	Options
	root   document.Value
	fields []document.Value // of root, those the expression begins at
	picked []document.Value // of root, those that the expressions of a tuple begin at
	shared int              // whose of them are in fields: see [Tuple.At]
	vars   []document.Value
	stack  []document.Value // operands of the calls under way
	buf    []byte           // what is left of it is where the next small results go
	turns  uint

	builders []*document.Builder // not in use
	text     []byte              // scratch: a string being made
	zones    map[string]*time.Location
	patterns map[string]*regex.Pattern
}

// NewEnv returns an Env.
func NewEnv(o Options) *Env {
	if o.Uint64 == nil {
		o.Uint64 = rand.Uint64
	}
	return &Env{Options: o}
}

// Set binds variable i of [Scope.Vars] to v, which may be missing.
func (e *Env) Set(i int, v document.Value) {
	e.grow(i + 1)
	e.vars[i] = v
}

// Reset lets the memory of all results so far be used again. They must not be
// read afterwards, nor must variables that hold some.
func (e *Env) Reset() { e.buf = e.buf[:0] }

// enter readies e for x on doc.
func (e *Env) enter(doc document.Value, x *Expr) error {
	e.root = doc
	if x.slots > len(e.vars) {
		e.grow(x.slots)
	}
	n := len(x.fields)
	if n > len(e.fields) {
		e.fields = make([]document.Value, n)
	}
	if n <= 2 {
		// Looking for a field ends at it, a walk only behind all of them.
		for i, name := range x.fields {
			e.fields[i] = doc.Field(name)
		}
		return nil
	}
	clear(e.fields[:n])
	if doc.Kind() != document.Object {
		return nil
	}
	return pickFields(doc, x.fields, x.index, e.fields)
}

// pickFields walks once over doc, an object, however many fields are asked for, and leaves in
// into those called names. Index has the places of names when they are many.
func pickFields(doc document.Value, names []string, index map[string]int, into []document.Value) error {
	if index == nil {
		return doc.Pick(names, into)
	}
	fields := doc.Fields()
	for fields.Next() {
		if i, ok := index[string(fields.Key())]; ok {
			into[i] = fields.Value()
		}
	}
	return fields.Err()
}

// fewFields is the number of fields up to which comparing each name is faster than
// looking it up.
const fewFields = 12

func (e *Env) grow(n int) {
	for len(e.vars) < n {
		e.vars = append(e.vars, document.Value{})
	}
}

// turn counts one turn of a loop, and returns an error when the evaluation is to end.
func (e *Env) turn() error {
	if e.turns++; e.turns&511 == 0 && e.Interrupt != nil {
		return e.Interrupt()
	}
	return nil
}

// The memory for small results comes in pieces of chunk bytes; results larger than
// half of that have memory of their own.
const chunk = 4 << 10

// room makes room for n more bytes in e.buf, and returns where they begin.
func (e *Env) room(n int) int {
	if cap(e.buf)-len(e.buf) < n {
		// What the old piece holds lives on in the values that share it.
		e.buf = make([]byte, 0, max(n, chunk))
	}
	return len(e.buf)
}

// since returns the value whose bytes were appended to e.buf from start on.
func (e *Env) since(start int) document.Value {
	return asValue(e.buf[start:len(e.buf):len(e.buf)])
}

func asValue(raw []byte) document.Value { return document.FromRaw(raw).Value() }

// small holds the canonical forms of the integers from -32 to 127, by value plus 32,
// behind those the ones of null, false and true.
var small = func() (b [163]byte) {
	for i := range 160 {
		b[i] = byte(i - 32)
	}
	b[160], b[161], b[162] = 0xc0, 0xc2, 0xc3
	return b
}()

var (
	null    = asValue(small[160:161:161])
	no      = asValue(small[161:162:162])
	yes     = asValue(small[162:163:163])
	missing document.Value
)

func boolean(b bool) document.Value {
	if b {
		return yes
	}
	return no
}

func (e *Env) integer(i int64) document.Value {
	if i >= -32 && i <= 127 {
		at := int(i) + 32
		return asValue(small[at : at+1 : at+1])
	}
	start := e.room(9)
	e.buf = document.AppendInt(e.buf, i)
	return e.since(start)
}

func (e *Env) float(f float64) document.Value {
	start := e.room(9)
	e.buf = document.AppendFloat(e.buf, f)
	return e.since(start)
}

func (e *Env) date(ms int64) (document.Value, error) {
	const limit = maxDate
	if ms > limit || ms < -limit {
		return missing, invalid("the date is out of range")
	}
	start := e.room(15)
	e.buf = document.AppendDate(e.buf, ms)
	return e.since(start), nil
}

// str returns the string s, which is copied.
func (e *Env) str(s []byte) (document.Value, error) {
	if len(s) > document.MaxSize-5 {
		return missing, errTooLarge
	}
	n := len(s) + 5
	if n > chunk/2 {
		return asValue(document.AppendText(make([]byte, 0, n), s)), nil
	}
	start := e.room(n)
	e.buf = document.AppendText(e.buf, s)
	return e.since(start), nil
}

// open returns a builder, to be given back to close.
func (e *Env) open() *document.Builder {
	last := len(e.builders) - 1
	if last < 0 {
		return new(document.Builder)
	}
	b := e.builders[last]
	e.builders = e.builders[:last]
	b.Reset()
	return b
}

// close returns what was built.
func (e *Env) close(b *document.Builder) (document.Value, error) {
	built := b.Bytes()
	if len(built) > document.MaxSize {
		return missing, errTooLarge // b is not kept, nor is its memory
	}
	if len(built) > chunk/2 {
		v := b.Built()
		if len(built) < keptBuilder {
			e.builders = append(e.builders, b)
		}
		return v, nil
	}
	start := e.room(len(built))
	e.buf = append(e.buf, built...)
	e.builders = append(e.builders, b)
	return e.since(start), nil
}

// keptBuilder is the size up to which the memory of a builder is used again.
const keptBuilder = 1 << 20

// fits refuses what is being built once it is over the limit.
func fits(b *document.Builder) error {
	if len(b.Bytes()) > document.MaxSize {
		return errTooLarge
	}
	return nil
}
