// Package watch keeps queries live: a [Stream] shows the documents of a query as
// they are, and then, commit after commit, as they become.
//
//	stream, err := db.Collection("messages").Where(virga.M{"roomId": "chat_001"}).Watch(ctx)
//	defer stream.Close()
//	for {
//		snap, err := stream.Next(ctx) // the first one holds what is there already
//		…
//		fmt.Println(len(snap.Docs), snap.Changes)
//	}
//
// A [Snapshot] is the whole list, in the order of the query, and the [Change]s that
// led to it. Without an order documents come by _id, ascending, as everywhere in
// Virga; the cloud's default is descending.
//
// # What is delivered
//
// One snapshot for each version of the database in which something changes for the
// query, in the order of the versions, each once. A version is a commit, or several
// that were made at the same time; a transaction is never torn. Within a version
// there is one change for each document, whatever happened to it in between, and
// none for a write that changes nothing. Documents that a limit moves out of the
// list or into it come behind the changes that cause it.
//
// # Slow readers
//
// Writers never wait for a stream. What its reader has not taken yet is kept, up to
// [Options.Backlog] changes and [Options.BacklogBytes] bytes, and less when all
// streams together are far behind. Beyond that it is given up, and the next
// snapshot, whose Merged is set, holds the difference between what the reader has
// seen and the newest state: [DataAdd] with [QueueEnqueue] for documents that came
// into the list, [DataRemove] with [QueueDequeue] for those that left it,
// [DataReplace] with [QueueUpdate] for those that differ. With [Options.Strict] the
// stream ends with an error instead.
//
// A collection that is dropped, or replaced as a whole, is told in the same way.
// The stream goes on, with what is in the collection of that name from then on.
//
// # Limits
//
// A stream shows at most 5,000 documents ([Options.MaxRecords]), or 200 under a
// limit, and orders by at most 5 fields. Skip, After and Field do not go with it.
package watch
