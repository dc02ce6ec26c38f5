package virga

import "slices"

// filter returns a filter in MongoDB's form.
func (g generator) filter(depth int) D {
	d := D{}
	for range g.IntN(3) {
		path := g.path()
		if g.chance(8) {
			path = pick(g, "t.0", "t.1", "l.0.x", "l.1", "n.x.0")
		}
		if get(d, path) == (absent{}) {
			d = append(d, E{Key: path, Value: g.condition(path, depth)})
		}
	}
	if depth > 0 && g.chance(4) {
		list := make([]any, 1+g.IntN(3))
		for i := range list {
			list[i] = g.filter(depth - 1)
		}
		d = append(d, E{Key: pick(g, "$and", "$or", "$nor"), Value: list})
	}
	return d
}

// condition returns what the field at a path must be.
func (g generator) condition(path string, depth int) any {
	switch g.IntN(8) {
	case 0, 1:
		return g.operand(path)
	case 2:
		if depth > 0 {
			return D{{"$not", D{g.operator(path, depth-1)}}}
		}
	case 3:
		return D{{pick(g, "$gt", "$gte"), g.operand(path)}, {pick(g, "$lt", "$lte"), g.operand(path)}}
	}
	return D{g.operator(path, depth)}
}

// operand returns a value to compare the field at a path with.
func (g generator) operand(path string) any {
	switch {
	case path == "_id":
		return g.id()
	case g.chance(6):
		return g.field(pick(g, "n", "t", "l"))
	}
	return g.scalar()
}

func (g generator) operator(path string, depth int) E {
	switch g.IntN(13) {
	case 0:
		return E{"$eq", g.operand(path)}
	case 1:
		return E{"$ne", g.operand(path)}
	case 2:
		return E{pick(g, "$in", "$nin"), g.operands(path)}
	case 3:
		return E{"$exists", pick(g, true, false)}
	case 4:
		return E{"$all", g.operands(path)}
	case 5:
		return E{"$size", int64(g.IntN(4))}
	case 6:
		return E{"$mod", []any{pick[int64](g, 2, 3, -2), int64(g.IntN(3) - 1)}}
	case 7:
		return E{"$regex", pick(g, "^a", "b", "B$", "^$", "^.b?$")}
	case 8:
		if depth > 0 {
			return E{"$elemMatch", g.element(depth - 1)}
		}
	}
	return E{pick(g, "$gt", "$gte", "$lt", "$lte"), g.operand(path)}
}

func (g generator) operands(path string) []any {
	list := make([]any, g.IntN(4))
	for i := range list {
		list[i] = g.operand(path)
	}
	return list
}

// element returns what an element must be: itself or in its fields.
func (g generator) element(depth int) D {
	if g.chance(2) {
		d := D{g.operator("t", depth)}
		if o := g.operator("t", depth); o.Key != d[0].Key {
			d = append(d, o)
		}
		return d
	}
	d := D{}
	for _, name := range g.some("x", "y") {
		d = append(d, E{Key: name, Value: g.condition(name, depth)})
	}
	return d
}

// update returns an update in MongoDB's form whose paths do not meet.
func (g generator) update() D {
	if g.chance(14) {
		return D{{"$rename", D{{pick(g, "a", "b", "n"), pick(g, "c", "t", "d")}}}}
	}
	paths := pick(g,
		[]string{"a", "b", "n.x", "n.y", "t"},
		[]string{"a", "n", "t.1", "l.0.x"},
		[]string{"c", "n.z.w", "t.0", "l.1"},
		[]string{"t", "l", "b", "d"},
		[]string{"l", "t"},
	)
	paths = slices.Clone(paths)
	g.Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
	update := D{}
	for _, path := range paths[:1+g.IntN(min(3, len(paths)))] {
		name, operand := g.change(path)
		i := slices.IndexFunc(update, func(e E) bool { return e.Key == name })
		if i < 0 {
			update = append(update, E{Key: name, Value: D{}})
			i = len(update) - 1
		}
		update[i].Value = append(update[i].Value.(D), E{Key: path, Value: operand})
	}
	return update
}

// change returns an operator for the field at a path, and its operand.
func (g generator) change(path string) (string, any) {
	if (path == "t" || path == "l") && !g.chance(5) {
		return g.changeList(path)
	}
	switch g.IntN(8) {
	case 0, 1:
		return "$unset", ""
	case 2:
		return pick(g, "$inc", "$mul"), g.number()
	case 3:
		return "$inc", int64(1)
	case 4:
		return pick(g, "$min", "$max"), g.scalar()
	}
	return "$set", g.field(path)
}

func (g generator) changeList(path string) (string, any) {
	element := func() any {
		if path == "l" {
			return g.object()
		}
		return g.scalar()
	}
	switch g.IntN(6) {
	case 0:
		return "$push", element()
	case 1:
		return "$push", g.pushing(path, element)
	case 2:
		return "$pop", pick[int64](g, 1, -1)
	case 3:
		return "$addToSet", element()
	case 4:
		return "$addToSet", D{{"$each", []any{element(), element()}}}
	}
	if path == "l" {
		return "$pull", D{{pick(g, "x", "y"), g.condition("x", 0)}}
	}
	if g.chance(2) {
		return "$pull", g.scalar()
	}
	return "$pull", D{g.operator("t", 0)}
}

func (g generator) pushing(path string, element func() any) D {
	each := make([]any, g.IntN(4))
	for i := range each {
		each[i] = element()
	}
	d := D{{"$each", each}}
	if g.chance(2) {
		d = append(d, E{"$position", int64(g.IntN(7) - 3)})
	}
	if g.chance(3) {
		if path == "l" && g.chance(2) {
			d = append(d, E{"$sort", D{{"x", pick[int64](g, 1, -1)}}})
		} else {
			d = append(d, E{"$sort", pick[int64](g, 1, -1)})
		}
	}
	if g.chance(3) {
		d = append(d, E{"$slice", int64(g.IntN(9) - 4)})
	}
	return d
}
