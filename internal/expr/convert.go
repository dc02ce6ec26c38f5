package expr

import (
	"math"
	"strconv"

	"github.com/virgadb/virga/document"
)

// conversions holds the operators about the types of values.
var conversions = table{
	"$convert":    {build: buildGuarded([]string{"input", "to"}, convert, true)},
	"$toBool":     {min: 1, max: 1, fn: conversionTo("bool")},
	"$toDate":     {min: 1, max: 1, fn: conversionTo("date")},
	"$toDecimal":  {min: 1, max: 1, fn: conversionTo("decimal")},
	"$toDouble":   {min: 1, max: 1, fn: conversionTo("double")},
	"$toInt":      {min: 1, max: 1, fn: conversionTo("int")},
	"$toLong":     {min: 1, max: 1, fn: conversionTo("long")},
	"$toObjectId": {min: 1, max: 1, fn: conversionTo("objectId")},
	"$toString":   {min: 1, max: 1, fn: conversionTo("string")},
	"$type":       {min: 1, max: 1, fn: typeOf},
	"$isNumber": {min: 1, max: 1, fn: func(_ *Env, args []document.Value) (document.Value, error) {
		return boolean(args[0].Kind() == document.Number), nil
	}},
}

// typeNames holds the types by their number in MongoDB's format.
var typeNames = map[int64]string{
	1: "double", 2: "string", 3: "object", 4: "array", 5: "binData", 6: "undefined", 7: "objectId", 8: "bool", 9: "date", 10: "null",
	11: "regex", 12: "dbPointer", 13: "javascript", 14: "symbol", 15: "javascriptWithScope", 16: "int", 17: "timestamp", 18: "long",
	19: "decimal", -1: "minKey", 127: "maxKey", 0: "missing",
}

// typeOf names the type of a value. Integers within 32 bits are int, others long.
func typeOf(e *Env, args []document.Value) (document.Value, error) {
	return e.str([]byte(typeName(args[0])))
}

func typeName(v document.Value) string {
	switch k := v.Kind(); k {
	case document.Number:
		if !v.IsInt() {
			return "double"
		}
		if _, ok := integer32(v); ok {
			return "int"
		}
		return "long"
	case document.Binary:
		return "binData"
	default:
		return k.String()
	}
}

// targetOf returns the name of the type that v, a name or a number, stands for.
func targetOf(v document.Value) (string, error) {
	if n, ok := integral(v); ok {
		if name, ok := typeNames[n]; ok {
			return name, nil
		}
	}
	if s, ok := v.Text(); ok {
		for _, name := range typeNames {
			if name == s {
				return name, nil
			}
		}
	}
	return "", invalid("needs the name or the number of a type, found %v", v)
}

func convert(e *Env, args []document.Value) (document.Value, error) {
	target := ""
	if !nullish(args[1]) {
		var err error
		if target, err = targetOf(args[1]); err != nil {
			return missing, err
		}
	}
	if nullish(args[0]) {
		return missing, errNull
	}
	if target == "" {
		return null, nil
	}
	return e.convert(args[0], target)
}

func conversionTo(target string) function {
	return func(e *Env, args []document.Value) (document.Value, error) {
		if nullish(args[0]) {
			return null, nil
		}
		return e.convert(args[0], target)
	}
}

// convert returns v, which is not null, as a value of another type.
func (e *Env) convert(v document.Value, target string) (document.Value, error) {
	switch target {
	case "bool":
		f, isNumber := v.Float64()
		b, isBool := v.Bool()
		return boolean(isNumber && f != 0 || isBool && b || !isNumber && !isBool), nil
	case "double", "decimal":
		return e.toFloat(v)
	case "int", "long":
		return e.toInteger(v, target == "int")
	case "string":
		return e.toText(v)
	case "date":
		return e.toDate(v)
	case "objectId":
		return toObjectID(v)
	}
	return missing, unconvertible("cannot convert %s to %s", typeName(v), target)
}

func (e *Env) toFloat(v document.Value) (document.Value, error) {
	switch v.Kind() {
	case document.Number:
		f, _ := v.Float64()
		return e.float(f), nil
	case document.Bool:
		if b, _ := v.Bool(); b {
			return e.float(1), nil
		}
		return e.float(0), nil
	case document.Date:
		ms, _ := v.Millis()
		return e.float(float64(ms)), nil
	case document.String:
		s := string(v.Bytes())
		f, err := strconv.ParseFloat(s, 64)
		if err != nil || !plainNumber(s) {
			return missing, unconvertible("cannot convert the string %q to a number", clip(s))
		}
		return e.float(f), nil
	}
	return missing, unconvertible("cannot convert %s to double", typeName(v))
}

// plainNumber reports whether s is written in base 10, without the liberties of
// Go's literals.
func plainNumber(s string) bool {
	for i := range len(s) {
		if b := s[i] | 0x20; b == '_'|0x20 || b == 'x' || b == 'p' {
			return false
		}
	}
	return true
}

func (e *Env) toInteger(v document.Value, short bool) (document.Value, error) {
	n, ok := int64(0), true
	switch v.Kind() {
	case document.Number:
		n, ok = truncated(v)
	case document.Bool:
		if b, _ := v.Bool(); b {
			n = 1
		}
	case document.Date:
		n, ok = v.Millis()
		if short {
			return missing, unconvertible("cannot convert a date to int")
		}
	case document.String:
		s := string(v.Bytes())
		var err error
		if n, err = strconv.ParseInt(s, 10, 64); err != nil {
			return missing, unconvertible("cannot convert the string %q to a whole number", clip(s))
		}
	default:
		return missing, unconvertible("cannot convert %s to a whole number", typeName(v))
	}
	if !ok || short && n != int64(int32(n)) {
		return missing, unconvertible("%v does not fit", v)
	}
	return e.integer(n), nil
}

func (e *Env) toText(v document.Value) (document.Value, error) {
	switch v.Kind() {
	case document.String:
		return v, nil
	case document.Bool:
		b, _ := v.Bool()
		e.text = strconv.AppendBool(e.text[:0], b)
	case document.Number, document.Date:
		e.text, _ = appendText(e.text[:0], v)
	default:
		return missing, unconvertible("cannot convert %s to string", typeName(v))
	}
	return e.str(e.text)
}

func (e *Env) toDate(v document.Value) (document.Value, error) {
	switch v.Kind() {
	case document.Date:
		return v, nil
	case document.Number:
		ms, ok := truncated(v)
		if !ok || ms > maxDate || ms < -maxDate || ms == math.MinInt64 {
			return missing, unconvertible("%v is no date", v)
		}
		return e.date(ms)
	case document.String:
		ms, err := parseDate(string(v.Bytes()))
		if err != nil {
			return missing, unconvertible("%q: %v", clip(string(v.Bytes())), plain(err))
		}
		return e.date(ms)
	}
	return missing, unconvertible("cannot convert %s to date", typeName(v))
}

// toObjectID checks that v is what stands for an object id here: a string of 24
// hex digits.
func toObjectID(v document.Value) (document.Value, error) {
	s := v.Bytes()
	ok := v.Kind() == document.String && len(s) == 24
	for _, b := range s {
		ok = ok && (isDigit(b) || b|0x20 >= 'a' && b|0x20 <= 'f')
	}
	if !ok {
		return missing, unconvertible("needs a string of 24 hex digits")
	}
	return v, nil
}
