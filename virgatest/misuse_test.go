package virgatest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/virgadb/virga/virgatest"
)

// Where no test can be failed, a panic says which call was wrong, and why.
func TestMisuse(t *testing.T) {
	db := virgatest.New(t)
	template := virgatest.NewTemplate(nil)
	var none *virgatest.DB
	for text, call := range map[string]func(){
		"New: t is nil":                   func() { virgatest.New(nil) },
		"New: t is nil, there is no test": func() { virgatest.New((*testing.T)(nil)) },
		"Fork: t is nil":                  func() { db.Fork(nil) },
		"Fork: t is nil, there":           func() { template.Fork(nil) },
		"Fork: the DB is nil":             func() { none.Fork(t) },
		"Seed: the DB is nil":             func() { none.Seed(nil) },
		"Calls: the DB is nil":            func() { none.Calls() },
		"Calls: the DB is nil, or was":    func() { new(virgatest.DB).Calls() },
		"Report: the DB is nil":           func() { none.Report() },
		"Inject: the DB is nil":           func() { none.Inject(virgatest.Rule{}) },
		"Hits: the Injection is nil":      func() { new(virgatest.Injection).Hits() },
		"Remove: the Injection is nil":    func() { (*virgatest.Injection)(nil).Remove() },
		"Now: the Clock is nil":           func() { new(virgatest.Clock).Now() },
		"Set: the Clock is nil":           func() { new(virgatest.Clock).Set(time.Time{}) },
		"Advance: the Clock is nil":       func() { (*virgatest.Clock)(nil).Advance(1) },
		"Main: m is nil":                  func() { virgatest.Main(nil) },
	} {
		if got := panicOf(call); !strings.HasPrefix(got, "virgatest: "+text) {
			t.Errorf("%s: %s", text, got)
		}
	}
}

// What a test asks for in vain fails it, in words that say what was wrong.
func TestMisuseFailsTheTest(t *testing.T) {
	closed := virgatest.New(t)
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	for text, call := range map[string]func(t testing.TB){
		"not made by NewTemplate":     func(t testing.TB) { new(virgatest.Template).Fork(t) },
		"nil, or was not made by New": func(t testing.TB) { (*virgatest.Template)(nil).Fork(t) },
		"closed":                      func(t testing.TB) { closed.Fork(t) },
		"no files to load":            func(t testing.TB) { virgatest.New(t).Seed(nil) },
		"no files":                    func(t testing.TB) { virgatest.New(t, virgatest.Seed(nil)) },
	} {
		if tr := try(t, call); !tr.Failed() || !strings.Contains(tr.text.String(), text) {
			t.Errorf("%s: %q", text, tr.text.String())
		}
	}
}

func panicOf(call func()) (text string) {
	defer func() { text = fmt.Sprint(recover()) }()
	call()
	return ""
}
