package query

import (
	"math"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/virgadb/virga/document"
)

// The naive matcher decides filters in MongoDB's form on decoded values, by
// listing every value a path reaches. It shares no code with the matcher on bytes
// and knows no limits. Values are nil, bool, int64, float64, string, []byte,
// time.Time, document.Regex, []any, document.D and, for no value, absent.

// naiveMatch reports whether root meets filter. An array counts as an object of
// its elements, as it does for an element asked for by $elemMatch.
func naiveMatch(filter document.D, root any) bool {
	if list, ok := root.([]any); ok {
		d := document.D{}
		for i, e := range list {
			d = append(d, document.E{Key: strconv.Itoa(i), Value: e})
		}
		root = d
	}
	for _, f := range filter {
		if !naiveTop(f.Key, f.Value, root) {
			return false
		}
	}
	return true
}

func naiveTop(key string, cond, root any) bool {
	switch key {
	case "$comment":
		return true
	case "$and", "$or", "$nor":
		holding := 0
		for _, sub := range cond.([]any) {
			if naiveMatch(sub.(document.D), root) {
				holding++
			}
		}
		switch key {
		case "$and":
			return holding == len(cond.([]any))
		case "$or":
			return holding > 0
		}
		return holding == 0
	}
	return naiveField(cond, naiveReach(root, strings.Split(key, ".")))
}

func naiveField(cond any, at []landing) bool {
	if ops, ok := cond.(document.D); ok && len(ops) > 0 && strings.HasPrefix(ops[0].Key, "$") {
		return naiveOps(ops, at)
	}
	if re, ok := cond.(document.Regex); ok {
		return naiveOp("$regex", re, nil, at)
	}
	return naiveOp("$eq", cond, nil, at)
}

func naiveOps(ops document.D, at []landing) bool {
	for _, o := range ops {
		if !naiveOp(o.Key, o.Value, ops, at) {
			return false
		}
	}
	return true
}

func naiveOp(op string, operand any, siblings document.D, at []landing) bool {
	switch op {
	case "$ne":
		return !naiveOp("$eq", operand, nil, at)
	case "$nin":
		return !naiveOp("$in", operand, nil, at)
	case "$not":
		return !naiveField(operand, at)
	case "$options":
		return true
	case "$all":
		list := operand.([]any)
		for _, v := range list {
			if !naiveField(naiveAllMember(v), at) {
				return false
			}
		}
		return len(list) > 0
	case "$exists":
		if naiveRank(operand) == 1 || naiveRank(operand) == 2 && naiveCompare(operand, int64(0)) == 0 || operand == false {
			return !naiveOp("$exists", true, nil, at)
		}
	}
	for _, l := range at {
		list, isArray := l.value.([]any)
		if isArray && l.into && op != "$size" && op != "$elemMatch" {
			for _, e := range list {
				if naiveOne(op, operand, siblings, e) {
					return true
				}
			}
		}
		if naiveOne(op, operand, siblings, l.value) {
			return true
		}
	}
	return false
}

// naiveAllMember turns a member of $all into what a field may ask for.
func naiveAllMember(v any) any {
	switch x := v.(type) {
	case document.Regex:
		return x
	case document.D:
		if len(x) == 1 && x[0].Key == "$elemMatch" {
			return x
		}
	}
	return document.D{{Key: "$eq", Value: v}}
}

func naiveOne(op string, operand any, siblings document.D, v any) bool {
	switch op {
	case "$eq":
		if _, ok := v.(absent); ok {
			v = nil
		}
		return naiveCompare(v, operand) == 0
	case "$gt", "$gte", "$lt", "$lte":
		return naiveRange(op, v, operand)
	case "$in":
		for _, m := range operand.([]any) {
			if re, ok := m.(document.Regex); ok && naiveOne("$regex", re, nil, v) {
				return true
			} else if !ok && naiveOne("$eq", m, nil, v) {
				return true
			}
		}
		return false
	case "$exists":
		_, missing := v.(absent)
		return !missing
	case "$type":
		return naiveType(operand, v)
	case "$mod":
		return naiveMod(operand.([]any), v)
	case "$regex":
		return naiveRegex(operand, siblings, v)
	case "$size":
		list, ok := v.([]any)
		return ok && naiveCompare(int64(len(list)), operand) == 0
	case "$geoWithin", "$geoIntersects":
		return naiveGeo(operand.(document.D), v)
	case "$elemMatch":
		list, _ := v.([]any)
		return slices.ContainsFunc(list, func(e any) bool { return naiveElement(operand.(document.D), e) })
	}
	return naiveBits(op, operand, v)
}

// naiveBox is a polygon around the points of degrees 0 and 1, away from others.
var naiveBox = document.D{{Key: "type", Value: "Polygon"}, {Key: "coordinates",

	Value: [][][]float64{{{-0.5, -0.5}, {1.5, -0.5}, {1.5, 1.5}, {-0.5, 1.5}, {-0.5, -0.5}}}}}

// naiveGeo reports whether v is a point in naiveBox, or in a circle around (1, 1).
func naiveGeo(operand document.D, v any) bool {
	d, _ := v.(document.D)
	list, _ := naiveGet(d, "coordinates").([]any)
	if naiveGet(d, "type") != "Point" || len(list) < 2 || naiveRank(list[0]) != 2 || naiveRank(list[1]) != 2 {
		return false
	}
	bigX, xNaN := naiveNumber(list[0])
	bigY, yNaN := naiveNumber(list[1])
	if xNaN || yNaN {
		return false
	}
	x, _ := bigX.Float64()
	y, _ := bigY.Float64()
	if circle, ok := naiveGet(operand, "$centerSphere").([]any); ok {
		return math.Abs(y) <= 90 && math.Hypot(x-1, y-1)*math.Pi/180 < circle[1].(float64) // so near the equator the globe is flat
	}
	return math.Abs(x-0.5) < 1 && math.Abs(y-0.5) < 1
}

func naiveElement(cond document.D, e any) bool {
	if len(cond) > 0 && strings.HasPrefix(cond[0].Key, "$") && !slices.Contains([]string{"$and", "$or", "$nor", "$comment"}, cond[0].Key) {
		return naiveOps(cond, []landing{{e, false}})
	}
	return (naiveRank(e) == 4 || naiveRank(e) == 5) && naiveMatch(cond, e)
}

func naiveRange(op string, v, bound any) bool {
	if _, ok := v.(absent); ok {
		v = nil
	}
	if naiveRank(v) != naiveRank(bound) {
		return false
	}
	if naiveRank(v) == 2 {
		_, vNaN := naiveNumber(v)
		_, bNaN := naiveNumber(bound)
		if vNaN || bNaN {
			return vNaN && bNaN && len(op) == 4
		}
	}
	c := naiveCompare(v, bound)
	return c == 0 && len(op) == 4 || c > 0 && op[1] == 'g' || c < 0 && op[1] == 'l'
}

func naiveWhole(v any) (*big.Int, bool) {
	n, nan := naiveNumber(v)
	if nan || n.IsInf() {
		return nil, false
	}
	whole, _ := n.Int(nil)
	return whole, whole.IsInt64()
}

func naiveMod(operand []any, v any) bool {
	n, ok := naiveWhole(v)
	if !ok {
		return false
	}
	divisor, _ := naiveWhole(operand[0])
	remainder, _ := naiveWhole(operand[1])
	return new(big.Int).Rem(n, divisor).Cmp(remainder) == 0
}

func naiveRegex(operand any, siblings document.D, v any) bool {
	text, ok := v.(string)
	if !ok {
		return false
	}
	re, ok := operand.(document.Regex)
	if !ok {
		re.Pattern = operand.(string)
	}
	if o, ok := naiveGet(siblings, "$options").(string); ok {
		re.Options = o
	}
	flags := ""
	for _, o := range "ims" {
		if strings.ContainsRune(re.Options, o) {
			flags += string(o)
		}
	}
	if flags != "" {
		flags = "(?" + flags + ")"
	}
	compiled := regexp.MustCompile(flags + re.Pattern)
	return compiled.MatchString(text) ||
		strings.Contains(re.Pattern, "$") && strings.HasSuffix(text, "\n") && compiled.MatchString(text[:len(text)-1])
}

func naiveType(operand, v any) bool {
	list, ok := operand.([]any)
	if !ok {
		list = []any{operand}
	}
	names := []string{"", "null", "", "string", "object", "array", "binData", "bool", "date", "regex"}
	codes := []int64{0, 10, 0, 2, 3, 4, 5, 8, 9, 11}
	name, code := names[naiveRank(v)], codes[naiveRank(v)]
	switch n := v.(type) {
	case float64:
		name, code = "double", 1
	case int64:
		name, code = "long", 18
		if n >= math.MinInt32 && n <= math.MaxInt32 {
			name, code = "int", 16
		}
	}
	for _, want := range list {
		if want == name && name != "" || want == "number" && naiveRank(v) == 2 || code != 0 && naiveCompare(want, code) == 0 {
			return true
		}
	}
	return false
}

func naiveBits(op string, operand, v any) bool {
	bit := naiveBitsOf(v)
	if bit == nil {
		return false
	}
	var positions []int64
	if list, ok := operand.([]any); ok {
		for _, p := range list {
			n, _ := naiveWhole(p)
			positions = append(positions, n.Int64())
		}
	} else {
		of := naiveBitsOf(operand)
		for at := range int64(1024) {
			if of(at) {
				positions = append(positions, at)
			}
		}
	}
	set := strings.HasSuffix(op, "Set")
	some, every := false, true
	for _, at := range positions {
		some = some || bit(at) == set
		every = every && bit(at) == set
	}
	if strings.HasPrefix(op, "$bitsAny") {
		return some
	}
	return every
}

func naiveBitsOf(v any) func(int64) bool {
	switch x := v.(type) {
	case []byte:
		return func(at int64) bool { return at < int64(len(x))*8 && x[at/8]&(1<<(at%8)) != 0 }
	case int64, float64:
		n, ok := naiveWhole(x)
		if exact, nan := naiveNumber(x); !ok || nan || !exact.IsInt() {
			return nil
		}
		return func(at int64) bool {
			if at > 62 {
				return n.Sign() < 0
			}
			return new(big.Int).And(new(big.Int).Rsh(n, uint(at)), big.NewInt(1)).Sign() != 0
		}
	}
	return nil
}
