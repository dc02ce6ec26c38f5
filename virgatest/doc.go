// Package virgatest gives tests the cloud database without the cloud: a database in
// memory for every test, ready within microseconds, that goes by a clock the test
// sets.
//
//	func TestDiscountEnds(t *testing.T) {
//		db := virgatest.New(t, virgatest.Seed(os.DirFS("testdata/shop")))
//		shop := shop.New(db.DB)
//		db.Clock.Advance(24 * time.Hour)
//		…
//	}
//
// [New] opens a database for one test. When the test has ended it is checked, as by
// [virga.DB.Check], and closed; one that is damaged fails the test.
//
// # Time and chance
//
// Everything a database takes from the machine it takes from its [Clock]: the time
// of a server date and of an id, the end of a transaction that takes too long and of
// a wait for a lock, ids, the documents of $sample, the numbers of $rand. The clock
// shows the beginning of 2024 and stands still until it is told otherwise, and its
// random numbers are the same each time, so a test that passes once passes again.
// [At] and [Random] change that. As long as a clock stands still no transaction
// expires, and whoever waits for a lock that is never let go of waits until the test
// is out of time.
//
// # Copies
//
// A database that takes long to fill is filled once: [DB.Fork] copies one of any size
// in microseconds, and a [Template] hands every test a copy of its own. [Setup] does
// for each what a database does not keep, such as registering functions.
//
// # Faults
//
// [DB.Inject] makes operations fail, wait or lose their reply, as the cloud does now and
// then, by a [Rule]: the third add to a collection, every commit, one read in ten.
//
//	db.Inject(virgatest.Rule{Op: "commit", Nth: 1, Fault: virgatest.LoseReply()})
//
// [virga.DB.Settle] waits until streams have shown what was written: no test needs to
// sleep.
//
// # What was asked
//
// When a test fails, its log shows every operation it asked of its database, with the
// plan, what was examined for it, and the line that asked; [DB.Calls] returns the same.
// A line that asks ten times or more for what one query could bring is told of, see
// [Repetition]. [Main], called by TestMain, prints at the end of a run which indexes the
// queries of all tests ask for: what a deployment needs, see [Report].
package virgatest
