package document

// A Builder puts together a new value from values that exist:
//
//	b.BeginObject(); b.Key("a"); b.Value(v); b.End()
//	doc, err := b.Doc()
//
// Calls must pair up, and in an object each value follows its key; a Builder does
// not check that keys differ. The zero Builder is ready. It is used by one
// goroutine.
type Builder struct {
	buf  []byte
	open []container
	key  int // where the key without a value yet starts, when in an object
}

// Reset makes b empty; what Bytes returned before is overwritten by what follows.
func (b *Builder) Reset() { b.buf, b.open = b.buf[:0], b.open[:0] }

// BeginObject begins an object, as the value of the key before it, as an element,
// or as the whole value.
func (b *Builder) BeginObject() { b.begin(Object) }

// BeginArray begins an array, as BeginObject does an object.
func (b *Builder) BeginArray() { b.begin(Array) }

func (b *Builder) begin(k Kind) {
	b.count()
	b.open = append(b.open, container{kind: k, at: len(b.buf), size: 1})
	b.buf = append(b.buf, 0)
}

// End ends the object or array that was begun last.
func (b *Builder) End() {
	last := len(b.open) - 1
	if last < 0 {
		return
	}
	c := b.open[last]
	b.open = b.open[:last]
	b.buf = setHead(b.buf, c.at, c.size, c.kind, c.n)
}

// Key writes the key of the field whose value comes next.
func (b *Builder) Key(name string) {
	b.key = len(b.buf)
	b.buf = appendText(b.buf, name)
}

// KeyBytes is Key for a name held as bytes, which are copied.
func (b *Builder) KeyBytes(name []byte) {
	b.key = len(b.buf)
	b.buf = appendText(b.buf, name)
}

// Value writes v, copying its bytes. A missing value takes the key before it away,
// and in an array is null.
func (b *Builder) Value(v Value) {
	raw := v.raw
	if len(raw) == 0 {
		if n := len(b.open); n > 0 && b.open[n-1].kind == Object {
			b.buf = b.buf[:b.key]
			return
		}
		raw = []byte{0xc0}
	}
	b.count()
	b.buf = append(b.buf, raw...)
}

// Int writes an integer, as [Builder.Value] does a value.
func (b *Builder) Int(n int64) {
	b.count()
	b.buf = appendInt(b.buf, n)
}

// Field writes a field of the open object.
func (b *Builder) Field(name string, v Value) {
	if v.Exists() {
		b.Key(name)
		b.Value(v)
	}
}

// count counts a field or element of the container that is open.
func (b *Builder) count() {
	if n := len(b.open); n > 0 {
		b.open[n-1].n++
	}
}

// Bytes returns what was built. The bytes belong to b until Reset, and to the
// caller when b is not used again.
func (b *Builder) Bytes() []byte { return b.buf }

// Built returns a copy of what was built as a Value.
func (b *Builder) Built() Value { return Value{b.buf}.Clone() }

// Doc returns what was built as a document of its own bytes, _id in front. It is
// checked like any document from outside: see [Canonical].
func (b *Builder) Doc() (Doc, error) { return Canonical(b.buf) }
