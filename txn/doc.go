// Package txn makes one atomic step out of many reads and writes of documents. It
// keeps the catalog of collections, the locks of writers, and the record of what
// each commit changed.
//
// Transactions are begun by DB.RunTransaction and DB.StartTransaction of package virga;
// here is what they are told, by [Options], and the [Queue] that lets those on one hot
// document take turns:
//
//	stock := txn.NewQueue(0)
//	err := db.RunTransaction(ctx, buy, txn.Options{Queue: stock, Key: "tea"})
//	err = db.RunTransaction(ctx, audit, txn.Options{Isolation: txn.Serializable})
//
// A transaction reads one moment of the database and what it has written itself. Of two
// that write the same document the one that writes first goes on, the other has a
// conflict at that write and runs again. What two transactions only read they do not
// hold against one another, unless they are [Serializable].
//
// The other names are for the database's own use. [Documents] stands on a byte store. A
// [Snapshot] of it shows one moment: the [Catalog], the number of documents in each
// [Collection], the documents. A write goes through [Documents.Apply]: it locks the
// documents it is about, reads them, decides, and commits; locks are exclusive, nobody
// waits for one while holding another, and a plain write therefore meets neither deadlock
// nor conflict.
package txn
