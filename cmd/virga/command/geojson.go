package command

import (
	"bufio"
	"io"
	"iter"
	"math"
	"slices"
	"strings"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/geo"
)

// writeGeoJSON writes documents as a GeoJSON FeatureCollection (RFC 7946), which map
// viewers show: each is a Feature, on a line of its own, with the geometry at path, or the
// first one it has when path is empty, and the other fields as its properties. One
// without a geometry has null.
func writeGeoJSON(w io.Writer, path string, docs iter.Seq2[virga.Doc, error]) error {
	out := bufio.NewWriterSize(w, 64<<10)
	between := `{"type":"FeatureCollection","features":[` + "\n"
	var line []byte
	for doc, err := range docs {
		if err != nil {
			return err // half a collection is none: what was written is not ended
		}
		line = append(line[:0], between...)
		line = appendFeature(line, doc, path)
		if _, err := out.Write(line); err != nil {
			return err
		}
		between = ",\n"
	}
	end := "\n]}\n"
	if between != ",\n" {
		end = between + "]}\n"
	}
	if _, err := out.WriteString(end); err != nil {
		return err
	}
	return out.Flush()
}

// appendFeature appends a document as a Feature.
func appendFeature(dst []byte, doc virga.Doc, path string) []byte {
	if path == "" {
		path, _ = geometryIn(doc.Value(), "")
	}
	dst = append(dst, `{"type":"Feature"`...)
	if id := doc.Lookup("_id"); id.Kind() == document.String {
		dst = document.AppendJSON(append(dst, `,"id":`...), id)
	} else if isPlain(id) { // other ids are properties only
		dst = appendNumber(append(dst, `,"id":`...), id)
	}
	dst = appendPlace(append(dst, `,"geometry":`...), doc.Lookup(path))
	dst = append(dst, `,"properties":`...)
	dst = document.AppendJSON(dst, without(doc.Value(), path))
	return append(dst, '}')
}

// appendPlace appends what a document has at the path of its geometry: the geometry, an
// array of them as a GeometryCollection, and null for anything else.
func appendPlace(dst []byte, v document.Value) []byte {
	if g, err := geo.Parse(v); err == nil {
		return appendGeometry(dst, v, g)
	}
	if !isPlace(v) {
		return append(dst, "null"...)
	}
	dst = append(dst, `{"type":"GeometryCollection","geometries":`...)
	dst = appendArray(dst, elements(v), func(dst []byte, _ int, v document.Value) []byte { return appendPlace(dst, v) })
	return append(dst, '}')
}

// isPlace reports whether v is a geometry, or an array of geometries.
func isPlace(v document.Value) bool {
	if v.Kind() != document.Array {
		_, err := geo.Parse(v)
		return err == nil
	}
	for e := v.Elements(); e.Next(); {
		if _, err := geo.Parse(e.Value()); err != nil {
			return false
		}
	}
	return v.Len() > 0
}

// appendGeometry appends the type and coordinates of v, which stands for g. It is cut along
// the antimeridian, and rings go counterclockwise, those of holes clockwise, as viewers
// want them; otherwise numbers are as they are stored.
func appendGeometry(dst []byte, v document.Value, g geo.Geometry) []byte {
	if pieces, cut := geo.Cut(g); cut {
		if value, err := pieces.MarshalValue(); err == nil {
			v, g = value, pieces
		}
	}
	dst = append(dst, `{"type":"`+g.Type()+`","coordinates":`...)
	switch c := v.Field("coordinates"); g := g.(type) {
	case geo.Polygon:
		dst = appendRings(dst, c, g)
	case geo.MultiPolygon:
		dst = appendArray(dst, elements(c), func(dst []byte, i int, v document.Value) []byte { return appendRings(dst, v, g[i]) })
	default:
		dst = appendPositions(dst, c)
	}
	return append(dst, '}')
}

// appendRings appends the rings of a polygon, which stand in v.
func appendRings(dst []byte, v document.Value, g geo.Polygon) []byte {
	return appendArray(dst, elements(v), func(dst []byte, i int, ring document.Value) []byte {
		hole := i > 0
		positions := elements(ring)
		if g[i].Clockwise() != hole {
			slices.Reverse(positions)
		}
		return appendArray(dst, positions, func(dst []byte, _ int, v document.Value) []byte { return appendPositions(dst, v) })
	})
}

// appendPositions appends a position, or an array of positions or of such arrays. A position
// ends where something follows that is no number in JSON.
func appendPositions(dst []byte, v document.Value) []byte {
	all := elements(v)
	if len(all) == 0 || all[0].Kind() != document.Number {
		return appendArray(dst, all, func(dst []byte, _ int, v document.Value) []byte { return appendPositions(dst, v) })
	}
	if i := slices.IndexFunc(all, func(v document.Value) bool { return !isPlain(v) }); i >= 0 {
		all = all[:i]
	}
	return appendArray(dst, all, func(dst []byte, _ int, v document.Value) []byte { return appendNumber(dst, v) })
}

// isPlain reports whether v is a number that JSON has.
func isPlain(v document.Value) bool {
	f, ok := v.Float64()
	return ok && !math.IsNaN(f) && !math.IsInf(f, 0)
}

// appendNumber appends a plain number, which extended JSON writes as an object if it is the
// zero below zero.
func appendNumber(dst []byte, v document.Value) []byte {
	if f, _ := v.Float64(); f == 0 && math.Signbit(f) {
		return append(dst, "0.0"...)
	}
	return document.AppendJSON(dst, v)
}

// appendArray appends an array of what one appends for each of values.
func appendArray(dst []byte, values []document.Value, one func(dst []byte, i int, v document.Value) []byte) []byte {
	dst = append(dst, '[')
	for i, v := range values {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = one(dst, i, v)
	}
	return append(dst, ']')
}

func elements(array document.Value) []document.Value {
	list := make([]document.Value, 0, array.Len())
	for e := array.Elements(); e.Next(); {
		list = append(list, e.Value())
	}
	return list
}

// without returns an object without the field at a dotted path.
func without(object document.Value, path string) document.Value {
	name, rest, deeper := strings.Cut(path, ".")
	var b document.Builder
	b.BeginObject()
	for f := object.Fields(); f.Next(); {
		v := f.Value()
		if string(f.Key()) == name {
			if !deeper {
				continue
			}
			if v.Kind() == document.Object {
				v = without(v, rest)
			}
		}
		b.KeyBytes(f.Key())
		b.Value(v)
	}
	b.End()
	return b.Built()
}
