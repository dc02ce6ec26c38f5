package document

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/virgadb/virga/internal/fault"
)

//lint:ignore U1000 what is in it must not be looked at
type fakeCommand struct{ n int }

func (fakeCommand) CommandName() string { return "gt" }

//lint:ignore U1000 what is in it must not be looked at
type pointerCommand struct{ n int }

func (*pointerCommand) CommandName() string { return "inc" }

type level int

func (level) MarshalText() ([]byte, error) { return nil, nil }

//lint:ignore U1000 it embeds itself to be refused
type selfish struct {
	*selfish
	A int
}

// TestRefused holds that what cannot be stored is refused with its path, wherever
// it stands.
func TestRefused(t *testing.T) {
	huge := D{{"a", D{{"b", []any{0, nil}}}}}
	place := func(v any) D { huge[0].Value.(D)[0].Value.([]any)[1] = v; return huge }
	for name, v := range map[string]any{
		"command": fakeCommand{}, "command by pointer": &pointerCommand{}, "command in pointer": &fakeCommand{},
		"uint64": uint64(math.MaxInt64 + 1), "text": "a\xff", "chan": make(chan int), "func": func() {}, "complex": 1i,
		"uintptr": uintptr(1), "big.Int": big.NewInt(1), "net.IP": net.IPv4(1, 2, 3, 4), "netip.Addr": netip.Addr{},
		"url": url.URL{}, "text marshaler": level(1), "error": errors.New("x"), "int keys": map[int]string{1: "a"},
		"json.Number": json.Number("1x"), "raw JSON": json.RawMessage("{"), "zero byte": M{"a\x00": 1}, "duplicate": D{{"x", 1}, {"x", 2}},
		"key text": M{"\xff": 1}, "regex": Regex{"a\x00", ""}, "regex text": Regex{"\xff", ""}, "self": selfish{},
		"far date": time.Unix(math.MaxInt64/1000, 0), "struct of chan": struct{ C chan int }{make(chan int)},
		"twice": struct {
			A int `json:"x"`
			B int `msgpack:"x"`
		}{},
	} {
		_, err := Of(place(v))
		if !refused(err, fault.ErrInvalid, "a.b.1") {
			t.Errorf("Of %s: %v", name, err)
		}
		if _, err = Encode(place(v), now); !refused(err, fault.ErrInvalid, "a.b.1") {
			t.Errorf("Encode %s: %v", name, err)
		}
		s := struct{ A, B any }{B: []any{v}}
		if _, err = Encode(s, now); !refused(err, fault.ErrInvalid, "B.0") {
			t.Errorf("Encode in a struct, %s: %v", name, err)
		}
	}
	if _, err := Of(place(ServerDate{})); !refused(err, fault.ErrInvalid, "a.b.1") {
		t.Errorf("Of a server date: %v", err)
	}
}

func refused(err, want error, path string) bool {
	at := (*fault.PathError)(nil)
	return errors.Is(err, want) && errors.As(err, &at) && strings.HasPrefix(at.Path, path)
}

// TestKeysOfDocuments holds that operands may have keys that documents may not.
func TestKeysOfDocuments(t *testing.T) {
	for _, key := range []string{"", "$a", "a.b", ".", "$"} {
		v := M{"x": []any{M{key: 1}}}
		operand, err := Of(v)
		if err != nil {
			t.Errorf("Of %q: %v", key, err)
		}
		for by, v := range map[string]any{"M": v, "D": D{{"x", []D{{{key, 1}}}}}, "value": operand, "value inside": D{{"x", operand.Field("x")}},
			"map": map[string][]map[string]int{"x": {{key: 1}}}, "doc": Doc(operand)} {
			if _, err := Encode(v, now); !refused(err, fault.ErrInvalid, "x.0."+key) {
				t.Errorf("Encode %q by %s: %v", key, by, err)
			}
		}
		if _, err := Canonical(operand.raw); !refused(err, fault.ErrInvalid, "x.0."+key) {
			t.Errorf("Canonical %q: %v", key, err)
		}
	}
	for _, v := range []any{nil, 1, []any{}, M(nil), (*struct{})(nil), Doc{}, Value{}, fakeCommand{}} {
		if _, err := Encode(v, now); !errors.Is(err, fault.ErrInvalid) {
			t.Errorf("Encode(%#v): %v", v, err)
		}
	}
	for _, id := range []any{[]any{1}, Regex{"a", ""}} {
		if _, err := Encode(D{{"a", 1}, {"_id", id}}, now); !refused(err, fault.ErrInvalid, "_id") {
			t.Errorf("_id %v: %v", id, err)
		}
	}
}

type chain struct{ Next *chain }

// TestDepth holds the limit of depth for all ways in.
func TestDepth(t *testing.T) {
	ways := map[string]func(levels int) error{
		"M":    func(n int) error { return encodeErr(nest(n, M{}, func(v any) any { return M{"a": v} })) },
		"D":    func(n int) error { return encodeErr(nest(n, D{}, func(v any) any { return D{{"a", v}} })) },
		"list": func(n int) error { return encodeErr(D{{"a", nest(n-1, []any{}, func(v any) any { return []any{v} })}}) },
		"typed": func(n int) error {
			return encodeErr(D{{"a", nest(n-1, []int{}, func(v any) any { return [1]any{v} })}})
		},
		"struct": func(n int) error {
			return encodeErr(nest(n, &chain{}, func(v any) any { return &chain{v.(*chain)} }))
		},
		"json": func(n int) error {
			_, err := ParseJSON([]byte(strings.Repeat(`{"a":`, n-1) + "[]" + strings.Repeat("}", n-1)))
			return err
		},
		"json with a date": func(n int) error {
			_, err := ParseJSON([]byte(strings.Repeat(`{"a":`, n) + `{"$date":{"$numberLong":"1"}}` + strings.Repeat("}", n)))
			return err
		},
		"msgpack": func(n int) error {
			_, err := Canonical([]byte(strings.Repeat("\x81\xa1a", n-1) + "\x80"))
			return err
		},
	}
	for name, way := range ways {
		if err := way(MaxDepth); err != nil {
			t.Errorf("%s: %d levels: %v", name, MaxDepth, err)
		}
		for _, n := range []int{MaxDepth + 1, MaxDepth + 2, MaxDepth + 3, 3 * MaxDepth, 1 << 17} {
			if err := way(n); !errors.Is(err, fault.ErrTooLarge) {
				t.Errorf("%s: %d levels: %v", name, n, err)
			}
		}
	}
}

func encodeErr(v any) error { _, err := Encode(v, now); return err }

func nest(levels int, inner any, wrap func(any) any) any {
	for range levels - 1 {
		inner = wrap(inner)
	}
	return inner
}

// TestCycles holds that a Go value that contains itself is refused.
func TestCycles(t *testing.T) {
	m := M{}
	m["m"] = m
	list := []any{nil}
	list[0] = list
	c := &chain{}
	c.Next = c
	var p any
	p = &p
	type self *self
	var s self
	s = &s
	d := D{{"d", nil}}
	d[0].Value = d
	typed := map[string]any{}
	typed["x"] = map[string]map[string]any{"y": typed}
	for i, v := range []any{m, list, c, p, s, d, typed, []*chain{c}} {
		if _, err := Encode(M{"v": v}, now); !errors.Is(err, fault.ErrTooLarge) {
			t.Errorf("%d: %v", i, err)
		}
	}
}

// TestSize holds the limit of size, and that a small value which unfolds to a huge
// one is stopped on the way.
func TestSize(t *testing.T) {
	fits := strings.Repeat("x", MaxSize-8)
	doc, err := Encode(D{{"a", fits}}, now)
	if err != nil || len(doc.Raw()) != MaxSize {
		t.Fatalf("%d bytes: %v", len(doc.Raw()), err)
	}
	big := fits + "x"
	text := []byte(`{"a":"` + big + `"}`)
	bomb := any([]any{1, 2, 3, 4, 5, 6, 7, 8})
	for range 20 {
		bomb = []any{bomb, bomb, bomb, bomb, bomb, bomb, bomb, bomb}
	}
	for i, run := range []func() error{
		func() error { return encodeErr(D{{"a", big}}) },
		func() error { return encodeErr(D{{"a", []byte(big)}}) },
		func() error { return encodeErr(M{"a": bomb}) },
		func() error { return encodeErr(struct{ A any }{bomb}) },
		func() error { _, err := ParseJSON(text); return err },
		func() error {
			_, err := Canonical([]byte(fmt.Sprintf("\x81\xa1a\xdb\x00\xff\xff\xf9%s", big)))
			return err
		},
		func() error { _, err := doc.WithID(Int(1)); return err },
	} {
		if err := run(); !errors.Is(err, fault.ErrTooLarge) {
			t.Errorf("%d: %v", i, err)
		}
	}
}

// TestCanonicalRefuses holds what foreign bytes may not be.
func TestCanonicalRefuses(t *testing.T) {
	for name, raw := range map[string]string{
		"nothing": "", "cut": "\x81\xa1a", "rest": "\x80\x80", "no object": "\x01", "number as key": "\x81\x01\x01", "duplicate": "\x82\xa1a\x01\xa1a\x02",
		"uint64": "\x81\xa1a\xcf\xff\xff\xff\xff\xff\xff\xff\xff", "text": "\x81\xa1a\xa1\xff", "never used": "\x81\xa1a\xc1",
		"extension": "\x81\xa1a\xd4\x05\x00", "server date": "\x81\xa1a\xd7\x02\x00\x00\x00\x00\x00\x00\x00\x00",
		"nanoseconds": "\x81\xa1a\xd7\xff\xff\xff\xff\xff\x00\x00\x00\x00", "date of 1 byte": "\x81\xa1a\xd4\xff\x00", "regex without end": "\x81\xa1a\xd4\x01a",
		"far date": "\x81\xa1a\xc7\x0c\xff\x00\x00\x00\x00\x7f\xff\xff\xff\xff\xff\xff\xff", "huge count": "\xdf\xff\xff\xff\xff",
	} {
		if d, err := Canonical([]byte(raw)); !errors.Is(err, fault.ErrInvalid) {
			t.Errorf("%s: %s, %v", name, d, err)
		}
		if err := Validate([]byte(raw)); !errors.Is(err, fault.ErrCorrupt) {
			t.Errorf("Validate %s: %v", name, err)
		}
	}
	for name, raw := range map[string]string{"long integer": "\x81\xa1a\xd1\x00\x01", "float32": "\x81\xa1a\xca\x00\x00\x00\x00", "_id behind": "\x82\xa1a\x01\xa3_id\x02",
		"long date": "\x81\xa1a\xd7\xff\x00\x00\x00\x00\x00\x00\x00\x00", "long head": "\xde\x00\x01\xa1a\x01", "nan": "\x81\xa1a\xcb\x7f\xf8\x00\x00\x00\x00\x00\x01"} {
		d, err := Canonical([]byte(raw))
		if err != nil || Validate(d.Raw()) != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := Validate([]byte(raw)); !errors.Is(err, fault.ErrCorrupt) {
			t.Errorf("Validate %s: %v", name, err)
		}
	}
}
