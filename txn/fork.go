package txn

import (
	"context"
	"slices"

	"github.com/virgadb/virga/internal/clock"
	"github.com/virgadb/virga/internal/storage"
)

// A Heritage is what [Documents] know of their store besides what is stored.
type Heritage struct{ state *state }

// Still calls f with the engine while nothing is being committed. What f copies of the
// engine, [Inherit] opens with the heritage.
func (d *Documents) Still(ctx context.Context, f func(storage.Engine) error) (Heritage, error) {
	var h Heritage
	err := d.store.Still(ctx, func(e storage.Engine, meta any) error {
		h.state = meta.(*state).copy()
		return f(e)
	})
	return h, err
}

// Inherit takes charge of a store whose engine is a copy, as [Open] does. It reads
// nothing, and knows what the sketches of the original had counted since they were
// saved.
func Inherit(store *storage.Store, c clock.Clock, h Heritage) *Documents {
	return take(store, c, h.state)
}

// copy returns a state that shares nothing with st that ever changes.
func (st *state) copy() *state {
	next := &state{
		catalog: &Catalog{byName: make(map[string]*Collection, len(st.catalog.byName)), next: st.catalog.next},
		counts:  st.counts,
	}
	for name, coll := range st.catalog.byName {
		own := *coll
		own.policy = coll.policy.fresh()
		own.indexes = slices.Clone(coll.indexes)
		for i := range own.indexes {
			own.indexes[i].sketch = own.indexes[i].sketch.clone()
		}
		next.catalog.byName[name] = &own
	}
	return next
}
