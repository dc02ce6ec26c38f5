package geo

import "sync"

// A nearRoom is what a search works in. When a search has found all that it will return,
// another one may have it.
type nearRoom struct {
	cells  []reach     // a heap
	nodes  []nearNode  // behind the base nodes, which are shared
	places []candidate // of first, those that may be wanted; behind them those of the cell that is being opened
	firsts firsts
}

// usualNodes is how many nodes a search rarely has more of.
const usualNodes = 96

func newNearRoom() *nearRoom {
	return &nearRoom{cells: make([]reach, 0, usualNodes), nodes: make([]nearNode, 0, usualNodes)}
}

var nearRooms = sync.Pool{New: func() any { return newNearRoom() }}

// release lets another search have r, unless it has grown large.
func (r *nearRoom) release() {
	if cap(r.nodes) > 16*usualNodes || cap(r.places) > 16*usualNodes {
		return
	}
	r.cells, r.nodes = r.cells[:0], r.nodes[:0]
	clear(r.places[:cap(r.places)]) // of ids, which belong to the search
	r.places = r.places[:0]
	nearRooms.Put(r)
}
