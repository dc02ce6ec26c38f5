package document

import (
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/virgadb/virga/internal/fault"
)

// extended returns the value that an object is a form of in MongoDB's extended
// JSON, missing when it is an object like any other.
// https://www.mongodb.com/docs/manual/reference/mongodb-extended-json/
func extended(form Value) (Value, error) {
	f := form.Fields()
	if n := form.Len(); n == 0 || n > 2 || !f.Next() || len(f.Key()) < 2 || f.Key()[0] != '$' {
		return Value{}, nil
	}
	name, v := string(f.Key()), f.Value()
	if f.Next() {
		if name == "$binary" && string(f.Key()) == "$type" {
			return extendedBinary(v) // the form of version 1
		}
		return Value{}, nil
	}
	var out Value
	var err error
	switch name {
	case "$date":
		out, err = extendedDate(v)
	case "$numberInt", "$numberLong":
		out, err = extendedInt(v)
	case "$numberDouble":
		out, err = extendedDouble(v)
	case "$oid":
		if v.Kind() != String {
			err = malformed(v)
		}
		out = v.Clone()
	case "$binary":
		out, err = extendedBinary(v.Field("base64"))
	case "$regularExpression":
		out, err = extendedRegex(v)
	}
	if err != nil {
		return Value{}, fault.At(name, err)
	}
	return out, nil
}

func malformed(v Value) error {
	return fmt.Errorf("malformed extended form %s: %w", v, fault.ErrInvalid)
}

// dateLayouts are the ways a date may be written, the usual first.
var dateLayouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04Z07:00", time.DateOnly}

func extendedDate(v Value) (Value, error) {
	if ms, ok := v.Int64(); ok {
		return dateOf(v, ms)
	}
	text, ok := v.Text()
	if !ok {
		return Value{}, malformed(v)
	}
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			return DateMillis(t.UnixMilli()), nil
		}
	}
	return Value{}, malformed(v)
}

// dateOf returns the date ms, which v spelt, when a timestamp holds it.
func dateOf(v Value, ms int64) (Value, error) {
	date := DateMillis(ms)
	if back, ok := date.Millis(); !ok || back != ms {
		return Value{}, malformed(v)
	}
	return date, nil
}

func extendedInt(v Value) (Value, error) {
	if v.IsInt() {
		return v.Clone(), nil
	}
	n, err := strconv.ParseInt(string(v.Bytes()), 10, 64)
	if err != nil {
		return Value{}, malformed(v)
	}
	return Int(n), nil
}

func extendedDouble(v Value) (Value, error) {
	if f, ok := v.Float64(); ok {
		return Float(f), nil
	}
	switch text := string(v.Bytes()); text {
	case "NaN":
		return Float(math.NaN()), nil
	case "Infinity":
		return Float(math.Inf(1)), nil
	case "-Infinity":
		return Float(math.Inf(-1)), nil
	default:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return Value{}, malformed(v)
		}
		return Float(f), nil
	}
}

func extendedBinary(v Value) (Value, error) {
	if v.Kind() != String {
		return Value{}, malformed(v)
	}
	b, err := base64.StdEncoding.DecodeString(string(v.Bytes()))
	if err != nil {
		return Value{}, malformed(v)
	}
	return Value{appendBinary(nil, b)}, nil
}

func extendedRegex(v Value) (Value, error) {
	pattern, ok := v.Field("pattern").Text()
	options, also := v.Field("options").Text()
	if !ok || !also || v.Len() != 2 {
		return Value{}, malformed(v)
	}
	return Of(Regex{Pattern: pattern, Options: options})
}
