package command_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/cmd/virga/command"
)

// TestMain makes the test binary the command itself when it is started as one.
func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		os.Exit(command.Main())
	}
	goleak.VerifyTestMain(m)
}

const asCommand = "VIRGA_TEST_AS_COMMAND"

// A result is what one run of the command gave.
type result struct {
	code     int
	out, err string
}

func run(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	code := command.Run(t.Context(), args, command.Streams{In: strings.NewReader(stdin), Out: &out, Err: &errs})
	return result{code, out.String(), errs.String()}
}

// want fails unless the run ended with code, wrote out exactly, and wrote errs
// somewhere among its errors; without errs it wrote none.
func (r result) want(t *testing.T, code int, out, errs string) {
	t.Helper()
	if r.code != code || r.out != out || !strings.Contains(r.err, errs) || errs == "" && r.err != "" {
		t.Errorf("exit %d, out %q, err %q\nwant %d, %q, %q", r.code, r.out, r.err, code, out, errs)
	}
}

func path(t *testing.T) string { return filepath.Join(t.TempDir(), "shop.virga") }

const tea = `{"_id":"a","name":"tea","price":120,"spec":{"colour":"green","size":1}}
{"_id":"b","name":"cup","price":80.0,"at":{"$date":"2024-03-01T12:00:00.000Z"}}
{"_id":"c","name":"pot","price":300,"note":null}
`

// shop returns the path of a database with the documents of tea.
func shop(t *testing.T) string {
	t.Helper()
	db := path(t)
	run(t, tea, "import", db, "products").want(t, command.Done, "imported 3\n", "")
	return db
}

func TestImportExport(t *testing.T) {
	db := shop(t)
	run(t, "", "export", db, "products").want(t, command.Done, tea, "")
	run(t, "", "export", db, "products", "--where", `{"price": {"$gt": 100}}`).want(t, command.Done,
		strings.SplitAfter(tea, "\n")[0]+strings.SplitAfter(tea, "\n")[2], "")

	file := filepath.Join(t.TempDir(), "products.jsonl")
	run(t, "", "export", db, "products", "-o", file).want(t, command.Done, "", "")
	if text, err := os.ReadFile(file); err != nil || string(text) != tea {
		t.Errorf("exported file: %v, %q", err, text)
	}
	again := path(t)
	run(t, "", "import", again, "copy", file).want(t, command.Done, "imported 3\n", "")
	run(t, "", "export", again, "copy").want(t, command.Done, tea, "")
	run(t, "", "check", again).want(t, command.Done, "sound: 1 collection, 3 documents\n", "")
}

func TestExportLeavesNoHalfFile(t *testing.T) {
	db := shop(t)
	file := filepath.Join(t.TempDir(), "old.jsonl")
	if err := os.WriteFile(file, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "", "export", db, "nothing", "-o", file).want(t, command.Failed, "", `no collection "nothing"`)
	if text, _ := os.ReadFile(file); string(text) != "old" {
		t.Errorf("file is %q", text)
	}
	if names, _ := filepath.Glob(file + "*"); len(names) != 1 {
		t.Errorf("left behind: %v", names)
	}
}

// An export may be written beside files whose names look like those of its parts.
func TestExportSparesFilesBesideIt(t *testing.T) {
	db := shop(t)
	file := filepath.Join(t.TempDir(), "x")
	others := []string{file + ".part", file + ".part1", file + ".part2"}
	for _, other := range others {
		if err := os.WriteFile(other, []byte(other), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	run(t, "", "export", db, "products", "-o", file).want(t, command.Done, "", "")
	run(t, "", "export", db, "nothing", "-o", file).want(t, command.Failed, "", `no collection "nothing"`)
	for _, other := range others {
		if text, err := os.ReadFile(other); err != nil || string(text) != other {
			t.Errorf("%s is %q, %v", other, text, err)
		}
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != tea {
		t.Errorf("exported file: %v, %q", err, text)
	}
	if names, _ := filepath.Glob(file + "*"); len(names) != 1+len(others) {
		t.Errorf("left behind: %v", names)
	}
	made, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if other, err := os.Stat(others[0]); err != nil || made.Mode() != other.Mode() {
		t.Errorf("the file has mode %v, other new files %v, %v", made.Mode(), other.Mode(), err)
	}
}

func TestFind(t *testing.T) {
	db := shop(t)
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--fields", "name", "--sort", "-price"}, `{"_id":"c","name":"pot"}` + "\n" + `{"_id":"a","name":"tea"}` + "\n" + `{"_id":"b","name":"cup"}` + "\n"},
		{[]string{"--fields", `{"name":1,"_id":0}`, "--sort", `{"price":1}`, "--skip", "1", "--limit", "1"}, `{"name":"tea"}` + "\n"},
		{[]string{"--fields", "name", "--where", `{"spec":{"colour":"green"}}`}, `{"_id":"a","name":"tea"}` + "\n"},
		{[]string{"--fields", "name", "--where", `{"spec":{"colour":"green"}}`, "--raw"}, ""},
		{[]string{"--fields", "name", "--where", `{"spec":{"colour":"green","size":1}}`, "--raw"}, `{"_id":"a","name":"tea"}` + "\n"},
		{[]string{"--fields", "name", "--where", `{"at":{"$gt":{"$date":"2024-01-01T00:00:00Z"}}}`}, `{"_id":"b","name":"cup"}` + "\n"},
	} {
		run(t, "", append([]string{"find", db, "products"}, c.args...)...).want(t, command.Done, c.want, "")
	}
}

func TestCount(t *testing.T) {
	db := shop(t)
	run(t, "", "count", db, "products").want(t, command.Done, "3\n", "")
	run(t, "", "count", db, "products", "--where", `{"price":{"$lt":200}}`).want(t, command.Done, "2\n", "")
}

func TestStats(t *testing.T) {
	db := shop(t)
	r := run(t, "", "stats", db)
	if r.code != command.Done || !strings.Contains(r.out, "products    3\n") || !strings.Contains(r.out, "on disk") {
		t.Errorf("%+v", r)
	}
}

func TestUsage(t *testing.T) {
	db := shop(t)
	for _, c := range []struct {
		args []string
		errs string
	}{
		{nil, "a verb is needed"},
		{[]string{"fly", db}, "no such verb: fly"},
		{[]string{"count"}, "too few arguments"},
		{[]string{"count", db, "products", "more"}, "too many arguments"},
		{[]string{"count", db, "products", "--colour"}, "unknown flag: --colour"},
		{[]string{"count", db, "products", "--where", `{"a":`}, "--where"},
		{[]string{"count", db, "products", "--where", `[1]`}, "--where"},
		{[]string{"count", db, "products", "--raw"}, "--raw"},
		{[]string{"find", db, "products", "--sort", `{"a":"up"}`}, "--sort"},
		{[]string{"find", db, "products", "--limit", "-1"}, "--limit"},
		{[]string{"find", db, "products", "--limit", "x"}, "--limit"},
		{[]string{"import", db, "products", "--progress", "loud"}, "no such progress: loud"},
		{[]string{"import", virga.Memory, "products"}, "not a folder"},
	} {
		run(t, "", c.args...).want(t, command.Misused, "", c.errs)
	}
	help := run(t, "", "import", "--help")
	if help.code != command.Done || !strings.Contains(help.out, "JSON Lines") || help.err != "" {
		t.Errorf("help: %+v", help)
	}
}

func TestReadingCreatesNothing(t *testing.T) {
	for _, args := range [][]string{{"export"}, {"find"}, {"count"}, {"stats"}, {"check"}} {
		missing := path(t)
		args = append(args, missing)
		if args[0] != "stats" && args[0] != "check" {
			args = append(args, "products")
		}
		run(t, "", args...).want(t, command.Failed, "", "virga: ")
		if _, err := os.Stat(missing); !os.IsNotExist(err) {
			t.Errorf("%s made %s: %v", args[0], missing, err)
		}
		empty := t.TempDir()
		args[1] = empty
		run(t, "", args...).want(t, command.Failed, "", "virga: ")
		if entries, err := os.ReadDir(empty); err != nil || len(entries) > 0 {
			t.Errorf("%s left %v, %v in an empty folder", args[0], entries, err)
		}
	}
}

func TestErrorsOfOperations(t *testing.T) {
	db := shop(t)
	run(t, "", "count", db, "products", "--where", `{"a":{"$fly":1}}`).want(t, command.Failed, "", "$fly")
	run(t, "", "count", db, "elsewhere").want(t, command.Failed, "", `no collection "elsewhere"`)
	run(t, tea, "import", db, "bad$name").want(t, command.Failed, "", "virga: import: ")
	run(t, "", "import", db, "products", filepath.Join(t.TempDir(), "none.jsonl")).want(t, command.Failed, "", "no such file")
	held, err := virga.Open(db)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	run(t, "", "count", db, "products").want(t, command.Failed, "", "locked")
}

func TestInterrupted(t *testing.T) {
	db := shop(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, args := range [][]string{{"import", db, "products"}, {"export", db, "products"}, {"count", db, "products"}, {"check", db}, {"stats", db}} {
		var out, errs bytes.Buffer
		code := command.Run(ctx, args, command.Streams{In: strings.NewReader(`{"a":1}`), Out: &out, Err: &errs})
		result{code, out.String(), errs.String()}.want(t, command.Failed, "", "context canceled")
	}
	run(t, "", "count", db, "products").want(t, command.Done, "3\n", "")
}
