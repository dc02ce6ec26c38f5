// Package peers measures Virga beside embedded databases for Go: SQLite, badgerhold
// and buntdb, on the workload of package bench; and its geo queries beside indexes in
// memory, of H3 cells, of S2 cells and an R-tree. It is a module of its own, so that
// nobody who uses Virga has to fetch them.
//
//	cd bench/peers
//	go test -bench .                                       # everything, half an hour
//	go test -bench 'Group|Get' -benchtime 20x              # some rows
//	VIRGA_BENCH_PEERS=sqlite,sqlite-json go test -bench .  # beside these alone
//	VIRGA_BENCH_DOCS=2000 go test -bench . -benchtime 1x   # does it run, are the answers right
//
// # What makes the numbers worth reading
//
// Each peer is used as its documentation tells, through its usual door: SQLite with
// prepared statements and WAL, once with columns for all fields, as nobody can whose
// documents are of any shape, and once, "sqlite-json", as a document store, with JSON
// text and indexes on json_extract; badgerhold with a struct and
// index tags, buntdb with JSON and its JSON indexes. All have indexes on name and on
// (status, price), and all answers are compared with those computed from the
// documents before anything is timed. In each round every peer does the same
// operations, one peer after the other, the first changing with each round.
// "ns/op" is Virga's median; "x-sqlite" and the like are the medians over the rounds
// of Virga's time by the peer's: the smaller the better for Virga. A benchmark run
// with N = 1 has one cold round and says nothing but that it works.
//
// The geo rivals hold points, or polygons that are ready to be asked, and no documents:
// they are what a program would write for one question. All answer with ids, or with a
// count. "h3" is the search of package geo over a B-tree of H3 cells, as "s2" searches one
// of S2 cells: "h3-x-s2" and "h3-x-rtree" compare the searches, "x-h3" is what documents,
// filters and transactions cost on top. VIRGA_EFFORT=100 makes a million points and
// 50,000 fences.
//
// Peers differ in what they promise. buntdb keeps everything in memory and reads the
// whole file at Open. "fast" is no sync for each commit: Virga's Fast, SQLite's
// synchronous=NORMAL, badgerhold without SyncWrites, buntdb's Never; "sync" is
// Virga's Sync, FULL, SyncWrites, and Always. Rows that a peer can only answer by
// decoding every document are measured all the same, except where the comment of a
// benchmark says so.
package peers
