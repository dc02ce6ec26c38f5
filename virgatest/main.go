package virgatest

import (
	"fmt"
	"os"
	"sync"
	"testing"
)

// Main runs the tests of a package and ends the program with their verdict, as TestMain
// has to. Before that it prints what the queries of all databases of the run ask for,
// see [Report].
//
//	func TestMain(m *testing.M) { virgatest.Main(m) }
func Main(m *testing.M) {
	if m == nil {
		panic("virgatest: Main: m is nil, it takes what TestMain is given")
	}
	run.mu.Lock()
	run.survey = newSurvey()
	run.mu.Unlock()
	code := m.Run()
	if text := reportOfRun(); text != "" {
		fmt.Println("virgatest: what the queries of this run ask for\n" + text)
	}
	os.Exit(code)
}

// run is what the databases of this process have to say. It is state of the package
// because package testing runs tests apart from TestMain, and hands nothing from it on.
var run struct {
	mu     sync.Mutex
	survey *survey // nil when nobody asks for it
}

func reportOfRun() string {
	run.mu.Lock()
	defer run.mu.Unlock()
	return run.survey.report().String()
}

// tell adds what db has to say to the report of the run, if there is to be one.
func tell(db *DB) {
	run.mu.Lock()
	defer run.mu.Unlock()
	if run.survey != nil {
		run.survey.add(db)
	}
}
