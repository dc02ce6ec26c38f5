package virga

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/virgadb/virga/internal/storage"
	"github.com/virgadb/virga/internal/storage/storagetest"
	"github.com/virgadb/virga/query"
)

// sample fills a database with values of every kind, one of them large.
func sample(db *DB) error {
	ctx := context.Background()
	docs := make([]M, 30)
	for i := range docs {
		docs[i] = M{"_id": i, "n": i % 7, "f": float64(i) / 3, "s": strings.Repeat("s", i), "b": i%2 == 0,
			"at": time.UnixMilli(int64(i)), "nil": nil, "raw": []byte{1, 2, 3},
			"list": []any{i, "x", M{"y": i}}, "sub": M{"x": M{"y": M{"z": i}}}}
	}
	if _, err := db.Collection("c").AddMany(ctx, docs); err != nil {
		return err
	}
	if _, err := db.Collection("c").Add(ctx, M{"_id": "text", "n": 3}); err != nil {
		return err
	}
	_, err := db.Collection("big").Add(ctx, M{"_id": 1, "n": 1, "text": strings.Repeat("0123456789", 60_000)})
	return err
}

// use reads and writes all of a database and returns every error, in which a
// panic is one. Data that is no longer what it was must not make it stop working.
func use(db *DB) (errs []error) {
	ctx := context.Background()
	for _, name := range []string{"c", "big"} {
		c := db.Collection(name)
		for what, f := range map[string]func() error{
			"find": func() error {
				docs, err := c.Where(nil).Get(ctx)
				for _, doc := range docs {
					_, _, _ = doc.Map(), doc.String(), doc.ID()
					_, _ = doc.MarshalJSON()
					_ = doc.Decode(&struct{ N int }{})
					for _, path := range []string{"n", "list.2.y", "sub.x.y.z", "text"} {
						_ = doc.Lookup(path).String()
					}
				}
				return err
			},
			"filter": func() error {
				_, err := c.Where(M{"n": query.Gt(2), "list": query.ElemMatch(M{"y": query.Lt(20)}), "sub": M{"x": M{"y": M{"z": query.Exists()}}}}).Get(ctx)
				return err
			},
			"regex": func() error { _, err := c.Where(M{"s": query.Regex("s+$")}).Count(ctx); return err },
			"sort": func() error {
				_, err := c.Where(nil).OrderBy("list", Asc).OrderBy("sub", Desc).Limit(9).Get(ctx)
				return err
			},
			"project":  func() error { _, err := c.Where(nil).Field(M{"sub.x": 1, "list.y": 1}).Get(ctx); return err },
			"exclude":  func() error { _, err := c.Where(nil).Field(M{"sub.x.y": 0, "s": 0}).Get(ctx); return err },
			"distinct": func() error { _, err := c.Where(nil).Distinct(ctx, "list.y"); return err },
			"get":      func() error { _, err := c.Doc(1).Get(ctx); return err },
			"update": func() error {
				_, err := c.Where(M{}).Update(ctx, M{"n": query.Inc(1), "list": query.Push(1), "sub": M{"new": 1}})
				return err
			},
			"set":    func() error { _, err := c.Doc(2).Set(ctx, M{"n": 1}); return err },
			"remove": func() error { _, err := c.Where(M{"n": query.Gt(5)}).Remove(ctx); return err },
		} {
			if err := guarded(f); err != nil {
				errs = append(errs, fmt.Errorf("%s %s: %w", what, name, err))
			}
		}
	}
	return errs
}

func guarded(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return f()
}

// expected reports whether damage may be answered like that: values that became
// others may be wrong for an update, or missing.
func expected(err error) bool {
	for _, is := range []error{ErrCorrupt, ErrInvalid, ErrNotFound, ErrDuplicate, ErrTooLarge} {
		if errors.Is(err, is) && !strings.Contains(err.Error(), "panic") {
			return true
		}
	}
	return false
}

// TestDamagedValues changes bytes below the root that no checksum guards. Nothing
// may panic, and what can be known to be wrong is reported.
func TestDamagedValues(t *testing.T) {
	c, err := configure(nil)
	if err != nil {
		t.Fatal(err)
	}
	engine := storagetest.NewCrashing()
	db, err := openStore("whole", engine, c)
	if err == nil {
		err = errors.Join(sample(db), db.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	seed := newSeed(t)
	rnd := random(seed, 0)
	refused, reported, unseen := 0, 0, 0
	for n := range 40 * effort() {
		damaged := engine.Kill()
		what := damage(t, rnd, damaged)
		db, err := openStore("damaged", damaged, c)
		if err != nil {
			if !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrFormat) {
				t.Errorf("seed %d, case %d, %s: open: %v", seed, n, what, err)
			}
			refused++
			continue
		}
		report, err := db.Check(ctx())
		if err != nil && !errors.Is(err, ErrCorrupt) {
			t.Errorf("seed %d, case %d, %s: check: %v", seed, n, what, err)
		}
		sound := err == nil && len(report.Problems) == 0
		if sound {
			unseen++
		} else {
			reported++
		}
		for _, err := range use(db) {
			if !expected(err) || sound && errors.Is(err, ErrCorrupt) {
				t.Errorf("seed %d, case %d, %s, sound %v: %v", seed, n, what, sound, err)
			}
		}
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		if t.Failed() && n > 20 {
			break
		}
	}
	t.Logf("damage: seed %d, %d refused at Open, %d found by Check, %d whole documents of other content", seed, refused, reported, unseen)
	if reported == 0 {
		t.Error("Check found nothing")
	}
}

// damage changes one entry of an engine and says how.
func damage(t *testing.T, rnd *rand.Rand, e storage.Engine) string {
	var keys, values [][]byte
	view := e.View()
	cursor := view.Scan(storage.Range{}, storage.ScanOptions{})
	for cursor.Next() {
		keys, values = append(keys, bytes.Clone(cursor.Key())), append(values, bytes.Clone(cursor.Value()))
	}
	cursor.Close()
	view.Release()
	i := rnd.IntN(len(keys))
	w := storage.Write{Key: keys[i], Value: values[i]}
	how := ""
	switch at := rnd.IntN(max(1, len(w.Value))); rnd.IntN(6) {
	case 0:
		w.Value, how = w.Value[:min(at, len(w.Value))], "cut"
	case 1:
		w.Value, how = append(w.Value, byte(rnd.Uint32())), "longer"
	case 2:
		w.Value, how = values[rnd.IntN(len(values))], "another's value"
	case 3:
		w, how = storage.Write{Key: keys[i], Delete: true}, "gone"
	default:
		if len(w.Value) > 0 {
			at = min(at, rnd.IntN(100)) % len(w.Value) // where more hangs on a byte
			w.Value[at] ^= 1 << rnd.IntN(8)
		}
		how = fmt.Sprintf("bit at %d", at)
	}
	if err := e.Apply(e.Version()+1, []storage.Write{w}, true); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%.40q %s", keys[i], how)
}

// Two documents that claim one _id must not keep a writer waiting for itself.
func TestOneIDTwice(t *testing.T) {
	c, err := configure(nil)
	if err != nil {
		t.Fatal(err)
	}
	engine := storagetest.NewCrashing()
	db, err := openStore("whole", engine, c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Collection("c").AddMany(ctx(), []M{{"_id": "same"}, {"_id": "some"}}); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	view := engine.View()
	cursor := view.Scan(storage.Range{}, storage.ScanOptions{})
	for cursor.Next() {
		if value := bytes.ReplaceAll(cursor.Value(), []byte("some"), []byte("same")); !bytes.Equal(value, cursor.Value()) {
			err = engine.Apply(engine.Version()+1, []storage.Write{{Key: bytes.Clone(cursor.Key()), Value: value}}, true)
		}
	}
	cursor.Close()
	view.Release()
	if err != nil {
		t.Fatal(err)
	}
	if db, err = openStore("damaged", engine, c); err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	within(t, "the update", func() {
		if _, err := db.Collection("c").Where(M{}).Update(ctx(), M{"v": 1}); !errors.Is(err, ErrCorrupt) {
			t.Errorf("update: %v, want ErrCorrupt", err)
		}
	})
	if report, err := db.Check(ctx()); err != nil || len(report.Problems) == 0 {
		t.Errorf("check: %v, %v, want a problem", report, err)
	}
}

// TestDamagedFiles runs damagedFiles in a process of its own, which a panic in a
// goroutine of Badger's would end.
func TestDamagedFiles(t *testing.T) {
	t.Parallel()
	if os.Getenv(childVar) == "damage" {
		damagedFiles(t)
		return
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, "-test.run=^TestDamagedFiles$", "-test.v")
	cmd.Env = append(os.Environ(), childVar+"=damage")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v", err)
	}
	t.Logf("in another process:\n%s", out)
}

// damagedFiles changes files of a closed database. Either Open or Check or a read
// says so, or everything is still as it was.
func damagedFiles(t *testing.T) {
	path := t.TempDir()
	db, err := Open(path)
	if err == nil {
		err = errors.Join(sample(db), db.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	want := everything(t, path)
	seed := newSeed(t)
	rnd := random(seed, 0)
	refused, reported, harmless := 0, 0, 0
	for n := range 8 * effort() {
		copied := filepath.Join(t.TempDir(), "db")
		if err := os.CopyFS(copied, os.DirFS(path)); err != nil {
			t.Fatal(err)
		}
		what := damageFile(t, rnd, copied)
		db, err := Open(copied)
		if err != nil {
			refused++
			// ErrInvalid: what is left does not look like a database.
			if !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrFormat) && !errors.Is(err, ErrInvalid) {
				t.Errorf("seed %d, case %d, %s: open: %v", seed, n, what, err)
			}
			continue
		}
		report, err := db.Check(ctx())
		if err != nil && !errors.Is(err, ErrCorrupt) {
			t.Errorf("seed %d, case %d, %s: check: %v", seed, n, what, err)
		}
		got, readErr := contents(db)
		switch {
		case err != nil || len(report.Problems) > 0:
			reported++
		case readErr != nil:
			t.Errorf("seed %d, case %d, %s: Check is content, but: %v", seed, n, what, readErr)
		case len(differ(got, want)) > 0:
			t.Errorf("seed %d, case %d, %s: silently other: %s", seed, n, what, firstOf(differ(got, want)))
		default:
			harmless++
		}
		for _, err := range use(db) {
			if !expected(err) {
				t.Errorf("seed %d, case %d, %s: %v", seed, n, what, err)
			}
		}
		if err := db.Close(); err != nil && !errors.Is(err, ErrCorrupt) {
			t.Errorf("seed %d, case %d, %s: close: %v", seed, n, what, err)
		}
	}
	t.Logf("files: seed %d, %d refused at Open, %d found by Check, %d harmless", seed, refused, reported, harmless)
}

func everything(t *testing.T, path string) *naive {
	t.Helper()
	db, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	all, err := contents(db)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// damageFile changes one file of a folder and says how.
func damageFile(t *testing.T, rnd *rand.Rand, dir string) string {
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	names = slices.DeleteFunc(names, func(name string) bool {
		fi, err := os.Stat(name)
		return err != nil || fi.Size() == 0
	})
	name := names[rnd.IntN(len(names))]
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	at, how := rnd.IntN(len(data)), "bit"
	if rnd.IntN(2) == 0 {
		at = rnd.IntN(min(len(data), 200)) // where more hangs on a byte
	}
	switch rnd.IntN(4) {
	case 0:
		data, how = data[:at], "cut"
	case 1:
		clear(data[at:min(len(data), at+64)])
		how = "zeros"
	default:
		data[at] ^= 1 << rnd.IntN(8)
	}
	if err := os.WriteFile(name, data, 0o666); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s %s at %d", filepath.Base(name), how, at)
}
