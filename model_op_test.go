package virga

import (
	"bufio"
	"fmt"
	"strings"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/index"
)

// An op is one step of a list. A list is kept as text, a JSON object a line, in
// which filters and updates have MongoDB's form:
//
//	{"do": "add", "in": "p", "data": {"_id": 1, "a": 2}}
//	{"do": "index", "in": "p", "fields": {"a": -1}}
//	{"do": "find", "in": "p", "where": {"a": {"$gt": 1}}, "order": {"a": -1}, "limit": 3}
type op struct {
	Do     string // add, addmany, set, update, remove, get, updatewhere, removewhere, updateone, find, one, count, exists, distinct, create, drop, index, unindex, reopen, compact, check
	In     string // the collection
	ID     any    // of set, update, remove, get
	Data   any    // a document, a list of documents, an update
	Where  D
	Order  D
	Fields D
	Path   string // of distinct
	Skip   int
	Limit  int
	Pad    int  // bytes of text that each document of Data gets in its field "pad"
	Built  bool // filter and update are given as commands of package query
}

// String returns the op as its line.
func (o op) String() string {
	d := D{{"do", o.Do}}
	add := func(name string, there bool, v any) {
		if there {
			d = append(d, E{Key: name, Value: v})
		}
	}
	add("in", o.In != "", o.In)
	add("id", o.ID != nil, o.ID)
	add("where", o.Where != nil, o.Where)
	add("order", o.Order != nil, o.Order)
	add("skip", o.Skip > 0, int64(o.Skip))
	add("limit", o.Limit > 0, int64(o.Limit))
	add("fields", o.Fields != nil, o.Fields)
	add("path", o.Path != "", o.Path)
	add("data", o.Data != nil, o.Data)
	add("pad", o.Pad > 0, int64(o.Pad))
	add("built", o.Built, o.Built)
	return text(d)
}

// parseOp reads a line.
func parseOp(line string) (op, error) {
	v, err := document.ParseJSON([]byte(line))
	if err != nil {
		return op{}, err
	}
	d, ok := decoded(v).(D)
	if !ok {
		return op{}, fmt.Errorf("%s is no object", line)
	}
	var o op
	for _, f := range d {
		ok := true
		switch f.Key {
		case "do":
			o.Do, ok = f.Value.(string)
		case "in":
			o.In, ok = f.Value.(string)
		case "id":
			o.ID = f.Value
		case "where":
			o.Where, ok = f.Value.(D)
		case "order":
			o.Order, ok = f.Value.(D)
		case "fields":
			o.Fields, ok = f.Value.(D)
		case "path":
			o.Path, ok = f.Value.(string)
		case "data":
			o.Data = f.Value
		case "built":
			o.Built, ok = f.Value.(bool)
		case "skip":
			o.Skip, ok = small(f.Value)
		case "limit":
			o.Limit, ok = small(f.Value)
		case "pad":
			o.Pad, ok = small(f.Value)
		default:
			ok = false
		}
		if !ok {
			return op{}, fmt.Errorf("%s: bad field %q", line, f.Key)
		}
	}
	return o, nil
}

func small(v any) (int, bool) {
	n, ok := v.(int64)
	return int(n), ok && n >= 0 && n < 1<<24
}

// parseOps reads a list: a line an op, save for empty lines and those that start
// with "#".
func parseOps(list string) ([]op, error) {
	var ops []op
	lines := bufio.NewScanner(strings.NewReader(list))
	lines.Buffer(nil, 16<<20)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		o, err := parseOp(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		ops = append(ops, o)
	}
	return ops, lines.Err()
}

// printOps returns a list as text.
func printOps(ops []op) string {
	var b strings.Builder
	for _, o := range ops {
		b.WriteString(o.String())
		b.WriteByte('\n')
	}
	return b.String()
}

// index returns the index that Fields describe.
func (o op) index() index.Spec {
	var spec index.Spec
	for _, f := range o.Fields {
		spec.Fields = append(spec.Fields, index.Field{Path: f.Key, Desc: f.Value == int64(-1)})
	}
	return spec.Named()
}

// documents returns the documents of Data, padded.
func (o op) documents() []D {
	list, ok := o.Data.([]any)
	if !ok {
		list = []any{o.Data}
	}
	docs := make([]D, len(list))
	for i, v := range list {
		docs[i] = clone(v).(D)
		if o.Pad > 0 {
			docs[i] = append(docs[i], E{Key: "pad", Value: strings.Repeat("virga ", o.Pad/6+1)[:o.Pad]})
		}
	}
	return docs
}
