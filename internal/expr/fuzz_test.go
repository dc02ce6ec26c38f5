package expr

import (
	"testing"

	"github.com/virgadb/virga/document"
)

// Whatever is compiled and evaluated, nothing panics, and what comes out is a value.
func FuzzEval(f *testing.F) {
	for _, c := range common {
		f.Add(c.expr, `{"qty":1,"price":2.5,"items":[{"price":1}],"status":"x","at":{"$date":0}}`)
	}
	for _, path := range []string{"expr-misc", "expr-date", "expr-array-set", "expr-string", "expr-arithmetic"} {
		for i, v := range vectors(f, "../../testdata/conformance/"+path+".jsonl") {
			if i%5 == 0 {
				f.Add(v.Field("expr").String(), v.Field("doc").String())
			}
		}
	}
	f.Fuzz(func(t *testing.T, text, doc string) {
		e, err := document.ParseJSON([]byte(text))
		if err != nil {
			return
		}
		d, err := document.ParseJSON([]byte(doc))
		if err != nil {
			return
		}
		x, err := Compile(e, Scope{Now: now})
		if err != nil {
			return
		}
		stops := 0
		env := NewEnv(Options{Interrupt: func() error {
			if stops++; stops > 100 {
				return errTooLarge
			}
			return nil
		}})
		v, err := x.Eval(env, d)
		if err == nil && v.Exists() && !tooDeep(v, 90) {
			if err := canonical(v); err != nil {
				t.Errorf("%s on %s yields %x: %v", text, doc, v.Raw(), err)
			}
		}
	})
}

// Reading dates never panics, and what is read is written back the same.
func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"2017-07-04T11:56:02.8Z", "July 4th, 2017 11am", "4-Jul-2017 GMT+05", "2017W273", "7/4/17", "Tue 2017.1.2 noon", "Jul 0 1Am\x96\x87"} {
		f.Add(s, "%Y-%m-%dT%H:%M:%S.%L%z")
	}
	f.Fuzz(func(t *testing.T, text, format string) {
		if ms, err := parseDate(text); err == nil {
			again, err := parseDate(string(appendISO(nil, ms)))
			if err != nil || again != ms {
				t.Errorf("%q is read as %d, written and read as %d, %v", text, ms, again, err)
			}
		}
		if checkFormat(format, "dGHjLmMSuVYzZbB%") == nil {
			_, _ = readFormatted(text, format)
		}
	})
}
