package virga

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// agree compares an outcome with what the model makes of it.
func agree[T comparable](err, wantErr error, got, want T) error {
	switch {
	case wantErr == nil && err != nil:
		return fmt.Errorf("the database answers %w, the model %+v", err, want)
	case !errors.Is(err, wantErr):
		return fmt.Errorf("the database answers %v, %+v, the model %w", err, got, wantErr)
	case got != want:
		return fmt.Errorf("the database answers %+v, the model %+v", got, want)
	}
	return nil
}

// same compares the whole of a collection.
func (r *rig) same(coll string) error {
	docs, err := r.db.Collection(coll).Where(nil).Get(r.ctx)
	if err != nil {
		return err
	}
	want := r.model.all(coll)
	if err := sameDocs(docs, want); err != nil {
		return fmt.Errorf("afterwards: %w", err)
	}
	n, err := r.db.Collection(coll).Where(nil).Count(r.ctx)
	return errors.Join(agree(err, nil, int(n), len(want)), r.sameNames())
}

func (r *rig) sameNames() error {
	names, err := r.db.Collections(r.ctx)
	if err != nil {
		return err
	}
	if want := slices.Sorted(maps.Keys(r.model.colls)); !slices.Equal(names, want) {
		return fmt.Errorf("collections are %q, the model has %q", names, want)
	}
	return nil
}

func sameDocs(docs []Doc, want []D) error {
	for i := range min(len(docs), len(want)) {
		if err := sameDoc(docs[i], want[i]); err != nil {
			return fmt.Errorf("document %d: %w", i, err)
		}
	}
	if len(docs) != len(want) {
		return fmt.Errorf("the database has %d documents, the model %d: %s", len(docs), len(want), brief(text(anys(want))))
	}
	return nil
}

// sameDoc compares documents exactly, save that equal ids are the same id.
func sameDoc(doc Doc, want D) error {
	got := decoded(doc.Value()).(D)
	if slices.EqualFunc(got, want, func(a, b E) bool {
		return a.Key == b.Key && (identical(a.Value, b.Value) || a.Key == "_id" && equal(a.Value, b.Value))
	}) {
		return nil
	}
	return fmt.Errorf("the database has %s,\nthe model %s", brief(text(got)), brief(text(want)))
}

func sameValues(values []any, want []any) error {
	if len(values) != len(want) {
		return fmt.Errorf("the database has %d values, %v, the model %d, %s", len(values), values, len(want), brief(text(want)))
	}
	for i, v := range values {
		// A decoded object has lost the order of its fields.
		if kindOf(want[i]) == 4 || kindOf(want[i]) == 5 {
			continue
		}
		if !equal(v, want[i]) {
			return fmt.Errorf("value %d is %s, in the model %s", i, text(v), text(want[i]))
		}
	}
	return nil
}

func anys(docs []D) []any {
	list := make([]any, len(docs))
	for i, d := range docs {
		list[i] = d
	}
	return list
}

func brief(s string) string {
	if len(s) > 2000 {
		return s[:2000] + "…"
	}
	return s
}
