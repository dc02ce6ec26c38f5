package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/virgadb/virga/internal/fault"
)

func TestParseJSON(t *testing.T) {
	date := time.Date(2018, 8, 31, 17, 30, 0, 882e6, time.UTC)
	for text, want := range map[string]any{
		`null`: nil, ` true `: true, `false`: false, `0`: 0, `-0`: 0, `1.0`: 1.0, `1e2`: 100.0, `-12`: -12, `9223372036854775807`: int64(math.MaxInt64),
		`-9223372036854775808`: int64(math.MinInt64), `9223372036854775808`: float64(1 << 63), `100000000000000000000`: 1e20,
		`"a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"`: "a\"\\/\b\f\n\r\té😀", `""`: "", `[]`: []any{}, `{}`: D{}, "[1,\n{\"a\":2}\t]": []any{1, D{{"a", 2}}},
		`{"b":1,"a":{"d":1,"c":[]}}`:                             D{{"b", 1}, {"a", D{{"d", 1}, {"c", []any{}}}}},
		`{"$date":"2018-08-31T17:30:00.882Z"}`:                   date,
		`{"$date":"2018-08-31T19:30:00.882+02:00"}`:              date,
		`{"$date":"2018-08-31T19:30:00.882+0200"}`:               date,
		`{"$date":"2018-08-31"}`:                                 time.Date(2018, 8, 31, 0, 0, 0, 0, time.UTC),
		`{"$date":1535736600882}`:                                date,
		`{"$date":{"$numberLong":"1535736600882"}}`:              date,
		`{"$date":{"$numberLong":"-9000000000000000"}}`:          DateMillis(-9000000000000000),
		`{"$numberInt":"5"}`:                                     5,
		`{"$numberLong":"-9223372036854775808"}`:                 int64(math.MinInt64),
		`{"$numberDouble":"1"}`:                                  1.0,
		`{"$numberDouble":"NaN"}`:                                math.NaN(),
		`{"$numberDouble":"-Infinity"}`:                          math.Inf(-1),
		`{"$numberDouble":"-0.0"}`:                               math.Copysign(0, -1),
		`{"$oid":"5f1e0c0a0000000000000001"}`:                    "5f1e0c0a0000000000000001",
		`{"$binary":{"base64":"AQI=","subType":"04"}}`:           []byte{1, 2},
		`{"$binary":"AQI=","$type":"00"}`:                        []byte{1, 2},
		`{"$regularExpression":{"pattern":"^a","options":"mi"}}`: Regex{"^a", "im"},
		`{"$gt":{"$date":1}}`:                                    D{{"$gt", DateMillis(1)}},
		`{"$date":1,"x":2}`:                                      D{{"$date", 1}, {"x", 2}},
		`{"x":2,"$date":1}`:                                      D{{"x", 2}, {"$date", 1}},
		`{"$regex":"a","$options":"i"}`:                          D{{"$regex", "a"}, {"$options", "i"}},
		`{"a.b":1,"":2}`:                                         D{{"a.b", 1}, {"", 2}},
		`[[[]],[{"$numberInt":"1"}],"\ufffd\u0000"]`:             []any{[]any{[]any{}}, []any{1}, "\ufffd\x00"},
	} {
		got, err := ParseJSON([]byte(text))
		if want := must2(Of(want)); err != nil || !bytes.Equal(got.raw, want.raw) {
			t.Errorf("%s: %v, %s, want %s", text, err, got, want)
		}
	}
	list := "[" + strings.Repeat("1,", 69999) + "1]"
	if v, err := ParseJSON([]byte(list)); err != nil || v.Len() != 70000 {
		t.Errorf("a long list: %d elements, %v", v.Len(), err)
	}
}

func TestParseJSONRefuses(t *testing.T) {
	for _, text := range []string{
		``, ` `, `{`, `[`, `[1,]`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{a:1}`, `nul`, `truex`, `01`, `1.`, `.5`, `-`, `1e`, `+1`, `1e999`, `"a`, `"\x"`, `"\u12"`,
		`"\ud800"`, `"\ud800\u0041"`, `"\udc00"`, "\"\n\"", "\"\xff\"", "\"\\n\xff\"", `1 2`, `{"a":1,"a":2}`, `{"a":1,"\u0061":2}`, `{"a\u0000":1}`, `[1 2]`, `{"a" 1}`, `{,}`, `[,]`,
		`{"$date":"x"}`, `{"$date":1.5}`, `{"$date":{"$numberLong":"9223372036854775807"}}`, `{"$date":[]}`, `{"$numberLong":"9223372036854775808"}`, `{"$numberLong":1.5}`, `{"$numberDouble":"x"}`,
		`{"$oid":1}`, `{"$binary":{"base64":"?"}}`, `{"$binary":1}`, `{"$regularExpression":{"pattern":"a"}}`, `{"$regularExpression":{"pattern":"a\u0000","options":""}}`,
	} {
		if v, err := ParseJSON([]byte(text)); !errors.Is(err, fault.ErrInvalid) {
			t.Errorf("%q: %s, %v", text, v, err)
		}
	}
	_, err := ParseJSON([]byte(`{"a":[0,{"b":tru}]}`))
	if !refused(err, fault.ErrInvalid, "a.1.b") || !strings.Contains(err.Error(), "offset 13") {
		t.Errorf("a fault inside: %v", err)
	}
}

func TestAppendJSON(t *testing.T) {
	for _, c := range []struct {
		v    any
		want string
	}{
		{D{{"b", 1}, {"a", 1.0}}, `{"b":1,"a":1.0}`}, {1e21, `1e+21`}, {1e20, `100000000000000000000.0`}, {1e-7, `1e-07`}, {-2.5, `-2.5`},
		{math.NaN(), `{"$numberDouble":"NaN"}`}, {math.Inf(1), `{"$numberDouble":"Infinity"}`}, {math.Copysign(0, -1), `{"$numberDouble":"-0.0"}`},
		{"a\"\\\n\x01<é\u2028", "\"a\\\"\\\\\\n\\u0001<é\u2028\""}, {[]byte{1, 2}, `{"$binary":{"base64":"AQI=","subType":"00"}}`},
		{DateMillis(0), `{"$date":"1970-01-01T00:00:00.000Z"}`}, {DateMillis(-62167219200001), `{"$date":{"$numberLong":"-62167219200001"}}`},
		{DateMillis(253402300800000), `{"$date":{"$numberLong":"253402300800000"}}`},
		{Regex{"a\"", "i"}, `{"$regularExpression":{"pattern":"a\"","options":"i"}}`}, {Value{}, ``}, {[]any{nil, true, Value{}}, `[null,true,null]`},
	} {
		if got := must2(Of(c.v)).String(); got != c.want {
			t.Errorf("%v: %s, want %s", c.v, got, c.want)
		}
	}
	doc := must2(Encode(D{{"z", 1}, {"_id", "x"}}, now))
	if text, err := json.Marshal(map[string]any{"d": doc, "none": Doc{}, "id": doc.ID(), "D": D{{"b", 1}, {"a", 2}}}); err != nil ||
		string(text) != `{"D":{"b":1,"a":2},"d":{"_id":"x","z":1},"id":"x","none":null}` {
		t.Errorf("%s, %v", text, err)
	}
}

func FuzzParseJSON(f *testing.F) {
	for _, text := range []string{`{"a":[1,2.5,-0.0,"\u00e9",null,true]}`, `{"$date":"2018-08-31T17:30:00.882Z"}`, `{"$numberDouble":"NaN"}`, `[{"$numberLong":"5"}]`,
		`{"$binary":{"base64":"AQI=","subType":"00"}}`, `{"$regularExpression":{"pattern":"a","options":"i"}}`, `1e300`, `{"a":1,"a":2}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := ParseJSON(text)
		if err != nil {
			if !errors.Is(err, fault.ErrInvalid) && !errors.Is(err, fault.ErrTooLarge) {
				t.Fatalf("refused with %v", err)
			}
			return
		}
		if !json.Valid(text) {
			t.Fatalf("accepted %q, which is no JSON", text)
		}
		back, err := ParseJSON(AppendJSON(nil, v))
		if err != nil || !bytes.Equal(back.raw, v.raw) {
			t.Fatalf("%s came back as %s: %v", v, back, err)
		}
	})
}
