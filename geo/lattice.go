package geo

import (
	"math"

	"github.com/golang/geo/r3"
)

// H3 lays an icosahedron around the sphere and a lattice of hexagons on each of its
// 20 faces, finer by the square root of 7 and turned by 19 degrees at each odd
// resolution. This file knows where the centres of cells are from nothing but the
// faces and the cells of resolution 0: a step down the tree of cells is a step on
// the plane of a face. It needs no H3, and takes a tenth of the time.

// maxResolution is the finest resolution, of cells about a metre across.
const maxResolution = 15

// spacing is the distance of neighbouring centres at each resolution, on the plane
// that touches the sphere at the centre of a face.
var spacing = func() (s [maxResolution + 1]float64) {
	for r := range s {
		s[r] = 0.381966011250105151795 * math.Pow(7, -float64(r)/2)
	}
	return s
}()

// oddTurn is by how much lattices of odd resolutions are turned: asin(sqrt(3/28)).
var oddTurn = math.Asin(math.Sqrt(3.0 / 28))

// A plane is that of a face: its centre, and two axes on it, the second to the left
// of the first when seen from outside.
type plane struct{ f, u, v r3.Vector }

// planes are those of the faces. The first axis points at corner 0 of the face, its
// other corners follow to the left.
var planes = func() (p [20]plane) {
	for i, a := range faceAxes {
		sinLat, cosLat := math.Sincos(a.lat)
		sinLng, cosLng := math.Sincos(a.lng)
		east := r3.Vector{X: -sinLng, Y: cosLng}
		north := r3.Vector{X: -sinLat * cosLng, Y: -sinLat * sinLng, Z: cosLat}
		sin, cos := math.Sincos(a.azimuth)
		p[i] = plane{
			f: r3.Vector{X: cosLat * cosLng, Y: cosLat * sinLng, Z: sinLat},
			u: north.Mul(cos).Add(east.Mul(sin)),
			v: north.Mul(sin).Sub(east.Mul(cos)),
		}
	}
	return p
}()

// at returns what lies at x, y on the plane, as a point of the sphere, and the
// cosine of its distance from the face's centre.
func (p *plane) at(x, y float64) (r3.Vector, float64) {
	cos := 1 / math.Sqrt(1+x*x+y*y)
	return r3.Vector{
		X: (p.f.X + x*p.u.X + y*p.v.X) * cos,
		Y: (p.f.Y + x*p.u.Y + y*p.v.Y) * cos,
		Z: (p.f.Z + x*p.u.Z + y*p.v.Z) * cos,
	}, cos
}

// polar returns the point of a plane at that distance and angle.
func polar(r, angle float64) (x, y float64) {
	sin, cos := math.Sincos(angle)
	return r * cos, r * sin
}

// corner returns corner k of every face.
func corner(k int) (x, y float64) { return polar(2*spacing[0], float64(k)*(2*math.Pi/3)) }

// A motion takes a point beyond an edge of a face to where it lies on the plane of
// the face there, as if the two had been unfolded into one plane.
type motion struct {
	face           uint8
	sin, cos, x, y float64
}

// motions are those of each face, by edge. Edge e runs from corner e to the next.
var motions = func() (m [20][3]motion) {
	corners := func(face, k int) r3.Vector {
		x, y := corner(k % 3)
		p, _ := planes[face].at(x, y)
		return p
	}
	same := func(p, q r3.Vector) bool { return p.Sub(q).Norm2() < 1e-9 }
	for a := range m {
		for e := range m[a] {
			for b := range m {
				for k := range 3 {
					if a != b && same(corners(a, e), corners(b, k+1)) && same(corners(a, e+1), corners(b, k)) {
						m[a][e] = unfolding(b, e, k)
					}
				}
			}
		}
	}
	return m
}()

// unfolding returns the motion over edge from to the face there, whose edge to it is.
func unfolding(face, from, to int) motion {
	ax, ay := corner(from)
	bx, by := corner(to + 1)
	m := motion{face: uint8(face)}
	m.sin, m.cos = math.Sincos(math.Pi + float64(to-from)*(2*math.Pi/3))
	m.x = bx - (m.cos*ax - m.sin*ay)
	m.y = by - (m.sin*ax + m.cos*ay)
	return m
}

// normals point out of a face, over its edges.
var normals = func() (n [3][2]float64) {
	for e := range n {
		n[e][0], n[e][1] = polar(1, math.Pi/3+float64(e)*(2*math.Pi/3))
	}
	return n
}()

// project returns the point of the sphere at x, y on the plane of a face, which may
// lie beyond its edges, and the cosine of its distance from the nearest centre of a
// face.
func project(face uint8, x, y float64) (r3.Vector, float64) {
	for e := 0; e < 3; e++ {
		if x*normals[e][0]+y*normals[e][1] <= spacing[0]+1e-12 {
			continue
		}
		m := &motions[face][e]
		x, y = m.cos*x-m.sin*y+m.x, m.sin*x+m.cos*y+m.y
		face = m.face
		break
	}
	return planes[face].at(x, y)
}

// digitAngles are the directions of the seven children of a cell, by digit, in
// steps of 60 degrees. Child 0 lies at its centre.
var digitAngles = [7]float64{0, 4, 2, 3, 0, 5, 1}

// steps are the ways from a cell to its children in units of their spacing, by
// whether their resolution is odd, by turns of 60 degrees, by digit.
var steps = func() (s [2][6][7][2]float64) {
	for odd := range s {
		for turn := range s[odd] {
			for digit := 1; digit < 7; digit++ {
				angle := (digitAngles[digit]+float64(turn))*(math.Pi/3) + float64(odd)*oddTurn
				s[odd][turn][digit][0], s[odd][turn][digit][1] = polar(1, angle)
			}
		}
	}
	return s
}()
