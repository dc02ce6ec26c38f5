package plan

import (
	"log/slog"
	"time"
)

// A running is one run of a request from its plan to its end.
type running struct {
	exec   *exec
	access *access
	began  time.Time
	left   time.Time     // when the user was given control, if he has it
	absent time.Duration // how long he has had it
	ended  bool
}

// begin plans a request.
func begin(p *planner) (*running, error) {
	r := &running{}
	o := &p.options
	if r.watched(o) {
		r.began = o.Clock.Now()
	}
	var err error
	if r.access, err = p.plan(); err != nil {
		return nil, err
	}
	if o.Advisor != nil {
		o.Advisor.usedBy(r.access)
	}
	r.exec = newExec(p)
	return r, nil
}

// watched reports whether anybody wants to know how long the run takes.
func (r *running) watched(o *Options) bool { return o.Advisor != nil || o.Slow > 0 }

func (r *running) away() {
	if r != nil && !r.began.IsZero() {
		r.left = r.exec.planner.options.Clock.Now()
	}
}

func (r *running) back() {
	if r != nil && !r.began.IsZero() {
		r.absent += r.exec.planner.options.Clock.Now().Sub(r.left)
	}
}

// end tells of the run. Reads of one document by its _id are not worth telling.
func (r *running) end(returned int64) {
	if r.ended {
		return
	}
	r.ended = true
	p := r.exec.planner
	o := &p.options
	if o.Trace != nil {
		o.Trace(r.told(returned))
	}
	if !r.watched(o) || r.access.kind == byID && len(r.access.ids) == 1 && r.access.ids[0].point {
		return
	}
	took := o.Clock.Now().Sub(r.began) - r.absent
	if o.Advisor != nil {
		o.Advisor.ran(r.exec, returned, took)
	}
	if o.Slow > 0 && took >= o.Slow && o.Logger != nil {
		o.Logger.Warn("slow query",
			slog.String("collection", p.coll.Name), slog.String("query", p.shapeText()), slog.String("plan", p.stages(r.access, "find").String()),
			slog.Duration("time", took), slog.Int64("keys", r.exec.keys), slog.Int64("documents", r.exec.docs), slog.Int64("found", returned))
	}
}
