package virga

import (
	"fmt"
	"math"
	"regexp"

	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/txn"
)

// A Profile says whose limits and habits a database has, see [WithProfile].
type Profile uint8

const (
	// Embedded is a database for programs: collections appear when they are written
	// to, and what is asked for is returned, however much. It is the default.
	Embedded Profile = iota
	// Cloud is the database as mini programs find it in the cloud, for tests that
	// must not pass here and fail there:
	//
	//   - A query returns at most 100 documents unless its limit says more, and never
	//     more than 1,000; an identity, see [DB.As], gets at most 20, and an error
	//     when they have more than 1 MiB together. A pipeline without a limit returns
	//     20 to an identity. A result that was cut is logged.
	//   - Collections must exist, see [DB.CreateCollection]: their names have 2 to 33
	//     letters, digits, hyphens and underscores. There are at most 300 of them, see
	//     [MaxCollections].
	//   - An update or remove leaves order, skip, limit and field of its query out of
	//     account and logs that, where Embedded refuses them.
	//   - Identities store documents of at most 512 KiB and have no transactions,
	//     AddMany, UpdateAndReturn, and stages that read another collection. Only
	//     identities watch. Transactions do not count and aggregate.
	Cloud
)

// WithProfile gives a database the limits and habits of p. It changes nothing in
// what is stored.
func WithProfile(p Profile) Option { return func(c *config) { c.profile = p } }

// MaxCollections bounds the number of collections in the [Cloud] profile; 300
// unless told. Embedded databases have no bound.
func MaxCollections(n int) Option { return func(c *config) { c.collections = n } }

const defaultCollections = 300

// cloud returns the limits of the Cloud profile, nil in another.
func (c *config) cloud() *cloudLimits {
	if c.profile != Cloud {
		return nil
	}
	if c.collections == 0 {
		return &cloudLimits{collections: defaultCollections}
	}
	return &cloudLimits{collections: c.collections}
}

// cloudLimits are those limits of the Cloud profile that options change.
type cloudLimits struct {
	collections int
}

// The most documents that a query returns in the Cloud profile.
const (
	clientCap     = 20
	programCap    = 1000
	programUsual  = 100     // unless the query has a limit
	clientReply   = 1 << 20 // bytes of all documents
	clientRequest = 512 << 10
)

// cut makes r ask for one document more than the profile lets it return, and
// returns how many that are; 0 when r asks for no more than it may.
func (db *DB) cut(r *query.Request) int {
	if db.cloud == nil {
		return 0
	}
	usual, most := programUsual, programCap
	if db.who != nil {
		usual, most = clientCap, clientCap
	}
	wanted := r.Limit
	if wanted == 0 {
		wanted = usual
	}
	wanted = min(wanted, most)
	if wanted == r.Limit {
		return 0
	}
	r.Limit = wanted
	if r.Skip < math.MaxInt-wanted {
		r.Limit++
	}
	return wanted
}

// tellCut logs that a query found more than it may return.
func (q *Query) tellCut(most int) {
	q.coll.db.log.Warn("result cut: the cloud returns no more documents", "collection", q.coll.name, "returned", most)
}

// mostRows returns how many documents a pipeline without a limit returns to a client
// of the cloud; 0 for all.
func (a *Aggregation) mostRows() int {
	if a.coll.db.cloud == nil || a.coll.db.who == nil || a.pipe.Has("$limit") {
		return 0
	}
	return clientCap
}

// checkReply reports that documents of so many bytes are too many for a reply.
func (db *DB) checkReply(bytes int) error {
	if db.cloud == nil || db.who == nil || bytes <= clientReply {
		return nil
	}
	return fmt.Errorf("the documents found have %d bytes, the cloud returns at most %d: %w", bytes, clientReply, fault.ErrResult)
}

// ignores reports whether an update or remove leaves parts of its query out of
// account, and logs that it does.
func (q *Query) ignores() bool {
	if q.coll.db.cloud == nil {
		return false
	}
	q.coll.db.log.Warn("order, skip, limit and field of an update or remove are ignored: all documents that match are meant", "collection", q.coll.name)
	return true
}

// cloudName is what names of collections look like in the cloud.
var cloudName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{1,32}$`)

// creatable reports why the cloud has no room for a collection of that name.
func (db *DB) creatable(name string) error {
	if db.cloud == nil {
		return nil
	}
	if !cloudName.MatchString(name) {
		return fmt.Errorf("collection name %q: the cloud takes 2 to 33 letters, digits, - and _, the first a letter or digit: %w", name, fault.ErrInvalid)
	}
	snap, err := db.docs.Snapshot()
	if err != nil {
		return err
	}
	defer snap.Release()
	if n := len(snap.Catalog().Collections()); n >= db.cloud.collections {
		return fmt.Errorf("there are %d collections, the limit is %d: %w", n, db.cloud.collections, fault.ErrCollections)
	}
	return nil
}

// errNoCollection is what the Cloud profile says of a collection that was not created.
var errNoCollection = fmt.Errorf("[ResourceNotFound] Db or Table not exist, create the collection first: %w", fault.ErrNoCollection)

// known reports that a collection, nil when it does not exist, has to exist.
func (db *DB) known(coll *txn.Collection) error {
	if coll == nil && db.cloud != nil {
		return errNoCollection
	}
	return nil
}

// exists is known for the collection as it is now, or as the transaction sees it.
func (c *Collection) exists() error {
	if c.db.cloud == nil {
		return nil
	}
	snap, err := c.snapshot()
	if err != nil {
		return err
	}
	defer snap.Release()
	return c.db.known(snap.Catalog().Collection(c.name))
}

// forProgram reports that the cloud has op for functions and consoles only.
func (db *DB) forProgram(op string) error {
	if db.cloud == nil || db.who == nil {
		return nil
	}
	return fmt.Errorf("the cloud has no %s for clients: %w", op, fault.ErrDenied)
}

// watchable reports that the cloud has no live queries here.
func (db *DB) watchable() error {
	if db.cloud == nil || db.who != nil {
		return nil
	}
	return fmt.Errorf("the cloud has live queries for clients only, use As: %w", fault.ErrDenied)
}

// outOfTransaction reports that the cloud has no op in transactions.
func (c *Collection) outOfTransaction(op string) error {
	if c.db.cloud == nil || c.tx == nil {
		return nil
	}
	return fmt.Errorf("the cloud has no %s in transactions: %w", op, fault.ErrInvalid)
}

// checkRequest reports that the cloud takes no documents of that size from clients.
func (db *DB) checkRequest(bytes int) error {
	if db.cloud == nil || db.who == nil || bytes <= clientRequest {
		return nil
	}
	return fmt.Errorf("a document of %d bytes, the cloud takes at most %d from clients: %w", bytes, clientRequest, fault.ErrTooLarge)
}
