package virga

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"time"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/query"
	"github.com/virgadb/virga/watch"
)

// judge holds the next snapshot of w against the steps.
func (r *watchRun) judge(w *watcher, snap watch.Snapshot) error {
	if snap.ID != w.last.ID+1 || snap.Version <= w.last.Version || snap.Type != "" {
		return fmt.Errorf("%q number %d of version %d comes behind number %d of version %d", snap.Type, snap.ID, snap.Version, w.last.ID, w.last.Version)
	}
	at := w.at + 1
	for at < len(r.steps)-1 && r.steps[at].version < snap.Version {
		at++
	}
	if err := sameList(snap.Docs, w.lists[at]); err != nil {
		return err
	}
	before := w.at
	w.at = at
	if snap.Merged {
		r.merged++
		if !w.merges() && !slices.ContainsFunc(r.steps[w.shown+1:at+1], func(s watchStep) bool { return s.dropped }) {
			return errors.New("merged for no reason")
		}
		w.shown = at
		return sameChanges(snap.Changes, differences(w.last.Docs, snap.Docs))
	}
	for i := before + 1; i < at; i++ {
		if missing := r.expected(w, i); len(missing) > 0 && !w.merges() {
			return fmt.Errorf("nothing came for step %d, want %v", i, missing)
		}
	}
	if err := sameChanges(snap.Changes, r.expected(w, at)); err != nil {
		return err
	}
	w.shown = at
	return r.details(at, snap)
}

// expected returns the changes that the i-th step makes for w, told in words, in
// the order of the words.
func (r *watchRun) expected(w *watcher, i int) []string {
	step, before := r.steps[i], r.steps[i-1]
	was, is := listed(w.lists[i-1]), listed(w.lists[i])
	if step.dropped {
		return differences(w.lists[i-1], w.lists[i])
	}
	var all []string
	add := func(id ID, data watch.DataType) {
		switch {
		case was[id] && is[id]:
			all = append(all, fmt.Sprint("update/", data, " ", id))
		case was[id]:
			all = append(all, fmt.Sprint("dequeue/", data, " ", id))
		case is[id]:
			all = append(all, fmt.Sprint("enqueue/", data, " ", id))
		}
	}
	touched := map[ID]bool{}
	for id, old := range before.docs {
		now, still := step.docs[id]
		touched[id] = true
		switch {
		case !still:
			add(id, watch.DataRemove)
		case step.replaced[id]:
			add(id, watch.DataReplace)
		case string(now.Raw()) != string(old.Raw()):
			add(id, watch.DataUpdate)
		default:
			touched[id] = false
		}
	}
	for id := range step.docs {
		if _, old := before.docs[id]; !old {
			touched[id] = true
			add(id, watch.DataAdd)
		}
	}
	for id := range was {
		if !is[id] && !touched[id] {
			add(id, watch.DataLimit)
		}
	}
	for id := range is {
		if !was[id] && !touched[id] {
			add(id, watch.DataLimit)
		}
	}
	sort.Strings(all)
	return all
}

func listed(docs []Doc) map[ID]bool {
	ids := make(map[ID]bool, len(docs))
	for _, d := range docs {
		ids[d.ID()] = true
	}
	return ids
}

// differences returns what a merged snapshot tells, in words.
func differences(before, after []Doc) []string {
	then := map[ID]string{}
	for _, d := range before {
		then[d.ID()] = string(d.Raw())
	}
	var all []string
	for _, d := range after {
		id := d.ID()
		if old, was := then[id]; !was {
			all = append(all, fmt.Sprint("enqueue/add ", id))
		} else if old != string(d.Raw()) {
			all = append(all, fmt.Sprint("update/replace ", id))
		}
		delete(then, id)
	}
	for _, d := range before {
		if _, left := then[d.ID()]; left {
			all = append(all, fmt.Sprint("dequeue/remove ", d.ID()))
		}
	}
	sort.Strings(all)
	return all
}

func sameChanges(changes []watch.Change, want []string) error {
	var got []string
	for _, c := range changes {
		got = append(got, fmt.Sprintf("%s/%s %v", c.QueueType, c.DataType, c.DocID))
	}
	sort.Strings(got)
	if !slices.Equal(got, want) {
		return fmt.Errorf("changes %v, want %v", got, want)
	}
	return nil
}

// sameList compares documents, their order included.
func sameList(got, want []Doc) error {
	same := func(a, b Doc) bool { return string(a.Raw()) == string(b.Raw()) }
	if !slices.EqualFunc(got, want, same) {
		return fmt.Errorf("the list is %v, want %v", got, want)
	}
	return nil
}

// details checks what the changes of a snapshot carry, and that causes come before
// what a limit does because of them.
func (r *watchRun) details(at int, snap watch.Snapshot) error {
	limits := false
	for _, c := range snap.Changes {
		before, after := r.steps[at-1].docs[c.DocID], r.steps[at].docs[c.DocID]
		if c.DataType == watch.DataLimit {
			limits = true
			r.limits++
		} else if limits {
			return fmt.Errorf("%v comes behind what it has caused", c.DocID)
		}
		if c.DataType == watch.DataRemove {
			after = before
		}
		if string(c.Doc.Raw()) != string(after.Raw()) || c.ID != snap.ID {
			return fmt.Errorf("change %d carries %v, want %v", c.ID, c.Doc, after)
		}
		if c.DataType != watch.DataUpdate {
			if c.UpdatedFields != nil || c.RemovedFields != nil {
				return fmt.Errorf("%s has fields", c.DataType)
			}
			continue
		}
		patched, err := patch(before, c)
		if err != nil || sorted(patched) != sorted(after) {
			return fmt.Errorf("patching %v with %v -%v gives %v, %v; want %v", before, c.UpdatedFields, c.RemovedFields, patched, err, after)
		}
	}
	return nil
}

// patch does to d what c says of its fields, as a client does.
func patch(d Doc, c watch.Change) (Doc, error) {
	paths := c.RemovedFields
	for path := range c.UpdatedFields {
		paths = append(paths, path)
	}
	sort.Strings(paths) // a path comes before those below it
	for _, path := range paths {
		data := D{{Key: "$unset", Value: D{{Key: path, Value: ""}}}}
		if v, set := c.UpdatedFields[path]; set {
			data = D{{Key: "$set", Value: D{{Key: path, Value: v}}}}
		}
		u, err := query.CompileUpdate(query.Raw(data), time.Time{})
		if err != nil {
			return d, err
		}
		if d, _, err = u.Apply(d, nil); err != nil {
			return d, err
		}
	}
	return d, nil
}

// sorted writes a document without regard to the order of fields.
func sorted(d Doc) string {
	text, err := document.Of(d.Map())
	if err != nil {
		return err.Error()
	}
	return text.String()
}
