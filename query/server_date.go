package query

import (
	"time"

	"github.com/virgadb/virga/document"
)

// ServerDate stands for the moment at which the operation that holds it begins,
// plus offset, which may be negative. All of them in one operation share one
// moment. It may stand anywhere in data that is added, set or pushed, and as an
// operand of a condition.
func ServerDate(offset time.Duration) document.ServerDate {
	return document.ServerDate{Offset: offset}
}
