package virga

import (
	"strings"
)

func naivePath(v any, path []string) any {
	if len(path) == 0 {
		return v
	}
	switch x := v.(type) {
	case D:
		return naivePath(get(x, path[0]), path[1:])
	case []any:
		list := []any{}
		for _, e := range x {
			if d, ok := e.(D); ok {
				if found := naivePath(d, path); found != any(absent{}) {
					list = append(list, found)
				}
			}
		}
		return list
	}
	return absent{}
}

func naiveTruth(v any) bool {
	switch x := v.(type) {
	case nil, absent:
		return false
	case bool:
		return x
	case int64, float64:
		return isNaN(x) || exact(x).Sign() != 0
	}
	return true
}

// naiveEval evaluates an expression.
func naiveEval(x any, root D) any {
	switch x := x.(type) {
	case string:
		if x == "$$ROOT" {
			return root
		}
		if path, ok := strings.CutPrefix(x, "$"); ok {
			return naivePath(root, strings.Split(path, "."))
		}
	case []any:
		list := make([]any, len(x))
		for i, e := range x {
			list[i] = orNil(naiveEval(e, root))
		}
		return list
	case D:
		if isOp(x) {
			return naiveOperator(x[0].Key, x[0].Value, root)
		}
		out := D{}
		for _, e := range x {
			out = withField(out, e.Key, naiveEval(e.Value, root))
		}
		return out
	}
	return x
}

func naiveOperator(name string, v any, root D) any {
	if name == "$literal" {
		return v
	}
	var args []any
	for _, e := range v.([]any) {
		args = append(args, naiveEval(e, root))
	}
	switch name {
	case "$eq":
		return order(args[0], args[1]) == 0
	case "$gt":
		return order(args[0], args[1]) > 0
	case "$lte":
		return order(args[0], args[1]) <= 0
	case "$not":
		return !naiveTruth(args[0])
	case "$and":
		return naiveTruth(args[0]) && naiveTruth(args[1])
	case "$cond":
		if naiveTruth(args[0]) {
			return args[1]
		}
		return args[2]
	case "$ifNull":
		if kindOf(args[0]) > 1 {
			return args[0]
		}
		return args[1]
	case "$isArray":
		_, ok := args[0].([]any)
		return ok
	case "$add":
		for _, a := range args {
			if kindOf(a) < 2 {
				return nil
			}
		}
		return naiveSum(args, false)
	}
	panic("the model knows no operator " + name)
}
