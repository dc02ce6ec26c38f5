package document

// Any returns v decoded: nil, bool, int64, float64, string, []byte, time.Time in
// UTC, Regex, []any or map[string]any, with copies of its own. A missing value is
// nil, and so is one that is malformed.
func (v Value) Any() any {
	d := newDecoder(v.raw)
	x, _ := d.value(0, 0)
	return x
}

// Map returns the document decoded, its values as [Value.Any] returns them; nil for
// no document.
func (d Doc) Map() map[string]any {
	m, _ := d.Value().Any().(map[string]any)
	return m
}

// sharedText is the size up to which all strings of a value share one copy of its
// bytes, instead of each having its own.
const sharedText = 8 << 10

// room is the most fields or elements to make room for before they are seen, so
// that a count in malformed bytes costs little.
const room = 1024

// A decoder reads one value of bytes into Go values.
type decoder struct {
	b    []byte
	text string            // b, when b is small
	keys map[string]string // the keys met so far, when b is large
}

func newDecoder(b []byte) decoder {
	if len(b) <= sharedText {
		return decoder{b: b, text: string(b)}
	}
	return decoder{b: b, keys: map[string]string{}}
}

// value returns the value at b[i:] and the index behind it, -1 when it is malformed
// or deeper than any stored value.
func (d *decoder) value(i, depth int) (any, int) {
	if uint(i) >= uint(len(d.b)) {
		return nil, -1
	}
	k, at, n := headOf(d.b[i:])
	at += i
	switch k {
	case Object:
		return d.object(at, n, depth+1)
	case Array:
		return d.array(at, n, depth+1)
	case String:
		if n > len(d.b)-at {
			return nil, -1
		}
		return d.string(at, at+n), at + n
	case Number:
		return d.number(i, at+n)
	}
	end := skip(d.b, i)
	if end < 0 {
		return nil, -1
	}
	v := Value{d.b[i:end]}
	switch k {
	case Bool:
		return d.b[i] == 0xc3, end
	case Date:
		t, _ := v.Time()
		return t, end
	case Binary:
		return append([]byte{}, v.Bytes()...), end
	case Regexp:
		r, _ := v.Regex()
		return r, end
	}
	return nil, end
}

func (d *decoder) number(i, end int) (any, int) {
	n, ok := numberOf(d.b[i:])
	switch {
	case !ok:
		return nil, -1
	case n.float:
		return n.f, end
	}
	return n.i, end
}

func (d *decoder) string(from, to int) string {
	if d.keys == nil {
		return d.text[from:to]
	}
	return string(d.b[from:to])
}

func (d *decoder) key(from, to int) string {
	if d.keys == nil {
		return d.text[from:to]
	}
	if key, ok := d.keys[string(d.b[from:to])]; ok {
		return key
	}
	key := string(d.b[from:to])
	d.keys[key] = key
	return key
}

func (d *decoder) object(i, n, depth int) (any, int) {
	if depth > 2*MaxDepth {
		return nil, -1
	}
	m := make(map[string]any, min(n, room))
	for ; n > 0; n-- {
		from, to := keyAt(d.b, i)
		if to < 0 {
			return nil, -1
		}
		var x any
		if x, i = d.value(to, depth); i < 0 {
			return nil, -1
		}
		m[d.key(from, to)] = x
	}
	return m, i
}

func (d *decoder) array(i, n, depth int) (any, int) {
	if depth > 2*MaxDepth {
		return nil, -1
	}
	list := make([]any, 0, min(n, room))
	for ; n > 0; n-- {
		var x any
		if x, i = d.value(i, depth); i < 0 {
			return nil, -1
		}
		list = append(list, x)
	}
	return list, i
}
