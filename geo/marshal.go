package geo

import (
	"encoding/json"
	"fmt"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
)

// marshal returns g as the GeoJSON object that stands for it. What breaks a rule
// that needs no computing is refused here, the rest where the geometry is used, as
// for an object that a document brings itself.
func marshal(g Geometry) (document.Value, error) {
	if err := g.check(); err != nil {
		return document.Value{}, err
	}
	return document.Of(document.D{{"type", g.Type()}, {"coordinates", g.coordinates()}})
}

// unmarshal stores in g the geometry of its type that v stands for.
func unmarshal[G Geometry](g *G, v document.Value) error {
	parsed, err := Parse(v)
	if err != nil {
		return err
	}
	is, ok := parsed.(G)
	if !ok {
		return fmt.Errorf("a %s is no %s: %w", parsed.Type(), (*g).Type(), fault.ErrInvalid)
	}
	*g = is
	return nil
}

func marshalJSON(g Geometry) ([]byte, error) {
	v, err := marshal(g)
	if err != nil {
		return nil, err
	}
	return v.MarshalJSON()
}

func unmarshalJSON[G Geometry](g *G, text []byte) error {
	v, err := document.ParseJSON(text)
	if err != nil || v.Kind() == document.Null {
		return err
	}
	return unmarshal(g, v)
}

// text returns g as GeoJSON, or what is wrong with it.
func text(g Geometry) string {
	raw, err := marshalJSON(g)
	if err != nil {
		return g.Type() + ": " + err.Error()
	}
	return string(raw)
}

// All six can be fields of documents and of JSON, both ways.
var (
	_ document.Unmarshaler = (*Point)(nil)
	_ json.Unmarshaler     = (*Point)(nil)
)

// MarshalValue returns the GeoJSON object that is stored.
func (p Point) MarshalValue() (document.Value, error) { return marshal(p) }

// UnmarshalValue reads a GeoJSON object.
func (p *Point) UnmarshalValue(v document.Value) error { return unmarshal(p, v) }

// MarshalJSON returns the GeoJSON object.
func (p Point) MarshalJSON() ([]byte, error) { return marshalJSON(p) }

// UnmarshalJSON reads a GeoJSON object.
func (p *Point) UnmarshalJSON(text []byte) error { return unmarshalJSON(p, text) }

// String returns the GeoJSON object, or what is wrong with the geometry.
func (p Point) String() string { return text(p) }

// MarshalValue returns the GeoJSON object that is stored.
func (l LineString) MarshalValue() (document.Value, error) { return marshal(l) }

// UnmarshalValue reads a GeoJSON object.
func (l *LineString) UnmarshalValue(v document.Value) error { return unmarshal(l, v) }

// MarshalJSON returns the GeoJSON object.
func (l LineString) MarshalJSON() ([]byte, error) { return marshalJSON(l) }

// UnmarshalJSON reads a GeoJSON object.
func (l *LineString) UnmarshalJSON(text []byte) error { return unmarshalJSON(l, text) }

// String returns the GeoJSON object, or what is wrong with the geometry.
func (l LineString) String() string { return text(l) }

// MarshalValue returns the GeoJSON object that is stored.
func (g Polygon) MarshalValue() (document.Value, error) { return marshal(g) }

// UnmarshalValue reads a GeoJSON object.
func (g *Polygon) UnmarshalValue(v document.Value) error { return unmarshal(g, v) }

// MarshalJSON returns the GeoJSON object.
func (g Polygon) MarshalJSON() ([]byte, error) { return marshalJSON(g) }

// UnmarshalJSON reads a GeoJSON object.
func (g *Polygon) UnmarshalJSON(text []byte) error { return unmarshalJSON(g, text) }

// String returns the GeoJSON object, or what is wrong with the geometry.
func (g Polygon) String() string { return text(g) }

// MarshalValue returns the GeoJSON object that is stored.
func (g MultiPoint) MarshalValue() (document.Value, error) { return marshal(g) }

// UnmarshalValue reads a GeoJSON object.
func (g *MultiPoint) UnmarshalValue(v document.Value) error { return unmarshal(g, v) }

// MarshalJSON returns the GeoJSON object.
func (g MultiPoint) MarshalJSON() ([]byte, error) { return marshalJSON(g) }

// UnmarshalJSON reads a GeoJSON object.
func (g *MultiPoint) UnmarshalJSON(text []byte) error { return unmarshalJSON(g, text) }

// String returns the GeoJSON object, or what is wrong with the geometry.
func (g MultiPoint) String() string { return text(g) }

// MarshalValue returns the GeoJSON object that is stored.
func (g MultiLineString) MarshalValue() (document.Value, error) { return marshal(g) }

// UnmarshalValue reads a GeoJSON object.
func (g *MultiLineString) UnmarshalValue(v document.Value) error { return unmarshal(g, v) }

// MarshalJSON returns the GeoJSON object.
func (g MultiLineString) MarshalJSON() ([]byte, error) { return marshalJSON(g) }

// UnmarshalJSON reads a GeoJSON object.
func (g *MultiLineString) UnmarshalJSON(text []byte) error { return unmarshalJSON(g, text) }

// String returns the GeoJSON object, or what is wrong with the geometry.
func (g MultiLineString) String() string { return text(g) }

// MarshalValue returns the GeoJSON object that is stored.
func (g MultiPolygon) MarshalValue() (document.Value, error) { return marshal(g) }

// UnmarshalValue reads a GeoJSON object.
func (g *MultiPolygon) UnmarshalValue(v document.Value) error { return unmarshal(g, v) }

// MarshalJSON returns the GeoJSON object.
func (g MultiPolygon) MarshalJSON() ([]byte, error) { return marshalJSON(g) }

// UnmarshalJSON reads a GeoJSON object.
func (g *MultiPolygon) UnmarshalJSON(text []byte) error { return unmarshalJSON(g, text) }

// String returns the GeoJSON object, or what is wrong with the geometry.
func (g MultiPolygon) String() string { return text(g) }
