package conformance

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/virgadb/virga"
	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/index"
	"github.com/virgadb/virga/query"
)

// geo carries out a vector of geo.jsonl: without an index, and then with each kind of
// index on the field of its geometries.
func (r *runner) geo(ctx context.Context, v vector) error {
	coll, err := r.writing(ctx, v.Field("docs"))
	if err != nil {
		return err
	}
	field := text(v.Value, "field")
	if text(v.Value, "op") == "insert" {
		if err := coll.CreateIndex(ctx, index.Spec{Geo: field}); err != nil {
			return skippable(err)
		}
		_, err := coll.Add(ctx, v.Field("doc"))
		return r.geoSettled(v, err)
	}
	if err := r.geoFound(ctx, coll, v); err != nil {
		return fmt.Errorf("without an index: %w", err)
	}
	for _, spec := range []index.Spec{{Geo: field}, {Fields: index.By(field, "tag"), Geo: field}} {
		if err := coll.CreateIndex(ctx, spec); err != nil {
			if errors.Is(err, virga.ErrNotImplemented) {
				return nil // built without cgo
			}
			return err
		}
		if err := r.geoFound(ctx, coll, v); err != nil {
			return fmt.Errorf("with an index on %s: %w", spec.Named().Keys(), err)
		}
		if err := coll.DropIndex(ctx, spec.Named().Name); err != nil {
			return err
		}
	}
	return nil
}

func skippable(err error) error {
	if errors.Is(err, virga.ErrNotImplemented) {
		return errSkip
	}
	return err
}

// geoSettled compares whether there was an error.
func (r *runner) geoSettled(v vector, err error) error {
	if wanted := truth(v.Field("expect"), "error"); wanted != (err != nil) {
		return fmt.Errorf("error %v, expected %v", err, wanted)
	}
	return nil
}

// geoFound asks the question of a vector and compares the answer.
func (r *runner) geoFound(ctx context.Context, coll *virga.Collection, v vector) error {
	switch op := text(v.Value, "op"); op {
	case "geoWithin", "geoIntersects":
		return r.geoFilter(ctx, coll, v, "$"+op)
	case "geoNear":
		return r.near(ctx, coll, v)
	case "aggregate.geoNear":
		return r.geoStage(ctx, coll, v)
	default:
		return fmt.Errorf("unknown op %q", op)
	}
}

// geoCondition returns the condition that a vector's query is with the operator op.
func geoCondition(v vector, op string) virga.D {
	var operand virga.D
	for f := v.Field("query").Fields(); f.Next(); {
		operand = append(operand, virga.E{Key: "$" + string(f.Key()), Value: f.Value()})
	}
	return virga.D{{text(v.Value, "field"), virga.D{{op, operand}}}}
}

func (r *runner) geoFilter(ctx context.Context, coll *virga.Collection, v vector, op string) error {
	docs, err := coll.Where(query.Raw(geoCondition(v, op))).Get(ctx)
	if err != nil || truth(v.Field("expect"), "error") {
		return r.geoSettled(v, err)
	}
	var ids []document.Value
	for _, doc := range docs {
		ids = append(ids, doc.Value().Field("_id"))
	}
	if !(comparison{}).lists(ids, elements(v.Field("expect").Field("ids")), false) {
		return fmt.Errorf("found %v", ids)
	}
	return nil
}

// near asks by a filter for the documents, and by a pipeline for the distances.
func (r *runner) near(ctx context.Context, coll *virga.Collection, v vector) error {
	limit := whole(v.Value, "limit")
	docs, err := coll.Where(query.Raw(geoCondition(v, "$near"))).Limit(limit).Get(ctx)
	if err != nil || truth(v.Field("expect"), "error") {
		return r.geoSettled(v, err)
	}
	stage := virga.D{{"near", v.Field("query").Field("geometry")}, {"distanceField", "metres"}, {"key", text(v.Value, "field")}}
	for f := v.Field("query").Fields(); f.Next(); {
		if string(f.Key()) != "geometry" {
			stage = append(stage, virga.E{Key: string(f.Key()), Value: f.Value()})
		}
	}
	if limit > 0 {
		stage = append(stage, virga.E{Key: "limit", Value: limit})
	}
	rows, err := coll.Aggregate().Raw([]any{virga.D{{"$geoNear", stage}}}).All(ctx)
	if err != nil {
		return err
	}
	var want []measured
	distances := elements(v.Field("expect").Field("distances"))
	for i, id := range elements(v.Field("expect").Field("ids")) {
		want = append(want, measured{id, number64(distances[i])})
	}
	var byFilter, byStage []measured
	for i, row := range rows {
		byStage = append(byStage, measured{row.Value().Field("_id"), number64(row.Lookup("metres"))})
		if i < len(docs) {
			byFilter = append(byFilter, measured{docs[i].Value().Field("_id"), byStage[i].metres})
		}
	}
	if len(docs) != len(rows) || !inOrder(byFilter, want) || !inOrder(byStage, want) {
		return fmt.Errorf("found %v, by the stage %v", docs, byStage)
	}
	return nil
}

// geoStage runs the pipeline of a vector, and compares the fields that it expects.
func (r *runner) geoStage(ctx context.Context, coll *virga.Collection, v vector) error {
	a := coll.Aggregate().Raw([]any{virga.D{{"$geoNear", v.Field("stage")}}})
	if limit := whole(v.Value, "limit"); limit > 0 {
		a = a.Limit(limit)
	}
	rows, err := a.All(ctx)
	if err != nil || truth(v.Field("expect"), "error") {
		return r.geoSettled(v, err)
	}
	distance := text(v.Field("stage"), "distanceField")
	var got, want []measured
	for _, row := range rows {
		got = append(got, measured{row.Value().Field("_id"), number64(row.Lookup(distance))})
	}
	locations := map[document.ID]document.Value{}
	field := text(v.Field("stage"), "includeLocs")
	for _, row := range elements(v.Field("expect").Field("docs")) {
		want = append(want, measured{row.Field("_id"), number64(row.Field(distance))})
		id, err := document.IDOf(row.Field("_id"))
		if err != nil {
			return err
		}
		locations[id] = row.Field(field)
	}
	if !inOrder(got, want) {
		return fmt.Errorf("yields %v, want %v", got, want)
	}
	for _, row := range rows {
		if field != "" && !(comparison{}).equal(row.Lookup(field), locations[row.ID()]) {
			return fmt.Errorf("yields %v", row)
		}
	}
	return nil
}

// A measured is a document that was found, and its distance.
type measured struct {
	id     document.Value
	metres float64
}

func number64(v document.Value) float64 {
	f, ok := v.Float64()
	if !ok {
		return math.NaN()
	}
	return f
}

// inOrder compares two lists. Documents whose expected distances differ by next to
// nothing may come in any order.
func inOrder(got, want []measured) bool {
	if len(got) != len(want) {
		return false
	}
	taken := make([]bool, len(want))
	for i, g := range got {
		at := -1
		for j, w := range want {
			if !taken[j] && document.Equal(g.id, w.id) && alike(w.metres, want[i].metres) && alike(g.metres, w.metres) {
				at = j
			}
		}
		if at < 0 {
			return false
		}
		taken[at] = true
	}
	return true
}

func alike(a, b float64) bool { return math.Abs(a-b) <= 1e-6*max(1, math.Abs(a), math.Abs(b)) }
