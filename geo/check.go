package geo

import (
	"errors"
	"fmt"
	"strings"

	"github.com/virgadb/virga/internal/fault"
)

// A placeError says at which part of a geometry a rule is broken.
type placeError struct {
	place string // "ring 1, point 4"
	err   error
}

func (e *placeError) Error() string { return e.place + ": " + e.err.Error() }
func (e *placeError) Unwrap() error { return e.err }

// at puts the i-th part, of a kind such as "ring", in front of the place of err,
// which may be nil.
func at(part string, i int, err error) error {
	if err == nil {
		return nil
	}
	place := fmt.Sprintf("%s %d", part, i)
	if deeper := (*placeError)(nil); errors.As(err, &deeper) {
		return &placeError{place + ", " + deeper.place, deeper.err}
	}
	return &placeError{place, err}
}

func invalid(format string, args ...any) error {
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), fault.ErrInvalid)
}

func (p Point) check() error {
	switch {
	case !(p.Lng() >= -180 && p.Lng() <= 180): // not a number is outside, too
		return invalid("longitude %v is outside -180 to 180", p.Lng())
	case !(p.Lat() >= -90 && p.Lat() <= 90):
		return invalid("latitude %v is outside -90 to 90", p.Lat())
	}
	return nil
}

func (l LineString) check() error {
	if err := each("point", []Point(l)); err != nil {
		return err
	}
	if len(l) < 2 {
		return invalid("a line needs 2 points, this one has %d", len(l))
	}
	return nil
}

// checkRing holds the rules of a line that goes round an area.
func (l LineString) checkRing() error {
	if err := each("point", []Point(l)); err != nil {
		return err
	}
	switch {
	case len(l) < 4:
		return invalid("a ring needs 4 points, this one has %d", len(l))
	case l[0] != l[len(l)-1] && l[0].vector() != l[len(l)-1].vector():
		return invalid("the ring is not closed: its last point is not its first")
	}
	return nil
}

func (g Polygon) check() error {
	if len(g) == 0 {
		return invalid("a polygon needs a ring")
	}
	for i, ring := range g {
		if err := ring.checkRing(); err != nil {
			return at("ring", i, err)
		}
	}
	return nil
}

func (g MultiPoint) check() error      { return some(g, "point", g) }
func (g MultiLineString) check() error { return some(g, "line", g) }
func (g MultiPolygon) check() error    { return some(g, "polygon", g) }

// some asks for at least one part, and checks each.
func some[G Geometry](whole Geometry, part string, parts []G) error {
	if len(parts) == 0 {
		return invalid("a %s needs a %s", whole.Type(), strings.ToLower(part))
	}
	return each(part, parts)
}

func each[G Geometry](part string, parts []G) error {
	for i, p := range parts {
		if err := p.check(); err != nil {
			return at(part, i, err)
		}
	}
	return nil
}
