package virga

// After returns the query for what comes behind doc in its order: the next page,
// at the same cost wherever it begins. doc is usually the last document of the
// page before; it need not exist any more. It must have its _id and the fields
// that the query orders by, where a field that is not in doc counts as null.
// Without an order, documents go on behind the _id of doc.
//
//	page, err := products.Where(nil).OrderBy("price", virga.Desc).After(last).Limit(20).Get(ctx)
//
// Skip counts from there. A zero doc starts from the beginning.
func (q *Query) After(doc Doc) *Query {
	next := *q
	if !doc.IsZero() && !doc.Value().Field("_id").Exists() {
		return next.refuse("after: the document has no _id")
	}
	next.after = doc
	return &next
}
