package watch

import "github.com/virgadb/virga/document"

// TypeInit is the [Snapshot.Type] of the first snapshot of a stream.
const TypeInit = "init"

// A Snapshot is the list of a live query after some changes.
type Snapshot struct {
	ID      int64          // 1 for the first of the stream, then rising by 1
	Version uint64         // the version of the database that the list is of
	Type    string         // TypeInit for the first, empty for all others
	Docs    []document.Doc // the whole list, in the order of the query; the slice is the receiver's own
	Changes []Change       // what led to it; each document stands here at most once
	Merged  bool           // the changes are the difference over several versions, see the package comment
}

// A Change is what happened to one document of the list. Queue says what became of
// it in the list, Data what the reason was:
//
//	                                      Queue     Data
//	the stream begins                     init      init
//	a document is added                   enqueue   add
//	an update, inside the list            update    update
//	an update that makes it match         enqueue   update
//	an update after which it does not     dequeue   update
//	a set, likewise                       …         replace
//	a document is removed                 dequeue   remove
//	another one pushes it out of a limit  dequeue   limit
//	another one lets it into a limit      enqueue   limit
type Change struct {
	ID        int64 // that of the snapshot
	QueueType QueueType
	DataType  DataType
	DocID     document.ID
	// Doc is the document after the change; of one that was removed, pushed out by a
	// limit, or that rules keep from the reader now, the last that the list held.
	Doc document.Doc
	// Of a change whose DataType is DataUpdate: the dotted paths that the update
	// set, with their values, decoded as [document.Doc.Map] does, and those it
	// removed. An update inside an array of which the position was not written out
	// gives the array. They are empty when rules keep the document from the reader now.
	UpdatedFields document.M
	RemovedFields []string
}

// A QueueType says what became of a document in the list.
type QueueType string

// The queue types.
const (
	QueueInit    QueueType = "init"
	QueueEnqueue QueueType = "enqueue" // it came into the list
	QueueDequeue QueueType = "dequeue" // it left the list
	QueueUpdate  QueueType = "update"  // it is in the list, in place or at another one
)

// A DataType says why the list changed.
type DataType string

// The data types.
const (
	DataInit    DataType = "init"
	DataUpdate  DataType = "update"
	DataReplace DataType = "replace"
	DataAdd     DataType = "add"
	DataRemove  DataType = "remove"
	DataLimit   DataType = "limit"
)
