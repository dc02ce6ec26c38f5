package virga

import (
	"slices"
	"strings"
)

// pipeline returns a random pipeline in the part of the language that the naive one
// knows, in MongoDB's form.
func (g generator) pipeline(depth int) []any {
	stages := []any{}
	for range g.IntN(6) {
		if g.chance(8) {
			stages = append(stages, g.crossing()...)
		}
		stages = append(stages, g.stage(depth))
	}
	if g.chance(20) {
		stages = append(stages, D{{"$sample", D{{"size", int64(1000)}}}}, D{{"$match", g.matchCond(1)}}, D{{"$count", "q"}})
	}
	return stages
}

// crossing returns a stage that writes into a field, and a condition on what is beside
// what it writes, which may or may not change places with it.
func (g generator) crossing() []any {
	name := pick(g, "a", "n", "n", "l", "l", "t")
	below := D{{pick(g, "x", "k"), g.expression(1)}}
	if g.chance(2) {
		below = D{{pick(g, "z", "k"), D{{pick(g, "w", "y"), g.expression(1)}}}}
	}
	var stage D
	switch g.IntN(6) {
	case 0, 1:
		stage = D{{"$addFields", D{{name, below}}}}
	case 2:
		stage = D{{"$project", D{{name + ".x", int64(1)}, {name + ".k", D{{"w", g.expression(1)}}}, {"b", int64(1)}}}}
	case 3:
		stage = D{{"$project", D{{name, pick[any](g, int64(0), D{{"x", int64(0)}}, D{{"z", D{{"w", int64(0)}}}})}}}}
	case 4:
		stage = D{{"$unwind", D{{"path", "$" + name}, {"includeArrayIndex", name + pick(g, ".k", ".x")}, {"preserveNullAndEmptyArrays", true}}}}
	case 5:
		stage = D{{"$lookup", D{{"from", "q"}, {"localField", "a"}, {"foreignField", "a"}, {"as", name + pick(g, ".k", ".x")}}}}
	}
	path := name + pick(g, "", ".x", ".y", ".z", ".z.w", ".0.x", ".1", ".k")
	cond := pick[any](g, nil, D{{"$exists", g.chance(2)}}, D{{"$ne", nil}}, D{{"$size", int64(1)}}, g.condition(path, 1))
	if g.chance(4) {
		return []any{stage, D{{"$match", D{{"$expr", D{{pick(g, "$eq", "$gt"), []any{"$" + path, pick[any](g, nil, int64(1), []any{})}}}}}}}}
	}
	return []any{stage, D{{"$match", D{{path, cond}}}}}
}

func (g generator) stage(depth int) D {
	for {
		if s := g.anyStage(depth); s != nil {
			return s
		}
	}
}

func (g generator) anyStage(depth int) D {
	switch g.IntN(23) {
	case 0, 1, 2, 3:
		return D{{"$match", g.matchCond(1)}}
	case 4, 5:
		return D{{"$sort", g.someOrder()}}
	case 6:
		return D{{"$limit", int64(1 + g.IntN(12))}}
	case 7:
		return D{{"$skip", int64(g.IntN(6))}}
	case 8, 9:
		return D{{"$addFields", g.additions()}}
	case 10, 11:
		return D{{"$project", g.projection()}}
	case 12:
		return D{{"$unset", pick(g, "a", "n", "n.x", "l.x", "t", "q", "z")}}
	case 13, 14:
		return D{{"$unwind", g.unwind()}}
	case 15, 16:
		return D{{"$group", g.group()}}
	case 17:
		return D{{"$sortByCount", g.reading()}}
	case 18:
		return D{{"$count", "q"}}
	case 19:
		if g.chance(3) {
			return D{{"$replaceRoot", D{{"newRoot", pick[any](g, "$n", D{{"_id", "$a"}, {"q", "$q"}, {"n", "$n"}}, "$$ROOT")}}}}
		}
	case 20:
		return D{{"$lookup", g.lookup()}}
	case 21:
		if depth == 0 {
			return nil
		}
		if g.chance(2) {
			return D{{"$unionWith", D{{"coll", "q"}, {"pipeline", g.pipeline(0)}}}}
		}
		return D{{"$facet", D{{"a", g.pipeline(0)}, {"t", g.pipeline(0)}}}}
	case 22:
		return D{{"$graphLookup", g.graph()}}
	}
	return nil
}

func (g generator) matchCond(depth int) D {
	cond := g.filter(2)
	if g.chance(3) {
		cond = append(cond, E{"$expr", g.truth()})
	}
	if depth > 0 && g.chance(4) {
		var kids []any
		for range 1 + g.IntN(3) {
			kids = append(kids, g.matchCond(depth-1))
		}
		cond = append(cond, E{pick(g, "$or", "$nor", "$and"), kids})
	}
	return cond
}

func (g generator) someOrder() D {
	for {
		if by := g.order(); len(by) > 0 {
			return by
		}
	}
}

// reading returns an expression that is a path.
func (g generator) reading() string {
	return "$" + pick(g, "a", "b", "c", "n", "n.x", "n.y", "t", "l", "l.x", "q", "_id", "m", "z")
}

// truth returns an expression that compares.
func (g generator) truth() D {
	op := pick(g, "$eq", "$gt", "$lte")
	cmp := D{{op, []any{g.reading(), pick[any](g, g.reading(), int64(g.IntN(4)), "a", nil)}}}
	if g.chance(4) {
		return D{{"$and", []any{cmp, D{{"$not", []any{D{{"$isArray", []any{g.reading()}}}}}}}}}
	}
	return cmp
}

func (g generator) expression(depth int) any {
	if depth == 0 {
		return pick[any](g, g.reading(), g.reading(), int64(g.IntN(5)), "a")
	}
	switch g.IntN(7) {
	case 0:
		return g.truth()
	case 1:
		return D{{"$cond", []any{g.truth(), g.expression(depth - 1), g.expression(depth - 1)}}}
	case 2:
		return D{{"$ifNull", []any{g.reading(), g.expression(depth - 1)}}}
	case 3:
		return []any{g.expression(depth - 1), g.reading()}
	case 4:
		return D{{"$cond", []any{D{{"$isArray", []any{g.reading()}}}, "x", g.reading()}}}
	}
	return g.reading()
}

// additions returns fields to add.
func (g generator) additions() D {
	d := D{}
	for _, name := range g.some("a", "n", "l", "q", "z") {
		switch {
		case name == "q":
			d = append(d, E{name, D{{"$add", []any{D{{"$cond", []any{g.truth(), int64(1), int64(2)}}}, int64(g.IntN(3))}}}})
		case (name == "n" || name == "l") && g.chance(2):
			below := D{{pick(g, "x", "k"), g.expression(1)}}
			if g.chance(3) {
				below = D{{pick(g, "x", "z", "k"), D{{pick(g, "w", "y"), g.expression(1)}}}}
			}
			d = append(d, E{name, below})
		case g.chance(2):
			d = append(d, E{name, g.expression(2)})
		}
	}
	if len(d) == 0 {
		d = D{{"z", g.expression(2)}}
	}
	return d
}

func (g generator) projection() D {
	if g.chance(4) {
		return pick(g, D{{"a", int64(0)}, {"l", D{{"x", int64(0)}}}}, D{{"n.x", int64(0)}, {"n.z.w", int64(0)}}, D{{"t", int64(0)}, {"q", int64(0)}, {"_id", int64(0)}})
	}
	d := D{}
	for _, name := range g.some("a", "b", "n", "t", "l", "q") {
		switch {
		case (name == "n" || name == "l") && g.chance(2):
			for _, below := range g.some("x", "y", "z.w", "k") {
				d = append(d, E{name + "." + below, pick[any](g, int64(1), int64(1), int64(1), g.reading())})
			}
		case g.chance(4):
			d = append(d, E{name, pick[any](g, g.reading(), g.truth())})
		default:
			d = append(d, E{name, int64(1)})
		}
	}
	if len(d) == 0 || g.chance(6) {
		d = append(d, E{"z", g.reading()})
	}
	if g.chance(5) {
		d = append(d, E{"_id", int64(0)})
	}
	return d
}

func (g generator) unwind() D {
	d := D{{"path", "$" + pick(g, "t", "l", "a", "n.x", "m")}}
	if g.chance(3) {
		d = append(d, E{"includeArrayIndex", pick(g, "i", "a", "q", "n.k", "l.k")})
	}
	if g.chance(2) {
		d = append(d, E{"preserveNullAndEmptyArrays", true})
	}
	return d
}

func (g generator) lookup() D {
	d := D{{"from", "q"}, {"as", pick(g, "m", "a", "q", "n.m", "l.m")}}
	piped := g.chance(3)
	if !piped || g.chance(3) {
		d = append(d, E{"localField", pick(g, "a", "n.x", "t", "l.x", "_id", "b", "z")}, E{"foreignField", pick(g, "a", "n.x", "t", "l.x", "_id", "b")})
	}
	if !piped {
		return d
	}
	stages := g.pipeline(0)
	for range 1 + g.IntN(2) {
		use := D{{"$match", D{{"$expr", D{{pick(g, "$eq", "$gt"), []any{g.reading(), "$$v"}}}}}}}
		if g.chance(4) {
			use = D{{"$addFields", D{{pick(g, "z", "a"), "$$v"}}}}
		}
		stages = slices.Insert(stages, g.IntN(len(stages)+1), any(use))
	}
	return append(d, E{"let", D{{"v", g.reading()}}}, E{"pipeline", stages})
}

func (g generator) graph() D {
	d := D{
		{"from", "q"}, {"startWith", g.reading()}, {"connectFromField", pick(g, "a", "n.x", "t", "l.x", "b")},
		{"connectToField", pick(g, "a", "n.x", "t", "l.x", "b", "_id")}, {"as", pick(g, "m", "a", "n.m", "l.m")}, {"depthField", "depth"},
	}
	if g.chance(2) {
		d = append(d, E{"maxDepth", int64(g.IntN(3))})
	}
	return d
}

func (g generator) group() D {
	d := D{{"_id", pick[any](g, nil, g.reading(), g.reading(), D{{"x", g.reading()}, {"y", g.truth()}})}}
	for _, name := range g.some("a", "t", "n", "q", "b") {
		op := pick(g, "$first", "$last", "$push", "$addToSet", "$min", "$max", "$sum", "$avg")
		var v any = g.expression(1)
		if op == "$sum" || op == "$avg" {
			v = D{{"$cond", []any{g.truth(), int64(g.IntN(4)), pick[any](g, 0.5, nil, "a", int64(2))}}}
		}
		if op == "$push" && g.chance(3) {
			v = "$$ROOT"
		}
		if _, ok := v.([]any); ok {
			v = D{{"v", v}} // a list would be one of operands
		}
		d = append(d, E{name, D{{op, v}}})
	}
	return d
}

// shown prints a pipeline.
func shown(stages []any) string {
	parts := make([]string, len(stages))
	for i, s := range stages {
		parts[i] = text(s)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}
