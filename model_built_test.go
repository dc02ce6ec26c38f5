package virga

import (
	"strings"

	"github.com/virgadb/virga/query"
)

// where returns the filter of an op as it is handed to the database.
func (o op) where() any {
	if o.Where == nil {
		return nil
	}
	if !o.Built {
		return query.Raw(o.Where)
	}
	return builtFilter(o.Where)
}

// update returns the update of an op as it is handed to the database.
func (o op) update() any {
	if !o.Built {
		return query.Raw(o.Data)
	}
	return builtUpdate(o.Data.(D))
}

// builtFilter says a filter in commands and nested objects.
func builtFilter(filter D) any {
	var fields D
	var conds []any
	for _, f := range filter {
		switch f.Key {
		case "$and":
			conds = append(conds, query.And(builtFilters(f.Value)...))
		case "$or":
			conds = append(conds, query.Or(builtFilters(f.Value)...))
		case "$nor":
			conds = append(conds, query.Nor(builtFilters(f.Value)...))
		default:
			fields = append(fields, E{Key: f.Key, Value: builtCondition(f.Value)})
		}
	}
	if len(conds) == 0 {
		return nested(fields)
	}
	if len(fields) > 0 {
		conds = append(conds, nested(fields))
	}
	return query.And(conds...)
}

func builtFilters(list any) []any {
	var built []any
	for _, f := range list.([]any) {
		built = append(built, builtFilter(f.(D)))
	}
	return built
}

// builtCondition says what a field must be.
func builtCondition(cond any) any {
	ops, ok := operators(cond)
	if !ok {
		if _, ok := cond.(D); ok {
			return query.Eq(cond)
		}
		return cond
	}
	built := builtOperator(ops[0])
	for _, o := range ops[1:] {
		built = built.And(builtOperator(o))
	}
	return built
}

func builtOperator(o E) query.Condition {
	switch o.Key {
	case "$eq":
		return query.Eq(o.Value)
	case "$ne":
		return query.Neq(o.Value)
	case "$gt":
		return query.Gt(o.Value)
	case "$gte":
		return query.Gte(o.Value)
	case "$lt":
		return query.Lt(o.Value)
	case "$lte":
		return query.Lte(o.Value)
	case "$in":
		return query.In(o.Value)
	case "$nin":
		return query.Nin(o.Value)
	case "$not":
		return query.Not(builtCondition(o.Value))
	case "$exists":
		return query.Exists(o.Value.(bool))
	case "$all":
		return query.All(o.Value)
	case "$size":
		return query.Size(int(o.Value.(int64)))
	case "$mod":
		list := o.Value.([]any)
		return query.Mod(list[0], list[1])
	case "$regex":
		return query.Regex(o.Value.(string))
	case "$elemMatch":
		if _, ok := operators(o.Value); ok {
			return query.ElemMatch(builtCondition(o.Value))
		}
		return query.ElemMatch(builtElement(o.Value.(D)))
	}
	panic("the model knows no " + o.Key)
}

// builtElement says what an element must be, path by path: nothing is nested there.
func builtElement(cond D) D {
	built := make(D, len(cond))
	for i, f := range cond {
		built[i] = E{Key: f.Key, Value: builtCondition(f.Value)}
	}
	return built
}

// builtUpdate says an update in commands and nested objects.
func builtUpdate(update D) any {
	var fields D
	for _, group := range update {
		for _, f := range group.Value.(D) {
			fields = append(fields, E{Key: f.Key, Value: builtChange(group.Key, f.Value)})
		}
	}
	return nested(fields)
}

func builtChange(op string, operand any) any {
	d, special := operators(operand)
	switch op {
	case "$set":
		if _, ok := operand.(D); ok {
			return query.Set(operand)
		}
		return operand
	case "$unset":
		return query.Remove()
	case "$inc":
		return query.Inc(operand)
	case "$mul":
		return query.Mul(operand)
	case "$min":
		return query.Min(operand)
	case "$max":
		return query.Max(operand)
	case "$rename":
		return query.Rename(operand.(string))
	case "$pop":
		if operand.(int64) < 0 {
			return query.Shift()
		}
		return query.Pop()
	case "$pull":
		if special {
			return query.Pull(builtCondition(operand))
		}
		if cond, ok := operand.(D); ok {
			return query.Pull(builtElement(cond))
		}
		return query.Pull(operand)
	case "$addToSet":
		if special {
			return query.AddEach(get(d, "$each").([]any)...)
		}
		return query.AddToSet(operand)
	case "$push":
		if special {
			return builtPush(d)
		}
		return query.Push([]any{operand})
	}
	panic("the model knows no " + op)
}

func builtPush(d D) any {
	o := query.PushOptions{Each: get(d, "$each").([]any)}
	if n, ok := get(d, "$position").(int64); ok {
		o.Position = new(int(n))
	}
	if n, ok := get(d, "$slice").(int64); ok {
		o.Slice = new(int(n))
	}
	if by := get(d, "$sort"); by != (absent{}) {
		o.Sort = by
	}
	return query.PushWith(o)
}

// nested turns a dotted path into objects where no other path has the same start.
func nested(fields D) D {
	starts := map[string]int{}
	for _, f := range fields {
		first, _, _ := strings.Cut(f.Key, ".")
		starts[first]++
	}
	out := make(D, len(fields))
	for i, f := range fields {
		first, rest, dotted := strings.Cut(f.Key, ".")
		if dotted && starts[first] == 1 {
			f = E{Key: first, Value: D{{Key: rest, Value: f.Value}}}
		}
		out[i] = f
	}
	return out
}
