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
package virgatest
