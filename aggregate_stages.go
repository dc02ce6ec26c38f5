package virga

import "github.com/virgadb/virga/aggregate"

// with returns the aggregation with another pipeline.
func (a *Aggregation) with(p aggregate.Pipeline) *Aggregation {
	next := *a
	next.pipe = p
	return &next
}

// Raw adds stages in MongoDB's form: JSON text of an array, or a list of any kind. See
// [aggregate.Pipeline.Raw].
func (a *Aggregation) Raw(stages any) *Aggregation {
	return a.with(a.pipe.Raw(stages))
}

// GeoNear begins with the documents near a point, the nearest first. See
// [aggregate.Pipeline.GeoNear].
func (a *Aggregation) GeoNear(o aggregate.GeoNearOptions) *Aggregation {
	return a.with(a.pipe.GeoNear(o))
}

// Match lets documents through that match cond, which is what [Collection.Where] takes.
// {"$expr": …} compares by an expression.
func (a *Aggregation) Match(cond any) *Aggregation {
	return a.with(a.pipe.Match(cond))
}

// Project chooses and computes fields. See [aggregate.Pipeline.Project].
func (a *Aggregation) Project(fields any) *Aggregation {
	return a.with(a.pipe.Project(fields))
}

// AddFields adds computed fields. See [aggregate.Pipeline.AddFields].
func (a *Aggregation) AddFields(fields any) *Aggregation {
	return a.with(a.pipe.AddFields(fields))
}

// Set is another name of [Aggregation.AddFields].
func (a *Aggregation) Set(fields any) *Aggregation {
	return a.with(a.pipe.Set(fields))
}

// Unset leaves fields out.
func (a *Aggregation) Unset(paths ...string) *Aggregation {
	return a.with(a.pipe.Unset(paths...))
}

// ReplaceRoot puts the object that an expression yields in the place of each document.
func (a *Aggregation) ReplaceRoot(expression any) *Aggregation {
	return a.with(a.pipe.ReplaceRoot(expression))
}

// ReplaceWith is another name of [Aggregation.ReplaceRoot].
func (a *Aggregation) ReplaceWith(expression any) *Aggregation {
	return a.with(a.pipe.ReplaceWith(expression))
}

// Redact keeps or leaves out documents, and objects inside of them, by an expression.
// See [aggregate.Pipeline.Redact].
func (a *Aggregation) Redact(expression any) *Aggregation {
	return a.with(a.pipe.Redact(expression))
}

// Group makes one document of all with the same key. See [aggregate.Pipeline.Group].
func (a *Aggregation) Group(key, fields any) *Aggregation {
	return a.with(a.pipe.Group(key, fields))
}

// Sort orders documents: D{{"total", -1}} from the largest total to the smallest.
func (a *Aggregation) Sort(order any) *Aggregation {
	return a.with(a.pipe.Sort(order))
}

// Limit lets the first n documents through.
func (a *Aggregation) Limit(n int) *Aggregation {
	return a.with(a.pipe.Limit(n))
}

// Skip passes over the first n documents.
func (a *Aggregation) Skip(n int) *Aggregation {
	return a.with(a.pipe.Skip(n))
}

// Sample lets n documents through, chosen at random.
func (a *Aggregation) Sample(n int) *Aggregation {
	return a.with(a.pipe.Sample(n))
}

// Unwind makes of each document one for each element of an array. See
// [aggregate.Pipeline.Unwind].
func (a *Aggregation) Unwind(path string, options ...aggregate.UnwindOptions) *Aggregation {
	return a.with(a.pipe.Unwind(path, options...))
}

// Count makes one document with the number of all in a field of that name.
func (a *Aggregation) Count(name string) *Aggregation {
	return a.with(a.pipe.Count(name))
}

// SortByCount groups by an expression, largest groups first. See
// [aggregate.Pipeline.SortByCount].
func (a *Aggregation) SortByCount(expression any) *Aggregation {
	return a.with(a.pipe.SortByCount(expression))
}

// Bucket groups by the boundaries that a value lies between.
func (a *Aggregation) Bucket(o aggregate.BucketOptions) *Aggregation {
	return a.with(a.pipe.Bucket(o))
}

// H3Bucket counts documents by the H3 cell that the point at path descends from. See
// [aggregate.Pipeline.H3Bucket].
func (a *Aggregation) H3Bucket(path string, resolution int) *Aggregation {
	return a.with(a.pipe.H3Bucket(path, resolution))
}

// BucketAuto divides documents into buckets of about the same size.
func (a *Aggregation) BucketAuto(o aggregate.BucketAutoOptions) *Aggregation {
	return a.with(a.pipe.BucketAuto(o))
}

// Lookup adds to each document an array of those of another collection. See
// [aggregate.LookupOptions].
func (a *Aggregation) Lookup(o aggregate.LookupOptions) *Aggregation {
	return a.with(a.pipe.Lookup(o))
}

// GraphLookup adds to each document an array of those that can be reached from it. See
// [aggregate.GraphLookupOptions].
func (a *Aggregation) GraphLookup(o aggregate.GraphLookupOptions) *Aggregation {
	return a.with(a.pipe.GraphLookup(o))
}

// UnionWith adds the documents of another collection behind those that come.
func (a *Aggregation) UnionWith(collection string, pipeline ...aggregate.Pipeline) *Aggregation {
	return a.with(a.pipe.UnionWith(collection, pipeline...))
}

// Facet runs several pipelines over the same documents. See [aggregate.Pipeline.Facet].
func (a *Aggregation) Facet(pipelines any) *Aggregation {
	return a.with(a.pipe.Facet(pipelines))
}

// Out puts all documents into a collection in the place of those it has, at once. See
// [aggregate.Pipeline.Out].
func (a *Aggregation) Out(collection string) *Aggregation {
	return a.with(a.pipe.Out(collection))
}

// Merge puts documents into a collection, each together with the one it has of the
// same _id. See [aggregate.MergeOptions].
func (a *Aggregation) Merge(o aggregate.MergeOptions) *Aggregation {
	return a.with(a.pipe.Merge(o))
}
