package txn

import (
	"errors"
	"fmt"

	"github.com/virgadb/virga/internal/fault"
	"github.com/virgadb/virga/internal/keys"
)

// A takenError says that a unique index has the values of a claim for another document.
type takenError struct {
	claim claim
	by    string
}

func (e *takenError) Error() string {
	s := e.claim.index.Spec()
	return fmt.Sprintf("E11000 duplicate key, index %s (%s) has these values for %s: %v", s.Name, s.Keys(), e.by, fault.ErrDuplicate)
}

func (e *takenError) Unwrap() error { return fault.ErrDuplicate }

const another = "another document"

// refuse returns the error of a claim to values that another document has; holder
// is the value of its entry.
func (c claim) refuse(holder []byte) error {
	if p, err := c.index.Split(c.entry.Key, holder); err == nil {
		if id, _, ok := keys.Decode(p.ID, false, false); ok {
			return c.taken(fmt.Sprintf("document %s", id))
		}
	}
	return c.taken(another)
}

func (c claim) taken(by string) error {
	return fault.On(c.id.String(), fault.At(c.index.Spec().Fields[0].Path, &takenError{c, by}))
}

// Anonymous returns an error of Apply without the _id of the document that has the
// values of a unique index, for who may not know of it.
func Anonymous(err error) error {
	if taken := (*takenError)(nil); errors.As(err, &taken) {
		return taken.claim.taken(another)
	}
	return err
}
