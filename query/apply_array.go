package query

import (
	"cmp"
	"slices"

	"github.com/virgadb/virga/document"
)

// maxPadding is the most nulls an update puts between the end of an array and the
// element it sets, as in MongoDB.
const maxPadding = 1_500_000

// nullByte is the stored form of null.
const nullByte = 0xc0

// array applies the paths below b to the elements of the array v at offset at.
func (e *edit) array(b *branch, at int, v document.Value) error {
	p, err := e.placeElements(b, v)
	if err != nil {
		return err
	}
	n, first := v.Len(), len(e.splices)
	from := at + document.HeadSize(n)
	elements := v.Elements()
	for i := 0; p.wants(i, n) && elements.Next(); i++ {
		element := elements.Value()
		end := from + len(element.Raw())
		c, err := p.at(i)
		if err != nil {
			return err
		}
		if c != nil {
			if _, err := e.revise(c, target{value: element, from: from, at: from, to: end, element: true, inArray: true}); err != nil {
				return err
			}
		}
		from = end
	}
	if err := elements.Err(); err != nil {
		return err
	}
	added, err := e.extend(p.beyond(n), n, at+len(v.Raw()))
	if err != nil {
		return err
	}
	return e.count(first, at, document.Array, n, added)
}

// placed says which branch is for which element of one array.
type placed struct {
	every *branch   // for all elements
	some  []*branch // by rising index
	index []int     // of the elements some are for
	next  int       // the place in some that at has come to
}

// placeElements sorts the children of b by the element of v they lead to.
func (e *edit) placeElements(b *branch, v document.Value) (*placed, error) {
	p := new(placed)
	for _, c := range b.children {
		i := c.index
		switch {
		case c.step == every:
			p.every = c
			continue
		case c.step == matched:
			var err error
			if i, err = e.position(b, c); err != nil {
				return nil, err
			}
		case i < 0:
			if err := e.blockedChild(b, c, v); err != nil {
				return nil, err
			}
			continue
		}
		if err := p.place(c, i); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// place adds c for element i.
func (p *placed) place(c *branch, i int) error {
	at, there := slices.BinarySearchFunc(p.index, i, cmp.Compare[int])
	if !there {
		p.index, p.some = slices.Insert(p.index, at, i), slices.Insert(p.some, at, c)
		return nil
	}
	both, err := merge(p.some[at], c)
	p.some[at] = both
	return err
}

// position returns the index of the element of the array at b that satisfied the
// filter.
func (e *edit) position(b, c *branch) (int, error) {
	if e.filter != nil {
		if i, ok := e.filter.Position(e.doc, b.path); ok {
			return i, nil
		}
	}
	return 0, invalidAt(c.path, "the filter has no condition that found an element of %s for $", b.path)
}

// wants reports whether an element from number i on, of n, has a branch.
func (p *placed) wants(i, n int) bool {
	return i < n && (p.every != nil || p.next < len(p.some))
}

// at returns the branch for element i, or nil. i must rise.
func (p *placed) at(i int) (*branch, error) {
	if p.next == len(p.some) || p.index[p.next] != i {
		return p.every, nil
	}
	c := p.some[p.next]
	p.next++
	if p.every == nil {
		return c, nil
	}
	return merge(p.every, c)
}

// beyond returns the branches for elements behind the n there are.
func (p *placed) beyond(n int) placed {
	at, _ := slices.BinarySearchFunc(p.index, n, cmp.Compare[int])
	return placed{some: p.some[at:], index: p.index[at:]}
}

// extend adds the elements of p at offset end, behind the n there are, with nulls
// in the gaps, and returns how many it added.
func (e *edit) extend(p placed, n, end int) (int, error) {
	var fresh []byte
	size := n
	for k, c := range p.some {
		value, ok, err := e.appendFresh(nil, c, true)
		if err != nil {
			return 0, err
		}
		if !ok {
			continue
		}
		if p.index[k]-n > maxPadding {
			return 0, invalidAt(c.path, "cannot set element %s of an array of %d: more than %d nulls between", c.name, n, maxPadding)
		}
		for ; size < p.index[k]; size++ {
			fresh = append(fresh, nullByte)
		}
		fresh = append(fresh, value...)
		size++
	}
	if size == n {
		return 0, nil
	}
	return size - n, e.replace(end, end, fresh)
}
