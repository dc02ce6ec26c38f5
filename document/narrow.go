package document

import "slices"

// Narrow returns d with only those of its fields that are named, in their order, and
// in memory of its own; d itself when it has no others.
func (d Doc) Narrow(names []string) Doc {
	kept, others := 0, false
	for f := d.Value().Fields(); f.Next(); {
		if nameAt(names, f.Key()) {
			kept += len(f.Key()) + len(f.Value().Raw()) + 5
		} else {
			others = true
		}
	}
	if !others {
		return d
	}
	b := Builder{buf: make([]byte, 0, kept+5)}
	b.BeginObject()
	for f := d.Value().Fields(); f.Next(); {
		if nameAt(names, f.Key()) {
			b.KeyBytes(f.Key())
			b.Value(f.Value())
		}
	}
	b.End()
	return FromRaw(b.buf)
}

func nameAt(names []string, key []byte) bool {
	return slices.ContainsFunc(names, func(name string) bool { return name == string(key) })
}
