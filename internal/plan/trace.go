package plan

import "github.com/virgadb/virga/index"

// A Run is what a run of a request has come to.
type Run struct {
	Collection string
	Query      string // its conditions and order: `city = "Oslo", total > 20 order -total`
	Shape      string // the same without operands: "city = ?, total > ? order -total"
	Plan       string // on one line
	Keys       int64  // entries of indexes looked at, single reads by _id included
	Docs       int64  // documents looked at
	Returned   int64

	Wanted index.Spec // the index that would serve the request best, unnamed; without fields when none can
	Why    string     // what each part of it is for
	Served bool       // there is an index that begins with its fields
}

// told returns the run for whoever traces it.
func (r *running) told(returned int64) Run {
	p := r.exec.planner
	run := Run{
		Collection: p.coll.Name,
		Query:      p.text(true),
		Shape:      p.text(false),
		Plan:       p.stages(r.access, "find").String(),
		Keys:       r.exec.keys,
		Docs:       r.exec.docs,
		Returned:   returned,
	}
	if p.pinned() == nil {
		run.Wanted, run.Why = p.wanted()
		run.Served = p.has(run.Wanted)
	}
	return run
}
