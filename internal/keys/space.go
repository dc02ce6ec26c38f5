package keys

import (
	"encoding/binary"

	"github.com/virgadb/virga/document"
)

// The first byte of a key says what lives there. Keys that start with a zero
// byte belong to internal/storage.
const (
	spaceCatalog    = 'c'
	spaceDocuments  = 'd'
	spaceIndexes    = 'i'
	spaceStatistics = 's'
)

const numbered = 5 // length of a space byte and the number behind it

func appendSpace(dst []byte, space byte, number uint32) []byte {
	return binary.BigEndian.AppendUint32(append(dst, space), number)
}

// Documents returns the range of the documents of collection coll.
func Documents(coll uint32) (lo, hi []byte) {
	lo = appendSpace(nil, spaceDocuments, coll)
	return lo, After(lo)
}

// Document returns the key of the document of collection coll with that _id.
func Document(coll uint32, id document.Value) []byte {
	return AppendDocument(nil, coll, id)
}

// AppendDocument appends what [Document] returns to dst.
func AppendDocument(dst []byte, coll uint32, id document.Value) []byte {
	return Append(appendSpace(dst, spaceDocuments, coll), id, false)
}

// AppendDocumentOf appends the key of the document whose encoded _id is id, as
// the end of an index key holds it.
func AppendDocumentOf(dst []byte, coll uint32, id []byte) []byte {
	return append(appendSpace(dst, spaceDocuments, coll), id...)
}

// SplitDocument takes the key of a document apart. The encoded _id shares the
// memory of key. It reports false for the key of anything else.
func SplitDocument(key []byte) (coll uint32, id []byte, ok bool) {
	return split(key, spaceDocuments)
}

// Index returns the range of the entries of that index.
func Index(index uint32) (lo, hi []byte) {
	lo = AppendIndex(nil, index)
	return lo, After(lo)
}

// AppendIndex appends what every key of that index starts with. The encoded
// fields follow, then the encoded _id.
func AppendIndex(dst []byte, index uint32) []byte {
	return appendSpace(dst, spaceIndexes, index)
}

// SplitIndex takes the key of an index entry apart; rest holds the encoded fields
// and _id and shares the memory of key. It reports false for the key of anything
// else.
func SplitIndex(key []byte) (index uint32, rest []byte, ok bool) {
	return split(key, spaceIndexes)
}

func split(key []byte, space byte) (uint32, []byte, bool) {
	if len(key) < numbered || key[0] != space {
		return 0, nil, false
	}
	return binary.BigEndian.Uint32(key[1:]), key[numbered:], true
}

// Catalog returns the key of the catalog's entry of that name.
func Catalog(name string) []byte {
	return append([]byte{spaceCatalog}, name...)
}

// CatalogRange returns the range of all catalog entries.
func CatalogRange() (lo, hi []byte) {
	return []byte{spaceCatalog}, []byte{spaceCatalog + 1}
}

// Statistics returns the key of the statistics of collection coll.
func Statistics(coll uint32) []byte {
	return appendSpace(nil, spaceStatistics, coll)
}
