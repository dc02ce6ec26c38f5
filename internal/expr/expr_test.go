package expr

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
)

// now is the time of the operation in tests: 2024-05-06T07:08:09.010Z.
var now = time.UnixMilli(1714979289010)

// A row is an expression, as JSON, and the JSON of what it yields on a document, "missing", or
// "error: " and a part of the error's text.
type row struct{ expr, want string }

// check evaluates rows on doc.
func check(t *testing.T, doc string, rows []row) {
	t.Helper()
	d, env := parse(t, doc), NewEnv(Options{})
	for _, r := range rows {
		want := r.want
		if v, err := document.ParseJSON([]byte(want)); err == nil {
			want = v.String() // as it is written here
		}
		if got := shown(evalText(t, env, d, r.expr)); !matches(got, want) {
			t.Errorf("%s yields %s, want %s", r.expr, got, r.want)
		}
	}
}

func evalText(t *testing.T, env *Env, doc document.Value, text string) outcome {
	t.Helper()
	x, err := Compile(parse(t, text), Scope{Now: now})
	if err != nil {
		return outcome{err: err}
	}
	v, err := x.Eval(env, doc)
	return outcome{v, err}
}

func shown(o outcome) string {
	switch {
	case o.err != nil:
		return "error: " + o.err.Error()
	case !o.value.Exists():
		return "missing"
	}
	return o.value.String()
}

func matches(got, want string) bool {
	if part, ok := strings.CutPrefix(want, "error: "); ok {
		return strings.HasPrefix(got, "error: ") && strings.Contains(got, part)
	}
	return got == want
}

func TestForms(t *testing.T) {
	check(t, `{"a":{"b":1,"c":[{"d":1},{"d":2},5,[{"d":3}],{}]},"n":null,"0":"zero","s":"$a"}`, []row{
		{`"$a.b"`, `1`},
		{`"$a.c.d"`, `[1,2]`},
		{`"$a.c.0"`, `[]`}, // numbers do not index arrays
		{`"$0"`, `"zero"`},
		{`"$n.x"`, `missing`},
		{`"$s"`, `"$a"`}, // data is no expression
		{`"plain"`, `"plain"`},
		{`"$$ROOT.a.b"`, `1`},
		{`"$$CURRENT.a.b"`, `1`},
		{`"$$NOW"`, `{"$date":"2024-05-06T07:08:09.010Z"}`},
		{`"$$REMOVE"`, `missing`},
		{`"$$KEEP"`, `"$$KEEP"`},
		{`"$$x"`, `error: unknown variable $$x`},
		{`"$$CLUSTER_TIME"`, `error: not implemented`},
		{`"$"`, `error: empty segment`},
		{`"$$"`, `error: unknown variable`},
		{`"$a..b"`, `error: empty segment`},
		{`"$a.$b"`, `error: starts with $`},
		{`{"x":{"y":"$a.b","z":"$no"},"w":["$no","$n"]}`, `{"x":{"y":1},"w":[null,null]}`},
		{`{}`, `{}`},
		{`[]`, `[]`},
		{`{"$add":[1,1],"x":1}`, `error: $add stands beside other fields`},
		{`{"a.b":1}`, `error: holds a dot`},
		{`{"":1}`, `error: empty`},
		{`{"$nope":1}`, `error: $nope: unknown operator`},
		{`{"x":[{"$add":[1,{"$nope":1}]}]}`, `error: x.0.$add.1: $nope: unknown operator`},
		{`{"x":{"$add":[1,{"$divide":["$a.b",0]}]}}`, `error: x.$add.1: $divide: division by zero`},
		{`{"$function":{"body":"f","args":[],"lang":"js"}}`, `error: $function: not implemented`},
		{`{"$literal":{"$add":["$x",1]}}`, `{"$add":["$x",1]}`},
		{`{"$const":"$x"}`, `"$x"`},
		{`{"$subtract":[1]}`, `error: takes 2 operands, found 1`},
		{`{"$trim":{"input":"x","char":"y"}}`, `error: has no parameter "char"`},
		{`{"$trim":{"chars":"y"}}`, `error: needs the parameter "input"`},
		{`{"$trim":"x"}`, `error: needs an object of input, chars?`},
	})
}

func TestVariables(t *testing.T) {
	check(t, `{"a":2,"o":{"a":7},"l":[1,2,3]}`, []row{
		{`{"$let":{"vars":{"x":1,"y":"$a"},"in":{"$add":["$$x","$$y"]}}}`, `3`},
		{`{"$let":{"vars":{"x":1},"in":{"$let":{"vars":{"x":2,"y":"$$x"},"in":["$$x","$$y"]}}}}`, `[2,1]`}, // all at once
		{`{"$let":{"vars":{"CURRENT":"$o"},"in":["$a","$$ROOT.a"]}}`, `[7,2]`},
		{`{"$let":{"vars":{"x":"$no"},"in":{"v":"$$x"}}}`, `{}`},
		{`{"$let":{"vars":{"x":{"$divide":["$a",0]}},"in":1}}`, `error: division by zero`}, // read or not
		{`{"$let":{"vars":{"X":1},"in":1}}`, `error: no name for a variable`},
		{`{"$let":{"vars":{"x":1}}}`, `error: needs the parameter "in"`},
		{`{"$let":{"vars":[],"in":1}}`, `error: needs an object of variables`},
		{`{"$add":[{"$let":{"vars":{"x":1},"in":"$$x"}},"$$x"]}`, `error: $add.1: unknown variable $$x`},
		{`{"$map":{"input":"$l","as":"i","in":{"$map":{"input":"$l","as":"j","in":{"$multiply":["$$i","$$j"]}}}}}`, `[[1,2,3],[2,4,6],[3,6,9]]`},
		{`{"$map":{"input":"$l","in":{"$map":{"input":["$$this"],"in":{"$add":["$$this",1]}}}}}`, `[[2],[3],[4]]`},
		{`{"$map":{"input":"$l","in":"$$this.x"}}`, `[null,null,null]`},
		{`{"$filter":{"input":"$l","as":"CURRENT","cond":{"$gt":["$$CURRENT",1]}}}`, `[2,3]`},
		{`{"$filter":{"input":"$l","cond":true,"limit":2}}`, `[1,2]`},
		{`{"$filter":{"input":"$l","cond":true,"limit":null}}`, `[1,2,3]`},
		{`{"$filter":{"input":"$l","cond":true,"limit":0}}`, `error: positive`},
		{`{"$filter":{"input":"$l","as":5,"cond":true}}`, `error: needs a name`},
		{`{"$reduce":{"input":"$l","initialValue":[],"in":{"$concatArrays":[["$$this"],"$$value"]}}}`, `[3,2,1]`},
		{`{"$reduce":{"input":"$no","initialValue":0,"in":1}}`, `null`},
		{`{"$reduce":{"input":"$l","initialValue":0,"in":{"$reduce":{"input":"$l","initialValue":"$$value","in":{"$add":["$$value","$$this"]}}}}}`, `18`},
	})
}

func TestScopeVars(t *testing.T) {
	x, err := Compile([]any{"$$a", "$$b.c", "$$a"}, Scope{Vars: []string{"a", "b", "unused"}})
	if err != nil {
		t.Fatal(err)
	}
	env := NewEnv(Options{})
	env.Set(1, parse(t, `{"c":5}`))
	if v, err := x.Eval(env, document.Value{}); err != nil || v.String() != "[null,5,null]" {
		t.Errorf("%v, %v", v, err)
	}
	env.Set(0, document.Int(1))
	if v, err := x.Eval(env, document.Value{}); err != nil || v.String() != "[1,5,1]" {
		t.Errorf("%v, %v", v, err)
	}
	if got := strings.Join(x.Vars(), " "); got != "a b" {
		t.Errorf("reads the variables %s", got)
	}
	if err := CheckVariables([]string{"a", "A"}); !errors.Is(err, fault.ErrInvalid) {
		t.Errorf("a variable A: %v", err)
	}
}

func TestGoValues(t *testing.T) {
	type item struct {
		Price any `json:"price"`
	}
	env := NewEnv(Options{})
	doc := parse(t, `{"a":2}`)
	for _, c := range []struct {
		in   any
		want string
	}{
		{document.M{"$add": []any{"$a", 1}}, "3"},
		{document.D{{"x", "$a"}, {"b", []string{"$a", "x"}}}, `{"x":2,"b":[2,"x"]}`},
		{map[string]any{"$in": []any{"$a", []int{1, 2}}}, "true"},
		{wrapped{document.M{"$multiply": []any{"$a", wrapped{"$a"}}}}, "4"},
		{now, `{"$date":"2024-05-06T07:08:09.010Z"}`},
		{document.ServerDate{Offset: time.Second}, `{"$date":"2024-05-06T07:08:10.010Z"}`},
		{nil, "null"},
		{[]byte("x"), `{"$binary":{"base64":"eA==","subType":"00"}}`},
		{document.M{"$eq": []any{document.M{"$literal": document.M{"$a": 1}}, 1}}, "false"},
	} {
		x, err := Compile(c.in, Scope{Now: now})
		if err != nil {
			t.Errorf("%v: %v", c.in, err)
			continue
		}
		if v, err := x.Eval(env, doc); err != nil || v.String() != c.want {
			t.Errorf("%v yields %v, %v, want %s", c.in, v, err, c.want)
		}
	}
	for _, bad := range []any{make(chan int), document.M{"x": func() {}}, command{}} {
		if _, err := Compile(bad, Scope{}); !errors.Is(err, fault.ErrInvalid) {
			t.Errorf("%T: %v", bad, err)
		}
	}
	_ = item{}
}

type wrapped struct{ v any }

func (w wrapped) Expression() any { return w.v }

type command struct{}

func (command) CommandName() string { return "gt" }

func TestReads(t *testing.T) {
	for _, c := range []struct {
		expr, paths string
		whole       bool
	}{
		{`"$a.b"`, "a.b", false},
		{`{"$add":["$b","$a.b","$a","$a.c.d"]}`, "a b", false},
		{`"$$ROOT"`, "", true},
		{`{"x":"$$CURRENT.a","y":1}`, "a", false},
		{`{"$let":{"vars":{"x":"$a.b"},"in":"$$x.c"}}`, "a.b", false},
		{`{"$let":{"vars":{"CURRENT":"$o"},"in":"$p"}}`, "o", false},
		{`{"$map":{"input":"$l","in":"$$this.x"}}`, "l", false},
		{`{"$getField":"a"}`, "a", false},
		{`{"$getField":"a.b"}`, "", true},
		{`{"$literal":"$a"}`, "", false},
		{`{"$cond":[false,"$a","$b"]}`, "a b", false},
	} {
		paths, whole := compiled(t, c.expr).Paths()
		if got := strings.Join(paths, " "); got != c.paths || whole != c.whole {
			t.Errorf("%s reads %q, %v", c.expr, got, whole)
		}
	}
}

func TestKinds(t *testing.T) {
	if p, ok := compiled(t, `"$a.b"`).Path(); !ok || p != "a.b" {
		t.Errorf("path %q, %v", p, ok)
	}
	if p, ok := compiled(t, `"$$ROOT"`).Path(); ok {
		t.Errorf("path %q", p)
	}
	for text, want := range map[string]string{
		`{"$add":[1,{"$multiply":[2,3]}]}`:                                  "7",
		`{"a":[1,{"$concat":["x","y"]}]}`:                                   `{"a":[1,"xy"]}`,
		`{"$cond":[{"$gt":[2,1]},"yes","$a"]}`:                              `"yes"`,
		`{"$and":[true,{"$lt":[2,1]},"$a"]}`:                                "false",
		`{"$or":[false,1]}`:                                                 "true",
		`{"$let":{"vars":{"x":"$a"},"in":5}}`:                               "5",
		`{"$switch":{"branches":[{"case":false,"then":"$a"}],"default":3}}`: "3",
		`{"$dateToString":{"date":"$$NOW","format":"%Y"}}`:                  `"2024"`,
		`{"$ifNull":[null,4]}`:                                              "4",
	} {
		x, err := Compile(parse(t, text), Scope{Now: now})
		if err != nil {
			t.Fatal(err)
		}
		if v, ok := x.Constant(); !ok || v.String() != want {
			t.Errorf("%s is the constant %v, %v, want %s", text, v, ok, want)
		}
	}
	for _, text := range []string{`"$a"`, `{"$divide":[1,0]}`, `{"$rand":{}}`, `{"$and":["$a",false]}`} {
		if v, ok := compiled(t, text).Constant(); ok {
			t.Errorf("%s is the constant %v", text, v)
		}
	}
	if !compiled(t, `{"$add":[1,{"$rand":{}}]}`).Random() || compiled(t, `{"$add":[1,2]}`).Random() {
		t.Error("random is not told")
	}
}

func TestLimits(t *testing.T) {
	deep := any("$a")
	for range 300 {
		deep = []any{deep}
	}
	wide := make([]any, 1<<16)
	if _, err := Compile(deep, Scope{}); !errors.Is(err, fault.ErrTooLarge) {
		t.Errorf("deep: %v", err)
	}
	if _, err := Compile(wide, Scope{}); !errors.Is(err, fault.ErrTooLarge) {
		t.Errorf("wide: %v", err)
	}
	env := NewEnv(Options{})
	doc := parse(t, `{"s":"0123456789abcdef"}`)
	for _, text := range []string{
		`{"$range":[0,2000000000]}`,
		`{"$reduce":{"input":{"$range":[0,40]},"initialValue":"$s","in":{"$concat":["$$value","$$value"]}}}`,
		`{"$reduce":{"input":{"$range":[0,40]},"initialValue":["$s"],"in":{"$concatArrays":["$$value","$$value"]}}}`,
		`{"$reduce":{"input":{"$range":[0,40]},"initialValue":["$s"],"in":["$$value","$$value"]}}`,
		`{"$reduce":{"input":{"$range":[0,500]},"initialValue":[],"in":["$$value"]}}`,
		`{"$reduce":{"input":{"$range":[0,500]},"initialValue":{},"in":{"x":"$$value"}}}`,
		`{"$map":{"input":{"$range":[0,4000000]},"in":"$s"}}`,
		`{"$reduce":{"input":{"$range":[0,40]},"initialValue":"$s","in":{"$replaceAll":{"input":"$$value","find":"0","replacement":"$$value"}}}}`,
	} {
		if _, err := compiled(t, text).Eval(env, doc); !errors.Is(err, fault.ErrTooLarge) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestInterrupt(t *testing.T) {
	stop := errors.New("stop")
	calls := 0
	env := NewEnv(Options{Interrupt: func() error {
		if calls++; calls > 3 {
			return stop
		}
		return nil
	}})
	_, err := compiled(t, `{"$map":{"input":{"$range":[0,1000000]},"in":1}}`).Eval(env, document.Value{})
	if !errors.Is(err, stop) {
		t.Errorf("error %v", err)
	}
}

// Results stay as they are until their memory is used again.
func TestResultsLive(t *testing.T) {
	env := NewEnv(Options{})
	x := compiled(t, `{"$concat":["$s","!"]}`)
	var kept []document.Value
	for i := range 5000 {
		doc, err := document.Encode(document.M{"s": strings.Repeat("x", i%700)}, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		v, err := x.Eval(env, doc.Value())
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, v)
	}
	for i, v := range kept {
		if s, _ := v.Text(); s != strings.Repeat("x", i%700)+"!" {
			t.Fatalf("result %d is %v", i, v)
		}
	}
}

func TestRandom(t *testing.T) {
	env := NewEnv(Options{Uint64: func() uint64 { return 1 << 63 }})
	if v, err := compiled(t, `{"$rand":{}}`).Eval(env, document.Value{}); err != nil || v.String() != "0.5" {
		t.Errorf("%v, %v", v, err)
	}
	check(t, `{}`, []row{{`{"$rand":1}`, `error: takes no operands`}, {`{"$floor":{"$rand":[]}}`, `0.0`}})
}

// However many fields an expression reads, it reads each of them.
func TestManyFields(t *testing.T) {
	env := NewEnv(Options{})
	for _, n := range []int{0, 1, 2, fewFields, fewFields + 1, 300} {
		doc := document.D{}
		var paths []any
		for i := range n {
			name := fmt.Sprintf("f%d", i)
			doc, paths = append(doc, document.E{Key: name, Value: i}), append(paths, "$"+name, "$no"+name)
		}
		x, err := Compile(document.M{"$sum": paths}, Scope{})
		if err != nil {
			t.Fatal(err)
		}
		if v, err := x.Eval(env, valueOf(t, doc)); err != nil || v.String() != fmt.Sprint(n*(n-1)/2) {
			t.Errorf("the sum of %d fields is %v, %v", n, v, err)
		}
		if v, err := x.Eval(env, document.Value{}); err != nil || v.String() != "0" {
			t.Errorf("the sum of %d fields of nothing is %v, %v", n, v, err)
		}
	}
}

// Bytes that are no value never harm.
func TestCorrupt(t *testing.T) {
	env := NewEnv(Options{})
	raw := order0(t).Raw()
	for _, c := range common {
		x := compiled(t, c.expr)
		for n := range raw {
			cut := append([]byte(nil), raw[:n]...)
			_, _ = x.Eval(env, asValue(cut))
			broken := append([]byte(nil), raw...)
			broken[n] ^= 0xc1
			_, _ = x.Eval(env, asValue(broken))
		}
	}
	x := compiled(t, `{"$isArray":"$a"}`)
	if _, err := x.Eval(env, asValue([]byte{0x81, 0xa1, 'a', 0xd4, 0x07, 0x00})); !errors.Is(err, fault.ErrCorrupt) {
		t.Errorf("an unknown extension: %v", err)
	}
}
