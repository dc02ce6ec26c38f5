package virga

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// crashWriters is how many goroutines of a child write at once.
const crashWriters = 8

// A crashWork is the endless list of ops of one writer, the same for a seed and a
// writer in the child that runs it and in the parent that checks it. Each writer
// has documents of its own, so what it does to them has one outcome; all of them
// count in one document.
type crashWork struct {
	generator
	writer int
}

func newCrashWork(seed uint64, writer int) crashWork {
	return crashWork{generator{rand.New(rand.NewPCG(seed, uint64(writer)))}, writer}
}

// next returns the next op.
func (w crashWork) next() op {
	mine := D{{"w", int64(w.writer)}}
	o := op{In: "shared"}
	if w.chance(4) {
		o.In = "own" + strconv.Itoa(w.writer)
	}
	switch n := w.IntN(100); {
	case n < 20:
		o.Do, o.Data = "add", w.document()
	case n < 35:
		docs := make([]any, 2+w.IntN(40))
		for i := range docs {
			docs[i] = append(D{{"_id", fmt.Sprintf("%d-b%d-%d", w.writer, w.IntN(20), i)}}, w.document()[1:]...)
		}
		o.Do, o.Data = "addmany", docs
	case n < 45:
		o.Do, o.ID, o.Data = "set", w.id(), w.document()[1:]
	case n < 60:
		o.Do, o.ID, o.Data = "update", w.id(), D{{"$inc", D{{"v", int64(1)}}}, {"$push", D{{"t", int64(n)}}}}
	case n < 70:
		o.Do, o.ID = "remove", w.id()
	case n < 75:
		o.Do, o.Where, o.Data = "updatewhere", mine, D{{"$inc", D{{"v", int64(1)}}}}
	case n < 77:
		o.Do, o.Where = "removewhere", append(mine, E{"v", D{{"$mod", []any{int64(3), int64(w.IntN(3))}}}})
	case n < 80:
		o.Do, o.ID, o.Data, o.Pad = "set", w.id(), w.document()[1:], 512<<10+w.IntN(1<<20)
	case n < 82:
		o.In, o.Do = "own"+strconv.Itoa(w.writer), "create"
	case n < 84:
		o.Do, o.Fields = pick(w.generator, "index", "unindex"), D{{pick(w.generator, "v", "t"), int64(1)}}
	case n < 86:
		o.In, o.Do = "own"+strconv.Itoa(w.writer), "drop"
	default:
		o.In, o.Do, o.ID, o.Data = "hot", "update", "hot", D{{"$inc", D{{"n", int64(1)}}}}
	}
	return o
}

func (w crashWork) id() string { return fmt.Sprintf("%d-%d", w.writer, w.IntN(60)) }

func (w crashWork) document() D {
	return D{{"_id", w.id()}, {"w", int64(w.writer)}, {"v", int64(w.IntN(9))}, {"text", strings.Repeat("x", w.IntN(300))}}
}

// crashChild writes until it is killed. On its output stands the number of a
// writer for each op of that writer that was acknowledged.
func crashChild() error {
	ctx := context.Background()
	seed, err := strconv.ParseUint(os.Getenv("VIRGA_CRASH_SEED"), 10, 64)
	if err != nil {
		return err
	}
	db, err := Open(os.Getenv("VIRGA_CRASH_PATH"), crashLevels[os.Getenv("VIRGA_CRASH_LEVEL")])
	if err != nil {
		return err
	}
	failed := make(chan error)
	for w := range crashWriters {
		go func() {
			work := newCrashWork(seed, w)
			line := []byte(strconv.Itoa(w) + "\n")
			for {
				if err := perform(ctx, db, work.next()); err != nil {
					failed <- err
				}
				if _, err := os.Stdout.Write(line); err != nil {
					failed <- err
				}
			}
		}()
	}
	go func() {
		for range time.Tick(100 * time.Millisecond) {
			if err := db.Compact(ctx); err != nil {
				failed <- fmt.Errorf("compact: %w", err)
			}
		}
	}()
	return <-failed
}

var crashLevels = map[string]Option{"sync": Sync, "interval": Interval(5 * time.Millisecond), "fast": Fast}

// perform runs an op. That it had nothing to do is no error.
func perform(ctx context.Context, db *DB, o op) (err error) {
	coll := db.Collection(o.In)
	switch o.Do {
	case "add":
		_, err = coll.Add(ctx, o.documents()[0])
	case "addmany":
		_, err = coll.AddMany(ctx, o.documents())
	case "set":
		_, err = coll.Doc(o.ID).Set(ctx, o.documents()[0])
	case "update":
		_, err = coll.Doc(o.ID).Update(ctx, o.update())
	case "remove":
		_, err = coll.Doc(o.ID).Remove(ctx)
	case "updatewhere":
		_, err = coll.Where(o.where()).Update(ctx, o.update())
	case "removewhere":
		_, err = coll.Where(o.where()).Remove(ctx)
	case "create":
		err = db.CreateCollection(ctx, o.In)
	case "drop":
		err = db.DropCollection(ctx, o.In)
	case "index":
		err = coll.CreateIndex(ctx, o.index())
	case "unindex":
		err = coll.DropIndex(ctx, o.index().Name)
		if errors.Is(err, ErrInvalid) {
			return nil // it is being built
		}
	}
	if errors.Is(err, ErrDuplicate) || errors.Is(err, ErrExists) || errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", o.Do, err)
	}
	return nil
}

// TestCrash kills processes that write, and looks whether what they were told is
// stored is stored.
func TestCrash(t *testing.T) {
	t.Parallel()
	seed := newSeed(t)
	rnd := random(seed, 0)
	kills, acknowledged, lost := 3+6*effort()/10, 0, 0
	c := &crash{rnd: rnd, path: t.TempDir(), model: newNaive()}
	levels := slices.Sorted(maps.Keys(crashLevels))
	perLevel := map[string]int{}
	for n := range kills {
		if n%5 == 0 { // the others go on where the last crash was
			c.path, c.model = t.TempDir(), newNaive()
		}
		level := levels[n%len(levels)]
		perLevel[level]++
		acked, err := c.round(level, rnd.Uint64())
		acknowledged += acked
		if err != nil {
			lost++
			t.Errorf("seed %d, kill %d, %s: %v", seed, n, level, err)
			c.path, c.model = t.TempDir(), newNaive()
		}
		if lost == 5 {
			kills = n + 1
			break
		}
	}
	t.Logf("crash: seed %d, %d kills %v, %d acknowledged writes, %d rounds with a loss", seed, kills, perLevel, acknowledged, lost)
}

// A crash is a database in which processes write until they are killed.
type crash struct {
	rnd   *rand.Rand
	path  string
	model *naive // what is in it
	hot   int64  // what the common counter stands at
}

// round lets one process write, kills it and compares. It returns how many
// writes were acknowledged.
func (c *crash) round(level string, seed uint64) (int, error) {
	if err := c.prepare(); err != nil {
		return 0, err
	}
	acks, err := c.kill(level, seed)
	if err != nil {
		return 0, err
	}
	total := 0
	for _, n := range acks {
		total += n
	}
	db, err := Open(c.path, Fast)
	if err != nil {
		return total, fmt.Errorf("after the kill: %w", err)
	}
	report, err := db.Check(context.Background())
	return total, errors.Join(err, report.Err(), c.compare(db, seed, acks), db.Close())
}

// prepare sets the counter that all writers share to what the model knows.
func (c *crash) prepare() error {
	db, err := Open(c.path)
	if err != nil {
		return err
	}
	c.hot = 0
	_, err = db.Collection("hot").Doc("hot").Set(context.Background(), D{{"n", int64(0)}})
	return errors.Join(err, db.Close())
}

// kill runs a child and kills it. It returns the acknowledged ops of each writer.
func (c *crash) kill(level string, seed uint64) (acks [crashWriters]int, err error) {
	exe, err := os.Executable()
	if err != nil {
		return acks, err
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), childVar+"=crash", "VIRGA_CRASH_PATH="+c.path,
		"VIRGA_CRASH_LEVEL="+level, "VIRGA_CRASH_SEED="+strconv.FormatUint(seed, 10))
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.StdoutPipe()
	if err != nil {
		return acks, err
	}
	if err := cmd.Start(); err != nil {
		return acks, err
	}
	lines := bufio.NewReader(out)
	if c.rnd.IntN(5) > 0 { // else it may be killed while it opens
		_, _ = lines.Peek(1)
	}
	timer := time.AfterFunc(time.Duration(c.rnd.IntN(300))*time.Millisecond, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	for {
		line, err := lines.ReadString('\n')
		if err == io.EOF {
			break // a line that is not whole was not said
		}
		w, bad := strconv.Atoi(strings.TrimSpace(line))
		if err != nil || bad != nil || w < 0 || w >= crashWriters {
			return acks, fmt.Errorf("the child says %q: %w", line, err)
		}
		acks[w]++
	}
	_ = cmd.Wait() // killed
	if complaint.Len() > 0 {
		return acks, fmt.Errorf("the child did not live until it was killed: %s", complaint.String())
	}
	return acks, nil
}

// compare holds what is stored against what was acknowledged. Of each writer the
// op after that may have happened as well.
func (c *crash) compare(db *DB, seed uint64, acks [crashWriters]int) error {
	must, may := int64(0), int64(0)
	next := newNaive()
	var errs []error
	for w := range crashWriters {
		work := newCrashWork(seed, w)
		before := c.model.of(w)
		for range acks[w] {
			o := work.next()
			before.apply(o)
			if o.In == "hot" {
				must++
			}
		}
		after, last := before.copy(), work.next()
		after.apply(last)
		if last.In == "hot" {
			may++
		}
		stored, err := storedOf(db, w)
		if err == nil {
			err = between(stored, before, after, last)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("writer %d after %d ops: %w", w, acks[w], err))
		}
		next.merge(stored)
	}
	c.model = next
	doc, err := db.Collection("hot").Doc("hot").Get(context.Background())
	if n, _ := doc.Lookup("n").Int64(); err == nil && (n < must || n > must+may) {
		err = fmt.Errorf("the counter stands at %d, acknowledged are %d, on their way %d", n, must, may)
	}
	return errors.Join(append(errs, err)...)
}
