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

// cutPolygon returns the pieces of a polygon, each with what of the holes is in it.
func cutPolygon(g Polygon) []Polygon {
	rings := make([]LineString, len(g))
	for i, ring := range g {
		rings[i] = closedOnMap(ring)
		if i > 0 {
			rings[i] = byRing(rings[0], rings[i])
		}
	}
	var pieces []Polygon
	for _, shift := range []float64{-720, -360, 0, 360, 720} {
		var piece Polygon
		for i, ring := range rings {
			part := clipMap(ring, shift)
			if len(part) < 4 {
				if i == 0 {
					break
				}
				continue
			}
			piece = append(piece, part)
		}
		if piece != nil {
			pieces = append(pieces, piece)
		}
	}
	return pieces
}

// closedOnMap returns a ring with longitudes that run on, closed on the map: one round a
// pole runs along the side of the map there.
func closedOnMap(l LineString) LineString {
	ring := unrolled(l)
	if turns := math.Round((ring[len(ring)-1].Lng() - ring[0].Lng()) / 360); turns != 0 {
		return alongPole(ring, turns)
	}
	return ring
}

// byRing returns a hole moved by whole turns to where it lies within the ring around it.
func byRing(ring, hole LineString) LineString {
	turn := 360 * math.Round((middleOf(ring)-middleOf(hole))/360)
	moved := make(LineString, len(hole))
	for i, p := range hole {
		moved[i] = Point{p.Lng() + turn, p.Lat()}
	}
	return moved
}

// middleOf returns the longitude in the middle between the ends of a line on the map.
func middleOf(l LineString) float64 {
	west, east := math.Inf(1), math.Inf(-1)
	for _, p := range l {
		west, east = min(west, p.Lng()), max(east, p.Lng())
	}
	return (west + east) / 2
}
