package command

import (
	"fmt"
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows how far an import has come.
type progress interface {
	// committed says that so many rows are stored, and how many bytes of input
	// have been read.
	committed(rows int, bytes int64)
	// end takes down what is shown.
	end()
}

// newProgress returns the progress of a mode, written to w. Size is that of the
// input in bytes, -1 when unknown.
func newProgress(mode string, w io.Writer, size int64) (progress, error) {
	switch mode {
	case "plain":
		return plainProgress{w}, nil
	case "none":
		return noProgress{}, nil
	case "auto":
		if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
			return newBar(w, size), nil
		}
		return noProgress{}, nil
	}
	return nil, misused(fmt.Errorf("no such progress: %s", mode))
}

type noProgress struct{}

func (noProgress) committed(int, int64) {}
func (noProgress) end()                 {}

// plainProgress writes a line for every commit, for programs to read.
type plainProgress struct{ w io.Writer }

func (p plainProgress) committed(rows int, _ int64) { fmt.Fprintf(p.w, "committed %d\n", rows) }
func (plainProgress) end()                          {}

// barProgress is a bar over the bytes of the input, a spinner when their number
// is unknown.
type barProgress struct{ bar *progressbar.ProgressBar }

func newBar(w io.Writer, size int64) barProgress {
	return barProgress{progressbar.NewOptions64(size,
		progressbar.OptionSetWriter(w),
		progressbar.OptionShowBytes(true),
		progressbar.OptionClearOnFinish(),
	)}
}

// A bar that cannot be drawn is no reason to stop, so its errors are dropped.

func (b barProgress) committed(rows int, bytes int64) {
	b.bar.Describe(fmt.Sprintf("%d rows", rows))
	_ = b.bar.Set64(bytes)
}

func (b barProgress) end() { _ = b.bar.Finish() }

// indexProgress shows how far an index build has come.
type indexProgress interface {
	// indexed says that so many documents of all have been looked at.
	indexed(done, total int64)
	// end takes down what is shown.
	end()
}

// newIndexProgress returns the progress of a mode, written to w.
func newIndexProgress(mode string, w io.Writer) (indexProgress, error) {
	switch mode {
	case "plain":
		return &plainIndexProgress{w: w}, nil
	case "none":
		return noProgress{}, nil
	case "auto":
		if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
			return barIndexProgress{progressbar.NewOptions64(1, progressbar.OptionSetWriter(w), progressbar.OptionClearOnFinish())}, nil
		}
		return noProgress{}, nil
	}
	return nil, misused(fmt.Errorf("no such progress: %s", mode))
}

func (noProgress) indexed(int64, int64) {}

// plainIndexProgress writes a line for every tenth of the documents.
type plainIndexProgress struct {
	w    io.Writer
	next int64
}

func (p *plainIndexProgress) indexed(done, total int64) {
	if done >= p.next || done == total {
		fmt.Fprintf(p.w, "indexed %d of %d\n", done, total)
		p.next = done + max(total/10, 1)
	}
}

func (*plainIndexProgress) end() {}

type barIndexProgress struct{ bar *progressbar.ProgressBar }

func (b barIndexProgress) indexed(done, total int64) {
	b.bar.ChangeMax64(total)
	_ = b.bar.Set64(done)
}

func (b barIndexProgress) end() { _ = b.bar.Finish() }
