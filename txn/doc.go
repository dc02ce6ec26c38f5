// Package txn makes one atomic step out of many reads and writes of documents. It
// keeps the catalog of collections, the locks of writers, and the record of what
// each commit changed.
//
// [Documents] stands on a byte store. A [Snapshot] of it shows one moment: the
// [Catalog], the number of documents in each [Collection], the documents. A write
// goes through [Documents.Apply]: it locks the documents it is about, reads them,
// decides, and commits; locks are exclusive, nobody waits for one while holding
// another, and a plain write therefore meets neither deadlock nor conflict.
package txn
