package geo

import (
	"github.com/golang/geo/s2"

	"github.com/virgadb/virga/document"
)

// An Origin is a point that distances are measured from. It is immutable and safe
// for concurrent use.
type Origin struct {
	sight
	vector s2.Point
}

// NewOrigin returns the origin at p, which must keep the rules of a point.
func NewOrigin(p Point) (*Origin, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	return &Origin{newSight(p), p.vector()}, nil
}

// Point returns the point that o was made from.
func (o *Origin) Point() Point { return o.point }

// Distance returns the distance in metres over the ground from o to the nearest
// point of the stored geometry v: 0 when o is in a polygon of it. It reports false
// when v is no geometry, or breaks a rule. For a point it does not allocate.
func (o *Origin) Distance(v document.Value) (float64, bool) {
	return (*Shapes)(nil).Distance(o, v)
}

// metres returns the distance over the ground from o to v.
func (o *Origin) metres(v s2.Point) float64 { return angle(o.vector, v) * EarthRadius }

// straight2 returns bounds of the square of the straight distance from o to p, which are as
// narrow as computing allows, but take a vector.
func (o *Origin) straight2(p Point) (least, most float64) {
	d := p.vector().Sub(o.vector.Vector).Norm()
	least, most = max(0, d-straightRounding), d+straightRounding
	return least * least, most * most
}
