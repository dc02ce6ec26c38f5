package aggregate

import (
	"encoding/json"
	"fmt"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/fault"
)

// A Pipeline is a list of stages. Its methods return a new Pipeline with one stage
// more and leave the receiver as it is. The zero Pipeline has no stages. It is what
// the parts of a lookup, a union and a facet are made of; [Pipeline.Stages] turns it
// into what MongoDB calls a pipeline. A bad operand is reported when it runs.
type Pipeline struct {
	stages []any
	err    error
}

// New returns the pipeline without stages.
func New() Pipeline { return Pipeline{} }

// Stages returns the stages, each an object of one field.
func (p Pipeline) Stages() []any { return p.stages }

// Err returns the first bad operand that was met while the pipeline was made.
func (p Pipeline) Err() error { return p.err }

// with returns the pipeline with a stage added.
func (p Pipeline) with(name string, operand any) Pipeline {
	p.stages = append(p.stages[:len(p.stages):len(p.stages)], document.D{{Key: name, Value: operand}})
	return p
}

// Raw adds stages in MongoDB's form: JSON text of an array, a list of any kind, or
// another Pipeline. An object inside the conditions of a $match is exactly that
// object.
func (p Pipeline) Raw(stages any) Pipeline {
	list, err := parse(stages)
	if err != nil {
		if p.err == nil {
			p.err = err
		}
		return p
	}
	p.stages = append(p.stages[:len(p.stages):len(p.stages)], list...)
	return p
}

func parse(v any) ([]any, error) {
	var text []byte
	switch x := v.(type) {
	case string:
		text = []byte(x)
	case []byte:
		text = x
	case json.RawMessage:
		text = x
	}
	if text != nil {
		value, err := document.ParseJSON(text)
		if err != nil {
			return nil, fmt.Errorf("pipeline: %w", err)
		}
		v = value
	}
	list, ok := stagesOf(v)
	if !ok {
		return nil, fmt.Errorf("a pipeline is a list of stages: %w", fault.ErrInvalid)
	}
	return list, nil
}

// Has reports whether a stage of that name is among those of the pipeline, inner ones
// left out.
func (p Pipeline) Has(name string) bool {
	for _, stage := range p.stages {
		if fields, ok := document.Pairs(stage); ok && len(fields) == 1 && fields[0].Key == name {
			return true
		}
	}
	return false
}

// GeoNear begins with the documents of a collection that have a geometry near a
// point, the nearest first. It must be the first stage, also of the pipeline of a
// lookup or union.
func (p Pipeline) GeoNear(o GeoNearOptions) Pipeline {
	spec := document.D{{Key: "near", Value: o.Near}, {Key: "distanceField", Value: o.DistanceField}}
	for _, f := range []struct {
		name  string
		value any
		given bool
	}{
		{"key", o.Key, o.Key != ""},
		{"query", flattened{o.Query}, o.Query != nil},
		{"minDistance", o.Min, o.Min != 0},
		{"maxDistance", o.Max, o.Max != 0},
		{"distanceMultiplier", o.Multiplier, o.Multiplier != 0},
		{"includeLocs", o.IncludeLocs, o.IncludeLocs != ""},
		{"limit", o.Limit, o.Limit != 0},
	} {
		if f.given {
			spec = append(spec, document.E{Key: f.name, Value: f.value})
		}
	}
	return p.with("$geoNear", spec)
}

// GeoNearOptions are the operands of [Pipeline.GeoNear]. Near and DistanceField are
// needed.
type GeoNearOptions struct {
	Near          any     // a geo.Point, or an object that is one in GeoJSON
	DistanceField string  // the dotted path of the field that takes the distance
	Key           string  // the dotted path of the geometries; by default that of the geo index, when there is one
	Query         any     // conditions that documents must meet besides, as Where takes them; nil for none
	Min, Max      float64 // bounds of the distance in metres, both included; 0 is no bound
	Multiplier    float64 // what metres are multiplied by in DistanceField: 0.001 gives kilometres; 0 is 1
	IncludeLocs   string  // the dotted path of the field that takes the geometry that was found; none by default
	Limit         int     // the most documents; 0 is all
}

// Match lets documents through that match cond, which is what Where takes: an object
// inside an object speaks of the paths into it. {"$expr": …} compares by an
// expression.
func (p Pipeline) Match(cond any) Pipeline { return p.with("$match", flattened{cond}) }

// Project chooses fields: true or 1 keeps one, false or 0 leaves it out, anything
// else computes it. See [MongoDB's $project] for the forms.
//
// [MongoDB's $project]: https://www.mongodb.com/docs/manual/reference/operator/aggregation/project/
func (p Pipeline) Project(fields any) Pipeline { return p.with("$project", fields) }

// AddFields adds computed fields, or computes them anew. All are computed from the
// document as it comes.
func (p Pipeline) AddFields(fields any) Pipeline { return p.with("$addFields", fields) }

// Set is another name of [Pipeline.AddFields].
func (p Pipeline) Set(fields any) Pipeline { return p.with("$set", fields) }

// Unset leaves fields out, which are named by dotted paths.
func (p Pipeline) Unset(paths ...string) Pipeline { return p.with("$unset", paths) }

// ReplaceRoot puts the object that an expression yields in the place of each
// document.
func (p Pipeline) ReplaceRoot(expression any) Pipeline {
	return p.with("$replaceRoot", document.D{{Key: "newRoot", Value: expression}})
}

// ReplaceWith is another name of [Pipeline.ReplaceRoot].
func (p Pipeline) ReplaceWith(expression any) Pipeline { return p.with("$replaceWith", expression) }

// Redact evaluates an expression for each document and the objects inside of it,
// which are [Descend], [Prune] or [Keep]: look into it, leave it out, take it whole.
func (p Pipeline) Redact(expression any) Pipeline { return p.with("$redact", expression) }

// Group makes one document of all those for which key yields the same value, which
// becomes its _id; nil puts all into one. Fields are accumulators such as [Sum]:
// an object of them, or nil for none. Groups come in the order of their keys.
func (p Pipeline) Group(key, fields any) Pipeline {
	spec := document.D{{Key: "_id", Value: key}}
	if fields != nil {
		pairs, ok := document.Pairs(fields)
		if !ok {
			return p.refuse("group: the fields are no object")
		}
		spec = append(spec, pairs...)
	}
	return p.with("$group", spec)
}

// refuse remembers a bad operand.
func (p Pipeline) refuse(format string, args ...any) Pipeline {
	if p.err == nil {
		p.err = invalid(format, args...)
	}
	return p
}

// Sort orders documents, by a D of paths with 1 or -1. Ties stay in the order they
// come in.
func (p Pipeline) Sort(order any) Pipeline { return p.with("$sort", order) }

// Limit lets the first n documents through. N must be positive.
func (p Pipeline) Limit(n int) Pipeline { return p.with("$limit", n) }

// Skip passes over the first n documents.
func (p Pipeline) Skip(n int) Pipeline { return p.with("$skip", n) }

// Sample lets n documents through, chosen at random.
func (p Pipeline) Sample(n int) Pipeline {
	return p.with("$sample", document.D{{Key: "size", Value: n}})
}

// Unwind makes of each document one for each element of the array at a path that
// begins with $. Documents without elements are left out, unless options say
// otherwise.
func (p Pipeline) Unwind(path string, options ...UnwindOptions) Pipeline {
	spec := document.D{{Key: "path", Value: path}}
	for _, o := range options {
		if o.IndexField != "" {
			spec = append(spec, document.E{Key: "includeArrayIndex", Value: o.IndexField})
		}
		if o.Preserve {
			spec = append(spec, document.E{Key: "preserveNullAndEmptyArrays", Value: true})
		}
	}
	return p.with("$unwind", spec)
}

// UnwindOptions say how [Pipeline.Unwind] works. The zero value is ready to use.
type UnwindOptions struct {
	IndexField string // the field that takes the place of the element in the array; none by default
	Preserve   bool   // documents without elements are let through
}

// Count makes one document with the number of all in a field of that name, and no
// document of none.
func (p Pipeline) Count(name string) Pipeline { return p.with("$count", name) }

// SortByCount groups by an expression and orders the groups from the most
// documents, whose number is in the field count, to the fewest.
func (p Pipeline) SortByCount(expression any) Pipeline { return p.with("$sortByCount", expression) }

// Bucket groups documents by the boundaries that a value lies between.
func (p Pipeline) Bucket(o BucketOptions) Pipeline {
	spec := document.D{{Key: "groupBy", Value: o.By}, {Key: "boundaries", Value: o.Boundaries}}
	if o.Default != nil {
		spec = append(spec, document.E{Key: "default", Value: o.Default})
	}
	if o.Output != nil {
		spec = append(spec, document.E{Key: "output", Value: o.Output})
	}
	return p.with("$bucket", spec)
}

// BucketOptions are the operands of [Pipeline.Bucket].
type BucketOptions struct {
	By         any // the value: a path that begins with $, or an operator
	Boundaries any // a list of ascending values of one kind; each is the _id of what is not less and less than the next
	Default    any // the _id of what lies between none; nil makes that an error
	Output     any // accumulators by field; nil counts in the field count
}

// H3Bucket counts documents by the H3 cell of a resolution, 0 to 15, that the point at
// path descends from: documents {_id, count}, in the order of the cells, whose text
// _id is. What has no point at path, or several, is not counted. At the beginning of
// a pipeline it walks over a geo index that begins with path, if there is one and it
// holds nothing but single points, and reads no documents.
func (p Pipeline) H3Bucket(path string, resolution int) Pipeline {
	return p.with("$h3Bucket", document.D{{Key: "path", Value: path}, {Key: "resolution", Value: resolution}})
}

// BucketAuto divides documents into buckets of about the same size by a value.
func (p Pipeline) BucketAuto(o BucketAutoOptions) Pipeline {
	spec := document.D{{Key: "groupBy", Value: o.By}, {Key: "buckets", Value: o.Buckets}}
	if o.Granularity != "" {
		spec = append(spec, document.E{Key: "granularity", Value: o.Granularity})
	}
	if o.Output != nil {
		spec = append(spec, document.E{Key: "output", Value: o.Output})
	}
	return p.with("$bucketAuto", spec)
}

// BucketAutoOptions are the operands of [Pipeline.BucketAuto].
type BucketAutoOptions struct {
	By          any    // the value: a path that begins with $, or an operator
	Buckets     int    // how many
	Granularity string // the series that boundaries are rounded to, such as R20, E24, 1-2-5, POWERSOF2; none by default
	Output      any    // accumulators by field; nil counts in the field count
}

// Lookup adds to each document an array of documents of another collection.
func (p Pipeline) Lookup(o LookupOptions) Pipeline {
	spec := document.D{{Key: "from", Value: o.From}}
	if o.LocalField != "" || o.ForeignField != "" {
		spec = append(spec, document.E{Key: "localField", Value: o.LocalField}, document.E{Key: "foreignField", Value: o.ForeignField})
	}
	if o.Let != nil {
		spec = append(spec, document.E{Key: "let", Value: o.Let})
	}
	if o.Pipeline != nil {
		spec = append(spec, document.E{Key: "pipeline", Value: o.Pipeline})
	}
	if sub, ok := o.Pipeline.(Pipeline); ok && sub.err != nil && p.err == nil {
		p.err = sub.err
	}
	return p.with("$lookup", append(spec, document.E{Key: "as", Value: o.As}))
}

// LookupOptions are the operands of [Pipeline.Lookup]: the two fields, a pipeline, or
// both, and then the pipeline gets the documents of an equal value.
type LookupOptions struct {
	From         string // the collection; name.collection is one of an attached database
	LocalField   string // dotted path in the document; missing counts as null, of an array each element counts
	ForeignField string // dotted path in From
	Let          any    // variables for the pipeline, computed from the document: M{"price": "$price"} is read as $$price
	Pipeline     any    // a [Pipeline], or a list of stages in MongoDB's form; nil for none
	As           string // the field that takes the array
}

// GraphLookup adds to each document an array of the documents of another collection
// that can be reached from it by going from field to field.
func (p Pipeline) GraphLookup(o GraphLookupOptions) Pipeline {
	spec := document.D{
		{Key: "from", Value: o.From}, {Key: "startWith", Value: o.StartWith}, {Key: "connectFromField", Value: o.ConnectFromField},
		{Key: "connectToField", Value: o.ConnectToField}, {Key: "as", Value: o.As},
	}
	if o.MaxSteps > 0 {
		spec = append(spec, document.E{Key: "maxDepth", Value: o.MaxSteps - 1})
	}
	if o.DepthField != "" {
		spec = append(spec, document.E{Key: "depthField", Value: o.DepthField})
	}
	if o.Match != nil {
		spec = append(spec, document.E{Key: "restrictSearchWithMatch", Value: flattened{o.Match}})
	}
	return p.with("$graphLookup", spec)
}

// GraphLookupOptions are the operands of [Pipeline.GraphLookup].
type GraphLookupOptions struct {
	From             string // the collection; name.collection is one of an attached database
	StartWith        any    // an expression: the value, or array of values, of the first step
	ConnectFromField string // dotted path to the values of the next step
	ConnectToField   string // dotted path to what those are compared with, where there is something: null is not missing
	As               string // the field that takes the array
	MaxSteps         int    // steps at most, where finding StartWith is the first; 0 for any number. MongoDB's maxDepth is one less
	DepthField       string // the field that takes how many steps came before; none by default
	Match            any    // conditions that found documents must meet, as Where takes them; nil for none
}

// UnionWith adds the documents of another collection behind those that come, after
// they have passed a pipeline, if one is given.
func (p Pipeline) UnionWith(collection string, pipeline ...Pipeline) Pipeline {
	spec := document.D{{Key: "coll", Value: collection}}
	switch len(pipeline) {
	case 0:
	case 1:
		if p.err == nil {
			p.err = pipeline[0].err
		}
		spec = append(spec, document.E{Key: "pipeline", Value: pipeline[0]})
	default:
		return p.refuse("union with %s: %d pipelines", collection, len(pipeline))
	}
	return p.with("$unionWith", spec)
}

// Facet runs several pipelines over the same documents and makes one document of
// what they yield: an object of a [Pipeline], or list of stages, for each field.
func (p Pipeline) Facet(pipelines any) Pipeline {
	if fields, ok := document.Pairs(pipelines); ok && p.err == nil {
		for _, f := range fields {
			if sub, ok := f.Value.(Pipeline); ok && p.err == nil {
				p.err = sub.err
			}
		}
	}
	return p.with("$facet", pipelines)
}

// Out puts all documents into a collection in the place of those it has, at once,
// and keeps its indexes. The collection is created where there is none. When a
// unique index would be violated, or anything else ends the pipeline, the
// collection stays as it is. Out must be the last stage; it yields nothing.
func (p Pipeline) Out(collection string) Pipeline { return p.with("$out", collection) }

// Merge puts documents into a collection, each together with the document of the
// same _id. Merge must be the last stage; it yields nothing. Each document is
// written by itself: after an error those before it are written.
func (p Pipeline) Merge(o MergeOptions) Pipeline {
	spec := document.D{{Key: "into", Value: o.Into}}
	if len(o.On) > 0 {
		spec = append(spec, document.E{Key: "on", Value: o.On})
	}
	if o.Let != nil {
		spec = append(spec, document.E{Key: "let", Value: o.Let})
	}
	if o.WhenMatched != nil {
		spec = append(spec, document.E{Key: "whenMatched", Value: o.WhenMatched})
	}
	if o.WhenNotMatched != "" {
		spec = append(spec, document.E{Key: "whenNotMatched", Value: o.WhenNotMatched})
	}
	return p.with("$merge", spec)
}

// MergeOptions are the operands of [Pipeline.Merge].
type MergeOptions struct {
	Into           string   // the collection, created where there is none
	On             []string // the paths by which documents are the same: _id by default, else those of a unique index
	WhenMatched    any      // "merge" the fields (default), "replace", "keepExisting", "fail", or a [Pipeline] over the document that is there, for which the new one is $$new
	WhenNotMatched string   // "insert" (default), "discard", "fail"
	Let            any      // variables for the pipeline of WhenMatched in place of $$new
}
