package geo

import (
	"math"
	"slices"
)

// Cut returns g cut along the antimeridian, as RFC 7946 has it for flat maps, which draw
// an edge from 170 to -170 degrees as a band around the world; and whether there was
// anything to cut. A ring round a pole gets the side of the map there. Pieces of lines
// and polygons make a [MultiLineString] or [MultiPolygon], whose polygons touch one
// another along the antimeridian: it is for drawing. What breaks a rule is left as it is.
func Cut(g Geometry) (Geometry, bool) {
	if g == nil || !jumps(g) {
		return g, false
	}
	if _, err := NewShape(g); err != nil {
		return g, false
	}
	switch g := g.(type) {
	case LineString:
		return MultiLineString(cutLine(g)), true
	case MultiLineString:
		var pieces MultiLineString
		for _, l := range g {
			pieces = append(pieces, cutLine(l)...)
		}
		return pieces, true
	case Polygon:
		return MultiPolygon(cutPolygon(g)), true
	case MultiPolygon:
		var pieces MultiPolygon
		for _, p := range g {
			pieces = append(pieces, cutPolygon(p)...)
		}
		return pieces, true
	}
	return g, false
}

// jumps reports whether an edge of g goes over the antimeridian.
func jumps(g Geometry) bool {
	switch g := g.(type) {
	case LineString:
		for i := 1; i < len(g); i++ {
			if math.Abs(g[i].Lng()-g[i-1].Lng()) > 180 {
				return true
			}
		}
	case MultiLineString:
		return anyJumps(g)
	case Polygon:
		return anyJumps(g)
	case MultiPolygon:
		return anyJumps(g)
	}
	return false
}

func anyJumps[G Geometry](parts []G) bool {
	for _, p := range parts {
		if jumps(p) {
			return true
		}
	}
	return false
}

// cutLine returns the pieces of a line.
func cutLine(l LineString) []LineString {
	var pieces []LineString
	piece := LineString{l[0]}
	for i := 1; i < len(l); i++ {
		if jumps(l[i-1 : i+1]) {
			side, lat := math.Copysign(180, l[i-1].Lng()), crossingLat(l[i-1], l[i])
			pieces = append(pieces, append(piece, Point{side, lat}))
			piece = LineString{{-side, lat}}
		}
		piece = append(piece, l[i])
	}
	pieces = append(pieces, piece)
	return slices.DeleteFunc(pieces, func(p LineString) bool { return len(vectors(p)) < 2 })
}

// shifts are the degrees by which longitudes that run on are moved to be on the map.
var shifts = [...]float64{-720, -360, 0, 360, 720}

// cutPolygon returns the pieces of a polygon, each with what of the holes is in it.
func cutPolygon(g Polygon) []Polygon {
	ring, round := closedOnMap(g[0])
	var holes []LineString
	for _, l := range g[1:] {
		hole, _ := closedOnMap(l)
		holes = append(holes, beneath(ring, hole)...)
	}
	var pieces []Polygon
	for _, shift := range shifts {
		part := clipMap(ring, shift)
		if len(part) < 4 {
			continue
		}
		piece := Polygon{part}
		west, east := ends(part)
		for _, hole := range holes {
			if round && east-west < 360 {
				break // a tip of the ring beyond the map, which has most of it and its holes
			}
			if part := clipMap(hole, shift); len(part) > 3 {
				piece = append(piece, part)
			}
		}
		pieces = append(pieces, piece)
	}
	return pieces
}

// closedOnMap returns a ring with longitudes that run on, closed on the map: one round a
// pole runs along the side of the map there. It reports whether l is one.
func closedOnMap(l LineString) (ring LineString, round bool) {
	ring = unrolled(alongPoles(l))
	turns := math.Round((ring[len(ring)-1].Lng() - ring[0].Lng()) / 360)
	if turns == 0 {
		return ring, false
	}
	pole := 90.0
	if (turns > 0) == l.Clockwise() { // the inside is south of it
		pole = -90
	}
	return alongPole(ring, turns, pole), true
}

// alongPoles returns a closed ring with two points for each that is a pole, which is the
// side of the map and has the longitudes of its neighbours there.
func alongPoles(l LineString) LineString {
	n := len(l) - 1
	out := make(LineString, 0, len(l))
	for i, p := range l {
		if math.Abs(p.Lat()) < 90 {
			out = append(out, p)
			continue
		}
		if i > 0 {
			out = append(out, Point{l[i-1].Lng(), p.Lat()})
		}
		out = append(out, Point{l[i%n+1].Lng(), p.Lat()})
	}
	return out
}

// beneath returns a hole moved by whole turns to where it lies between the ends of the ring
// around it: to both ends of one round a pole, if it lies across them.
func beneath(ring, hole LineString) []LineString {
	var all []LineString
	west, east := ends(ring)
	for _, shift := range shifts {
		moved := make(LineString, len(hole))
		for i, p := range hole {
			moved[i] = Point{p.Lng() + shift, p.Lat()}
		}
		if w, e := ends(moved); w < east && e > west {
			all = append(all, moved)
		}
	}
	return all
}

// ends returns the westernmost and the easternmost longitude of a line on the map.
func ends(l LineString) (west, east float64) {
	west, east = math.Inf(1), math.Inf(-1)
	for _, p := range l {
		west, east = min(west, p.Lng()), max(east, p.Lng())
	}
	return west, east
}
