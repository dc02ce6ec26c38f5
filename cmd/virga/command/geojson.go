package command

import (
	"bufio"
	"io"
	"iter"
	"strings"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/geo"
)

// writeGeoJSON writes documents as a GeoJSON FeatureCollection, which map viewers
// show: each is a Feature with the geometry at path, or the first one it has when path
// is empty, and the other fields as its properties. One without a geometry has null.
func writeGeoJSON(w io.Writer, path string, docs iter.Seq2[virga.Doc, error]) error {
	out := bufio.NewWriterSize(w, 64<<10)
	between := `{"type":"FeatureCollection","features":[` + "\n"
	var line []byte
	for doc, err := range docs {
		if err != nil {
			return err // half a collection is none: what was written is not ended
		}
		line = append(line[:0], between...)
		line = appendFeature(line, doc.Value(), path)
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
func appendFeature(dst []byte, doc document.Value, path string) []byte {
	if path == "" {
		path, _ = geometryIn(doc, "")
	}
	dst = append(dst, `{"type":"Feature"`...)
	if id := doc.Field("_id"); id.Kind() == document.String || id.Kind() == document.Number {
		dst = document.AppendJSON(append(dst, `,"id":`...), id) // other ids are properties only
	}
	dst = append(dst, `,"geometry":`...)
	geometry := document.FromRaw(doc.Raw()).Lookup(path)
	if _, err := geo.Parse(geometry); err == nil {
		dst = document.AppendJSON(dst, geometry)
	} else {
		dst = append(dst, "null"...)
	}
	dst = append(dst, `,"properties":`...)
	dst = document.AppendJSON(dst, without(doc, path))
	return append(dst, '}')
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
