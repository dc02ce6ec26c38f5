package index

import (
	"errors"
	"fmt"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/geo"
	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/keys"
)

// A spot is the encoding of a geo field in one entry, and the entry's value: the encoded
// [geo.Bounds] of a shape, nothing for a point.
type spot struct{ field, bounds []byte }

// spots returns those of doc's geo field: one for each point, up to [geo.MaxCovering] for
// each other geometry, none when the field is missing or null. It adds to traits what they
// say of the index.
func (x *Index) spots(doc document.Doc, traits *Traits) ([]spot, error) {
	var list []spot
	take := func(v document.Value) error {
		switch {
		case v.Kind() == document.Null:
			return nil
		case len(list) > MaxEntries:
			return fmt.Errorf("more than %d entries for one document: %w", MaxEntries, fault.ErrTooLarge)
		}
		more, has, err := spotsOf(v)
		has.Several = len(list) > 0
		*traits = traits.Union(has)
		list = append(list, more...)
		return err
	}
	w := writer{index: x, collect: take}
	p := place{path: x.paths[x.geo], value: doc.Value()}
	if err := w.expand([]place{p}, false); err != nil {
		return nil, fmt.Errorf("index %s: %w", x.spec.Name, fault.At(p.path.String(), inArray(p.path.Lookup(p.value), err)))
	}
	if len(list) > 1 || w.traits.Multikey != 0 {
		traits.Multikey |= 1 << x.geo
	}
	return list, nil
}

// inArray says in which element of the array v, a geo field, err is. Where v is a pair of
// numbers, as places were written before GeoJSON, no element is to blame.
func inArray(v document.Value, err error) error {
	if v.Kind() != document.Array || !errors.Is(err, fault.ErrInvalid) {
		return err
	}
	if v.Len() == 2 && v.Element(0).Kind() == document.Number {
		_, err := geo.Parse(v)
		return err
	}
	for i, e := 0, v.Elements(); e.Next(); i++ {
		if _, _, err := spotsOf(e.Value()); err != nil && e.Value().Kind() != document.Null {
			return fmt.Errorf("element %d: %w", i, err)
		}
	}
	return err
}

// spotsOf returns those of one geometry, and what it gives the index of traits.
func spotsOf(v document.Value) (list []spot, has Traits, err error) {
	if p, ok := geo.ReadPoint(v); ok {
		c, err := geo.CellOf(p, geo.MaxResolution)
		if err != nil {
			return nil, Traits{}, err
		}
		return []spot{{field: keys.AppendPoint(nil, c.Key(), p.Lng(), p.Lat())}}, Traits{Points: true}, nil
	}
	s, err := geo.Read(v)
	if err != nil {
		return nil, Traits{}, err
	}
	has.Shapes = true
	b := s.Bounds()
	bounds := b.Append(nil)
	for _, c := range s.Covering(geo.MaxCovering) {
		has.Levels |= 1 << c.Resolution()
		list = append(list, spot{keys.AppendCell(nil, c.Key()), bounds})
	}
	return list, has, nil
}
