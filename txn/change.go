package txn

import "github.com/virgadb/virga/document"

// Op says what a commit did to one document.
type Op uint8

// The kinds of change.
const (
	Keep    Op = iota // nothing
	Insert            // the document is new
	Update            // some of its fields changed
	Replace           // it was replaced as a whole
	Remove            // it is gone
)

// delta returns by how much op changes the number of documents.
func (op Op) delta() int64 {
	switch op {
	case Insert:
		return 1
	case Remove:
		return -1
	}
	return 0
}

// A Change is the record of what a commit did to one document. The records of a
// commit are handed on in the order of its writes.
type Change struct {
	Collection    *Collection
	Op            Op
	Before, After document.Doc // zero for a document that did not, or does not, exist
	Paths         []string     // of an Update: the dotted paths it was about, as written
}

// A Commit is the record of one published group: everything that happened in one
// version. It is immutable.
type Commit struct {
	Version   uint64
	Changes   []Change
	Dropped   []*Collection // whose names lead to nothing, or to something else, from now on
	Redefined []*Collection // that have another [Policy] from now on
}

// Listen calls f with every commit once it is published, in the order of the
// versions. It is set once, before the first commit. f runs in the leader's seat
// of the committer: it never blocks and never touches the database.
func (d *Documents) Listen(f func(*Commit)) { d.listener = f }
