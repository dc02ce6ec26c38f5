package badger

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/virgadb/virga/internal/fault"
)

const (
	stateName  = "STATE"
	stateMagic = "virga storage\n"
	stateSize  = 512 // one sector: written in place, it is never half old, half new
	stateBody  = "format %d\nboot %q\nclean %t\nrelaxed %t\nrebuild %t\nversion %d\nmanifest %d\n"

	// formatVersion is the version of the folder's format that this code writes.
	formatVersion = 1
)

// A state is what the file STATE says about a folder: text of a fixed length that
// ends in a checksum.
type state struct {
	format   int
	boot     string // id of the machine's start at the last opening, "" when unknown
	clean    bool   // closed, not killed
	relaxed  bool   // batches that were not durable were applied since the last clean close
	rebuild  bool   // what is derived from several batches must be built anew
	version  uint64 // newest version at the last clean close
	manifest int64  // length of MANIFEST at the last clean close
}

// needsRebuild reports whether power may have failed over batches that were not
// durable.
func (s state) needsRebuild(boot string) bool {
	return s.rebuild || !s.clean && s.relaxed && (boot == "" || s.boot != boot)
}

// reopened returns what to say of the folder from now on.
func (s state) reopened(boot string, rebuild bool) state {
	s.format = formatVersion
	s.relaxed = s.relaxed && !s.clean // what the last process left may still not be durable
	s.boot, s.clean, s.rebuild = boot, false, rebuild
	return s
}

func (s state) encode() []byte {
	var b strings.Builder
	b.WriteString(stateMagic)
	fmt.Fprintf(&b, stateBody, s.format, s.boot, s.clean, s.relaxed, s.rebuild, s.version, s.manifest)
	fmt.Fprintf(&b, "checksum %08x\n", crc32.ChecksumIEEE([]byte(b.String())))
	return append([]byte(b.String()), make([]byte, max(stateSize-b.Len(), 0))...)
}

// decodeState reports by ok whether text is whole.
func decodeState(text string) (s state, ok bool) {
	text = strings.TrimRight(text, "\x00")
	body, sum, found := strings.Cut(text, "checksum ")
	if !found || sum != fmt.Sprintf("%08x\n", crc32.ChecksumIEEE([]byte(body))) {
		return s, false
	}
	_, err := fmt.Sscanf(strings.TrimPrefix(body, stateMagic), stateBody,
		&s.format, &s.boot, &s.clean, &s.relaxed, &s.rebuild, &s.version, &s.manifest)
	return s, err == nil
}

// readState returns what is said of the folder. A folder without STATE is new. A
// STATE that a power cut left unwritten or torn says the worst.
func readState(dir string) (state, error) {
	text, err := os.ReadFile(filepath.Join(dir, stateName))
	if errors.Is(err, fs.ErrNotExist) {
		return state{clean: true}, nil
	}
	if err != nil {
		return state{}, fmt.Errorf("database %s: %w", dir, err)
	}
	s, ok := decodeState(string(text))
	switch {
	case ok && s.format > formatVersion:
		return s, fmt.Errorf("database %s: format %d, this version reads up to %d: use a newer version: %w",
			dir, s.format, formatVersion, fault.ErrFormat)
	case ok:
		return s, nil
	case strings.Trim(string(text), "\x00") == "" || strings.HasPrefix(string(text), stateMagic):
		return state{clean: !hasTables(dir), relaxed: true}, nil
	}
	return s, fmt.Errorf("database %s: %s is not of a database: %w", dir, stateName, fault.ErrInvalid)
}

// A stateFile is the open file STATE. It is safe for concurrent use.
type stateFile struct {
	dir string
	f   *os.File

	mu  sync.Mutex // guards now
	now state
}

// openState writes s into STATE. Only a new file has to be durable at once: to a
// power cut, an old one that was left behind says the same as its successor, until
// it is relaxed.
func openState(dir string, s state) (*stateFile, error) {
	f, err := os.OpenFile(filepath.Join(dir, stateName), os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, fmt.Errorf("database %s: %w", dir, err)
	}
	fi, err := f.Stat()
	if err == nil {
		file := &stateFile{dir: dir, f: f}
		if err = file.update(fi.Size() == 0, func(now *state) { *now = s }); err == nil {
			return file, nil
		}
	}
	f.Close()
	return nil, fmt.Errorf("database %s: %w", dir, err)
}

// update changes what is said, durably if asked.
func (f *stateFile) update(durable bool, change func(*state)) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	next := f.now
	change(&next)
	if _, err := f.f.WriteAt(next.encode(), 0); err != nil {
		return fmt.Errorf("database %s: %w", f.dir, err)
	}
	f.now = next
	if durable {
		return syncData(f.f)
	}
	return nil
}

// relax records, before the first batch that is not durable, that there are such.
func (f *stateFile) relax() error {
	f.mu.Lock()
	relaxed := f.now.relaxed
	f.mu.Unlock()
	if relaxed {
		return nil
	}
	return f.update(true, func(s *state) { s.relaxed = true })
}

// finish records a clean close.
func (f *stateFile) finish(version uint64) error {
	manifest, err := os.Stat(filepath.Join(f.dir, manifestName))
	if err != nil {
		return fmt.Errorf("database %s: %w", f.dir, err)
	}
	return f.update(f.now.relaxed, func(s *state) {
		s.clean, s.relaxed, s.version, s.manifest = true, false, version, manifest.Size()
	})
}

func (f *stateFile) close() { f.f.Close() }

// bootID returns the id the machine gave itself when it started, or "" where it
// gives none.
func bootID() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
}
