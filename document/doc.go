package document

import "github.com/virgadb/virga/internal/fault"

// A Doc is one whole document, an object, as a view of its canonical bytes. The
// zero Doc is no document. Docs are immutable, safe for concurrent use and valid
// for ever.
type Doc struct{ raw []byte }

// FromRaw returns the document in raw, which must be canonical bytes that were
// stored before and that nobody modifies. They are not copied and not checked;
// reading malformed bytes is harmless. See [Validate] and [Canonical].
func FromRaw(raw []byte) Doc { return Doc{raw} }

// IsZero reports whether d is no document.
func (d Doc) IsZero() bool { return len(d.raw) == 0 }

// Raw returns the bytes of d. They are shared and must not be modified.
func (d Doc) Raw() []byte { return d.raw }

// Value returns d as an object value, which shares its bytes.
func (d Doc) Value() Value { return Value(d) }

// ID returns the document's _id, the zero ID when it has none.
func (d Doc) ID() ID { return idOf(d.Value().Field("_id")) }

// Lookup returns the value at a dotted path, such as "address.city" or
// "lines.0.price"; arrays are entered only by index. It is missing when there is
// none. It does not allocate; the value shares the document's bytes.
func (d Doc) Lookup(path string) Value { return lookup(d.Value(), path) }

// WithID returns d with id as its _id, in front, in place of the one it has. An
// id that is missing, an array or a regular expression is ErrInvalid.
func (d Doc) WithID(id Value) (Doc, error) {
	if err := checkID(id); err != nil {
		return Doc{}, fault.At("_id", err)
	}
	e := encoder{stored: true, buf: make([]byte, 0, len(d.raw)+len(id.raw)+8)}
	c, err := e.open(Object, d.Value().Len()+1)
	if err != nil {
		return Doc{}, err
	}
	e.buf = append(e.buf, "\xa3_id"...)
	if err := e.embed(id); err != nil {
		return Doc{}, under("_id", err)
	}
	c.n++
	fields := d.Value().Fields()
	for from := fields.at; fields.Next(); from = fields.at {
		if string(fields.key) != "_id" {
			e.buf = append(e.buf, d.raw[from:fields.at]...)
			c.n++
		}
	}
	e.close(c)
	if err := fields.Err(); err != nil {
		return Doc{}, err
	}
	if err := e.fits(); err != nil {
		return Doc{}, err
	}
	return Doc{e.buf}, nil
}

// String returns d as relaxed extended JSON.
func (d Doc) String() string { return d.Value().String() }

// MarshalJSON returns d as relaxed extended JSON, its fields in stored order; no
// document is null.
func (d Doc) MarshalJSON() ([]byte, error) { return d.Value().MarshalJSON() }
