package watch

import (
	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/query"
)

// An audience is the streams of one collection, found by what their filters ask to
// be equal: an event reaches those whose value its document has, before or after,
// and those that ask for no such thing. It may reach streams it does not concern,
// never miss one that it does.
type audience struct {
	fields map[string]*field // by dotted path
	others streams
	size   int
}

type streams map[*Stream]struct{}

// A field is the streams that ask for values at one path.
type field struct {
	path    document.Path
	streams map[document.ID]streams // by a value that they ask for
	values  []document.Value        // room for the values of one document
}

// A seat is where a stream sits in its audience: under values of a path, or, when
// that is empty, among the others.
type seat struct {
	path   string
	values []document.ID
}

// add takes a stream in.
func (a *audience) add(s *Stream) {
	a.size++
	s.seat = a.choose(s.request.Filter)
	if s.seat.path == "" {
		a.others[s] = struct{}{}
		return
	}
	f := a.fields[s.seat.path]
	if f == nil {
		path, _ := document.ParsePath(s.seat.path) // a compiled filter's paths can be parsed
		f = &field{path: path, streams: make(map[document.ID]streams)}
		a.fields[s.seat.path] = f
	}
	for _, v := range s.seat.values {
		if f.streams[v] == nil {
			f.streams[v] = make(streams, 1)
		}
		f.streams[v][s] = struct{}{}
	}
}

// remove takes a stream out.
func (a *audience) remove(s *Stream) {
	a.size--
	if s.seat.path == "" {
		delete(a.others, s)
		return
	}
	f := a.fields[s.seat.path]
	for _, v := range s.seat.values {
		delete(f.streams[v], s)
		if len(f.streams[v]) == 0 {
			delete(f.streams, v)
		}
	}
	if len(f.streams) == 0 {
		delete(a.fields, s.seat.path)
	}
}

// choose returns the seat for a filter: of its conditions that ask for equality,
// the one that the fewest streams share.
func (a *audience) choose(filter *query.Filter) seat {
	var best seat
	if filter == nil {
		return best
	}
	fewest := 0
	consider := func(t query.Term) {
		s, ok := seatOf(t)
		if !ok {
			return
		}
		n := 0
		if f := a.fields[s.path]; f != nil {
			for _, v := range s.values {
				n += len(f.streams[v])
			}
		}
		if best.path == "" || n < fewest {
			best, fewest = s, n
		}
	}
	t := filter.Term()
	if t.Kind() != query.TermAnd {
		consider(t)
		return best
	}
	for i := range t.Len() {
		consider(t.At(i))
	}
	return best
}

// maxSeats is the most values that one stream sits under.
const maxSeats = 64

// seatOf returns the seat of a condition, if it asks for equality with values that
// a document must have. null asks for missing fields too, and an array for the
// whole as well as for elements: neither is one.
func seatOf(t query.Term) (seat, bool) {
	s := seat{path: t.Path()}
	if s.path == "" {
		return s, false
	}
	ok := true
	add := func(v document.Value) {
		id, err := document.IDOf(v)
		ok = ok && err == nil && v.Kind() != document.Null
		s.values = append(s.values, id)
	}
	switch t.Kind() {
	case query.TermEq:
		add(t.Value())
	case query.TermIn:
		all, patterns := t.Members()
		if all == 0 || all > maxSeats || patterns > 0 || t.Null() {
			return s, false
		}
		for v := range t.Each {
			add(v)
		}
	default:
		return s, false
	}
	return s, ok
}

// each calls tell for every stream that an event may concern, for some of them
// more than once.
func (a *audience) each(e Event, tell func(*Stream)) {
	for s := range a.others {
		tell(s)
	}
	for _, f := range a.fields {
		f.each(e, tell)
	}
}

func (f *field) each(e Event, tell func(*Stream)) {
	f.values = f.values[:0]
	f.walk(e.Before.Value(), 0)
	before := len(f.values)
	f.walk(e.After.Value(), 0)
	if before == 1 && len(f.values) == 2 && string(f.values[0].Raw()) == string(f.values[1].Raw()) {
		f.values = f.values[:1] // most events leave it as it was
	}
	if len(f.values) > len(f.streams) {
		for _, under := range f.streams {
			for s := range under {
				tell(s)
			}
		}
	} else {
		for _, v := range f.values {
			id, err := document.IDOf(v)
			if err != nil {
				continue // nobody sits under an array
			}
			for s := range f.streams[id] {
				tell(s)
			}
		}
	}
	clear(f.values) // the documents are not to be kept by this
}

// walk gathers every value that a filter may find by following the path from
// segment i on in v. A segment that is a number is read in both ways.
func (f *field) walk(v document.Value, i int) {
	segments := f.path.Segments()
	switch {
	case v.Kind() == document.Array:
		place := -1
		if i < len(segments) {
			place, _ = f.path.Index(i)
		}
		at := 0
		for e := v.Elements(); e.Next(); at++ {
			switch {
			case i == len(segments):
				f.values = append(f.values, e.Value())
				continue
			case e.Value().Kind() == document.Object:
				f.walk(e.Value(), i)
			}
			if at == place {
				f.walk(e.Value(), i+1)
			}
		}
	case i == len(segments):
		f.values = append(f.values, v)
	case v.Kind() == document.Object:
		if next := v.Field(segments[i]); next.Exists() {
			f.walk(next, i+1)
		}
	}
}
