package command_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/virgadb/virga/cmd/virga/command"
	"github.com/virgadb/virga/internal/trial"
)

// numbered returns n rows with ascending ids.
func numbered(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"_id":%d,"text":"row %d"}`+"\n", i, i)
	}
	return b.String()
}

func TestImportStopsAtBadRow(t *testing.T) {
	for _, c := range []struct {
		name, rows string
		line       int
		stored     int
	}{
		{"not JSON", "{\"_id\":1}\n{\"_id\":2}\n{\"_id\":\n{\"_id\":4}\n", 3, 2},
		{"two values", "{\"_id\":1}\n{\"_id\":2} {\"_id\":3}\n", 2, 1},
		{"array", "[{\"_id\":1}]\n", 1, 0},
		{"number", "{\"_id\":1}\n5\n", 2, 1},
		{"key twice", "{\"_id\":1}\n{\"a\":1,\"a\":2}\n", 2, 1},
		{"dollar key", "{\"_id\":1}\n\n{\"$a\":1}\n", 3, 1},
		{"array id", "{\"_id\":1}\n{\"_id\":[1]}\n{\"_id\":3}\n", 2, 1},
		{"id twice", "{\"_id\":1}\n{\"_id\":2}\n{\"_id\":1.0}\n{\"_id\":4}\n", 3, 2},
		{"not UTF-8", "{\"_id\":1}\n{\"a\":\"\xff\"}\n", 2, 1},
		{"second commit", numbered(1500) + "{\n", 1501, 1500},
		{"id twice in the second commit", numbered(1500) + "{\"_id\":7}\n", 1501, 1500},
		{"last line without end", "{\"_id\":1}\n{\"_id\":", 2, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			db := path(t)
			run(t, c.rows, "import", db, "rows").want(t, command.Failed, "",
				fmt.Sprintf("virga: import: line %d: ", c.line))
			if c.stored > 0 {
				run(t, "", "count", db, "rows").want(t, command.Done, fmt.Sprintln(c.stored), "")
			}
			r := run(t, "", "check", db)
			if r.code != command.Done {
				t.Errorf("check: %+v", r)
			}
		})
	}
}

func TestImportLines(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	rows := "\xEF\xBB\xBF" + `{"_id":1,"a":"é"}` + "\r\n\r\n  \n" + `{"_id":2,"a":"` + long + `"}` + "\r\n" + "\t" + `{ "_id" : 3 }`
	db := path(t)
	run(t, rows, "import", db, "rows", "-").want(t, command.Done, "imported 3\n", "")
	run(t, "", "export", db, "rows").want(t, command.Done, `{"_id":1,"a":"é"}`+"\n"+`{"_id":2,"a":"`+long+`"}`+"\n"+`{"_id":3}`+"\n", "")

	run(t, "", "import", path(t), "rows").want(t, command.Done, "imported 0\n", "")
	run(t, `{"a":1}`+"\n"+`{"a":2}`, "import", db, "made").want(t, command.Done, "imported 2\n", "")
	run(t, "", "count", db, "made", "--where", `{"_id":{"$type":"string"}}`).want(t, command.Done, "2\n", "")
}

// TestImportBigRows brings documents that are larger than a commit of many may be.
func TestImportBigRows(t *testing.T) {
	var b strings.Builder
	for i := range 3 {
		fmt.Fprintf(&b, `{"_id":%d,"a":"%s"}`+"\n", i, strings.Repeat("x", 5<<20))
	}
	db := path(t)
	run(t, b.String(), "import", db, "rows").want(t, command.Done, "imported 3\n", "")
	run(t, "", "export", db, "rows").want(t, command.Done, b.String(), "")
	over := fmt.Sprintf(`{"_id":9,"a":"%s"}`, strings.Repeat("x", 17<<20))
	run(t, over, "import", db, "rows").want(t, command.Failed, "", "line 1: ")
}

func TestImportUpsert(t *testing.T) {
	db := shop(t)
	rows := `{"_id":"d","name":"tin"}
{"_id":"a","name":"new tea"}
{"name":"no id"}
{"_id":"d","name":"tin again"}
{"_id":"e","name":"lid"}
`
	run(t, rows, "import", db, "products", "--upsert").want(t, command.Done, "imported 5\n", "")
	run(t, "", "find", db, "products", "--where", `{"_id":{"$in":["a","d","e"]}}`).want(t, command.Done,
		`{"_id":"a","name":"new tea"}`+"\n"+`{"_id":"d","name":"tin again"}`+"\n"+`{"_id":"e","name":"lid"}`+"\n", "")
	run(t, "", "count", db, "products").want(t, command.Done, "6\n", "")
	run(t, `{"_id":"a","name":"once more"}`, "import", db, "products").want(t, command.Failed, "", "line 1: ")
	run(t, `{"_id":"a","$x":1}`, "import", db, "products", "--upsert").want(t, command.Failed, "", "line 1: ")
}

// TestImportLongNumbers: what an integer cannot hold is a double, unless it says that it
// is an integer.
func TestImportLongNumbers(t *testing.T) {
	db := path(t)
	run(t, `{"_id":1,"n":9223372036854775807,"m":-9223372036854775809,"s":"9223372036854775808"}`+"\n", "import", db, "rows").
		want(t, command.Done, "imported 1\n", "")
	run(t, "", "export", db, "rows").
		want(t, command.Done, `{"_id":1,"n":9223372036854775807,"m":-9223372036854776000.0,"s":"9223372036854775808"}`+"\n", "")
	run(t, `{"_id":2,"n":{"$numberLong":"9223372036854775808"}}`+"\n", "import", db, "rows").want(t, command.Failed, "", "line 1: ")
}

func TestImportProgress(t *testing.T) {
	r := run(t, numbered(2500), "import", path(t), "rows", "--progress", "plain")
	r.want(t, command.Done, "imported 2500\n", "committed 1000\ncommitted 2000\ncommitted 2500\n")
}

// process starts the command as a process of its own.
func process(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Env = append(os.Environ(), asCommand+"=1")
	return cmd
}

// TestKilledImport kills imports after a commit of theirs: the collection must
// hold the first rows of the file, at least those said to be committed, and
// nothing of the rest.
func TestKilledImport(t *testing.T) {
	const rows = 30_000
	file := filepath.Join(t.TempDir(), "rows.jsonl")
	if err := os.WriteFile(file, []byte(numbered(rows)), 0o600); err != nil {
		t.Fatal(err)
	}
	seed := uint64(time.Now().UnixNano())
	r := rand.New(rand.NewPCG(seed, 0))
	kills := trial.Times(3)
	for range kills {
		kill(t, file, 1000*(1+r.IntN(9)), time.Duration(r.IntN(20_000))*time.Microsecond)
	}
	t.Logf("seed %d: %d kills", seed, kills)
}

// kill starts an import and kills it some time after it has said that so many
// rows are committed.
func kill(t *testing.T, file string, after int, delay time.Duration) {
	db := path(t)
	cmd := process(t, "import", db, "rows", file, "--progress", "plain")
	errs, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := 0
	lines := bufio.NewScanner(errs)
	for said < after && lines.Scan() {
		said = committed(t, lines.Text())
	}
	time.AfterFunc(delay, func() { _ = cmd.Process.Kill() })
	for lines.Scan() {
		said = committed(t, lines.Text())
	}
	_ = cmd.Wait() // it was killed: that is the error

	held, err := strconv.Atoi(strings.TrimSpace(run(t, "", "count", db, "rows").out))
	if err != nil || held < said {
		t.Fatalf("%d rows were committed, %d are held, %v", said, held, err)
	}
	run(t, "", "export", db, "rows").want(t, command.Done, numbered(held), "")
	if r := run(t, "", "check", db); r.code != command.Done {
		t.Errorf("check: %+v", r)
	}
	t.Logf("killed %v after %d: said %d, held %d", delay, after, said, held)
}

func committed(t *testing.T, line string) int {
	t.Helper()
	n, err := strconv.Atoi(strings.TrimPrefix(line, "committed "))
	if err != nil {
		t.Fatalf("progress: %s", line)
	}
	return n
}

// TestTwoProcesses starts a second import while the first is waiting for input.
func TestTwoProcesses(t *testing.T) {
	db := path(t)
	first := process(t, "import", db, "rows", "--progress", "plain")
	in, err := first.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	errs, err := first.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	// More rows than a commit takes: its line of progress shows that the first has
	// the database open.
	if _, err := in.Write([]byte(numbered(1001))); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(errs)
	if !lines.Scan() || lines.Text() != "committed 1000" {
		t.Fatalf("progress: %s", lines.Text())
	}
	for _, args := range [][]string{{"import", db, "rows"}, {"count", db, "rows"}, {"check", db}} {
		out, err := process(t, args...).CombinedOutput()
		if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != command.Failed || !strings.Contains(string(out), "locked") {
			t.Errorf("%s beside an import: %v, %s", args[0], err, out)
		}
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() {
	}
	if err := first.Wait(); err != nil {
		t.Fatal(err)
	}
	run(t, "", "count", db, "rows").want(t, command.Done, "1001\n", "")
}
