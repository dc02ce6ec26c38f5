package expr

import (
	"github.com/virgadb/virga/document"
)

// conditionals holds the operators that evaluate only the operands they need.
var conditionals = table{
	"$and":    {build: buildLogic(false)},
	"$or":     {build: buildLogic(true)},
	"$not":    {min: 1, max: 1, fn: func(_ *Env, args []document.Value) (document.Value, error) { return boolean(!truth(args[0])), nil }},
	"$cond":   {build: buildCond},
	"$ifNull": {build: buildIfNull},
	"$switch": {build: buildSwitch},
}

// A logic is an "and" or an "or": it ends at the first operand that decides.
type logic struct {
	decides bool // the truth of an operand after which no other counts
	args    []node
}

func (l *logic) eval(e *Env) (document.Value, error) {
	for _, a := range l.args {
		v, err := a.eval(e)
		if err != nil {
			return missing, err
		}
		if truth(v) == l.decides {
			return boolean(l.decides), nil
		}
	}
	return boolean(!l.decides), nil
}

func buildLogic(decides bool) func(*compiler, place, any) (node, error) {
	return func(c *compiler, at place, v any) (node, error) {
		args, err := c.operands(at, v)
		if err != nil {
			return nil, err
		}
		kept := args[:0]
		for _, a := range args {
			known, ok := a.(constant)
			switch {
			case !ok:
				kept = append(kept, a)
			case truth(known.value) == decides && len(kept) == 0:
				return constant{boolean(decides)}, nil
			case truth(known.value) == decides:
				// The operands in front of it may yet fail.
				return &logic{decides, append(kept, a)}, nil
			}
		}
		if len(kept) == 0 {
			return constant{boolean(!decides)}, nil
		}
		return &logic{decides, kept}, nil
	}
}

// A choice is a list of conditions and what each chooses. The first that holds
// counts.
type choice struct {
	place
	cases, then []node
	otherwise   node // nil: it is an error that none holds
}

func (s *choice) eval(e *Env) (document.Value, error) {
	for i, condition := range s.cases {
		v, err := condition.eval(e)
		if err != nil {
			return missing, err
		}
		if truth(v) {
			return s.then[i].eval(e)
		}
	}
	if s.otherwise == nil {
		return missing, s.fail(invalid("no branch holds and there is no default"))
	}
	return s.otherwise.eval(e)
}

// settle leaves out of s what is known not to be needed.
func (s *choice) settle() node {
	cases, then := s.cases, s.then
	s.cases, s.then = nil, nil
	for i, condition := range cases {
		known, ok := condition.(constant)
		if ok && truth(known.value) {
			s.otherwise = then[i]
			break
		}
		if !ok {
			s.cases, s.then = append(s.cases, condition), append(s.then, then[i])
		}
	}
	if len(s.cases) == 0 && s.otherwise != nil {
		return s.otherwise
	}
	return s
}

func buildCond(c *compiler, at place, v any) (node, error) {
	var args []node
	var err error
	if list, ok := document.List(v); ok {
		if err := counted(len(list), 3, 3); err != nil {
			return nil, err
		}
		args, err = c.each(list, at.under(""))
	} else {
		args, err = c.parameters(at, v, []string{"if", "then", "else"})
	}
	if err != nil {
		return nil, err
	}
	s := &choice{place: at, cases: args[:1], then: args[1:2], otherwise: args[2]}
	return s.settle(), nil
}

func buildSwitch(c *compiler, at place, v any) (node, error) {
	given, err := pick(v, []string{"branches", "default?"})
	if err != nil {
		return nil, err
	}
	branches, ok := document.List(given[0].value)
	if !ok || len(branches) == 0 {
		return nil, invalid("needs an array of at least one branch")
	}
	s := &choice{place: at}
	for _, branch := range branches {
		args, err := c.parameters(place{at.under("branches"), ""}, branch, []string{"case", "then"})
		if err != nil {
			return nil, err
		}
		s.cases, s.then = append(s.cases, args[0]), append(s.then, args[1])
	}
	if given[1].ok {
		if s.otherwise, err = c.compile(given[1].value, at.under("default")); err != nil {
			return nil, err
		}
	}
	return s.settle(), nil
}

// A fallback yields the first of its operands that is not null, or the last.
type fallback struct{ args []node }

func (f *fallback) eval(e *Env) (document.Value, error) {
	last := len(f.args) - 1
	for _, a := range f.args[:last] {
		v, err := a.eval(e)
		if err != nil || !nullish(v) {
			return v, err
		}
	}
	return f.args[last].eval(e)
}

func buildIfNull(c *compiler, at place, v any) (node, error) {
	args, err := c.operands(at, v)
	if err == nil {
		err = counted(len(args), 2, many)
	}
	if err != nil {
		return nil, err
	}
	return c.fold(&fallback{args}, args), nil
}
