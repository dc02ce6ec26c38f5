package command_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/virgadb/virga/cmd/virga/command"
)

// versions are not what these tests are about.
var versions = regexp.MustCompile(`"version":\d+`)

func watching(t *testing.T, db, in string, flags ...string) result {
	t.Helper()
	r := run(t, in, append([]string{"watch", db, "products"}, flags...)...)
	r.out = versions.ReplaceAllString(r.out, `"version":0`)
	return r
}

func TestWatch(t *testing.T) {
	db := shop(t)
	watching(t, db, `{"add": {"_id": "d", "name": "jar", "price": 500}}

{"add": {"_id": "e", "name": "lid", "price": 1}}
{"update": {"price": 7, "tags.x": 1, "$unset": {"name": ""}}, "where": {"_id": "d"}}
{"set": {"_id": "b", "price": 900}}
{"add": {"_id": "z"}, "in": "elsewhere"}
{"remove": {"price": {"$gte": 300}}}
`, "--where", `{"price": {"$gt": 50}}`, "--sort", "-price", "--limit", "2").want(t, command.Done, strings.Join([]string{
		`{"id":1,"version":0,"type":"init","docs":[{"_id":"c","name":"pot","price":300,"note":null},{"_id":"a","name":"tea","price":120,"spec":{"colour":"green","size":1}}]}`,
		`{"id":2,"version":0,"changes":[{"queueType":"enqueue","dataType":"add","docId":"d","doc":{"_id":"d","name":"jar","price":500}},{"queueType":"dequeue","dataType":"limit","docId":"a","doc":{"_id":"a","name":"tea","price":120,"spec":{"colour":"green","size":1}}}]}`,
		`{"id":3,"version":0,"changes":[{"queueType":"dequeue","dataType":"update","docId":"d","doc":{"_id":"d","price":7,"tags":{"x":1}},"updatedFields":{"price":7,"tags.x":1},"removedFields":["name"]},{"queueType":"enqueue","dataType":"limit","docId":"a","doc":{"_id":"a","name":"tea","price":120,"spec":{"colour":"green","size":1}}}]}`,
		`{"id":4,"version":0,"changes":[{"queueType":"enqueue","dataType":"replace","docId":"b","doc":{"_id":"b","price":900}},{"queueType":"dequeue","dataType":"limit","docId":"a","doc":{"_id":"a","name":"tea","price":120,"spec":{"colour":"green","size":1}}}]}`,
		`{"id":5,"version":0,"changes":[{"queueType":"dequeue","dataType":"remove","docId":"b","doc":{"_id":"b","price":900}},{"queueType":"dequeue","dataType":"remove","docId":"c","doc":{"_id":"c","name":"pot","price":300,"note":null}},{"queueType":"enqueue","dataType":"limit","docId":"a","doc":{"_id":"a","name":"tea","price":120,"spec":{"colour":"green","size":1}}}]}`,
		``}, "\n"), "")
	run(t, "", "count", db, "elsewhere").want(t, command.Done, "1\n", "")
}

func TestWatchRefuses(t *testing.T) {
	db := shop(t)
	const first = `{"id":1,"version":0,"type":"init","docs":[]}` + "\n"
	for _, c := range []struct{ in, err string }{
		{`{"fly": {}}`, `line 1: no such write: "fly"`},
		{`{}`, "line 1: one of"},
		{`{"add": {}, "set": {}}`, `"add" and "set" in one line`},
		{`{"update": {"a": 1}}`, `"update" and "where" go together`},
		{`{"remove": {"a": 1}, "where": {}}`, `"update" and "where" go together`},
		{`{"set": {"a": 1}}`, `"set" needs a document with an _id`},
		{`{"add": {}, "in": 1}`, `"in" needs the name of a collection`},
		{"\n" + `{"add": {"_id": "a"}}`, "line 2: add products/\"a\""},
		{`{"add": 1`, "line 1"},
	} {
		watching(t, db, c.in, "--where", `{"price": 0}`).want(t, command.Failed, first, c.err)
	}
	run(t, "", "watch", db, "products", "--limit", "201").want(t, command.Failed, "", "limit of 201")
	run(t, "", "watch", db, "products", "--skip", "1").want(t, command.Misused, "", "unknown flag")
	run(t, "", "watch", db).want(t, command.Misused, "", "too few arguments")
}

// TestWatchInterrupted: the end of the context is not held up by an input at which
// nothing is typed.
func TestWatchInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	in, typing := io.Pipe()
	var out, errs bytes.Buffer
	done := make(chan int)
	db := shop(t)
	go func() {
		done <- command.Run(ctx, []string{"watch", db, "products"}, command.Streams{In: in, Out: &out, Err: &errs})
	}()
	if _, err := io.WriteString(typing, `{"remove": {}}`+"\n"); err != nil {
		t.Fatal(err)
	}
	cancel()
	if code := <-done; code != command.Failed || !strings.Contains(errs.String(), "context canceled") {
		t.Errorf("exit %d: %s", code, errs.String())
	}
	typing.Close()
}

// TestWatchUnread: output that nobody takes ends the command.
func TestWatchUnread(t *testing.T) {
	in, typing := io.Pipe()
	defer typing.Close()
	var errs bytes.Buffer
	code := command.Run(t.Context(), []string{"watch", shop(t), "products"}, command.Streams{In: in, Out: shut{}, Err: &errs})
	if code != command.Failed || !strings.Contains(errs.String(), errShut.Error()) {
		t.Errorf("exit %d: %s", code, errs.String())
	}
}

type shut struct{}

var errShut = errors.New("nobody reads")

func (shut) Write([]byte) (int, error) { return 0, errShut }
