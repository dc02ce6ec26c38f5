// Package virga is a document database that lives inside a Go program, with the
// language of the WeChat Cloud Database: its filters, its update commands, its
// rules about null, arrays and nested objects.
//
// A [DB] holds [Collection]s, a Collection holds documents, a [Query] says which
// of them are meant. A stored document comes back as a [Doc], which keeps the
// stored bytes and decodes them when asked.
//
//	db, err := virga.Open("shop.virga")
//	defer db.Close()
//	products := db.Collection("products")
//	id, err := products.Add(ctx, virga.M{"name": "tea", "price": 120})
//	docs, err := products.Where(virga.M{"price": query.Gt(100)}).Limit(20).Get(ctx)
//	_, err = products.Doc(id).Update(ctx, virga.M{"stock": query.Inc(-1)})
//
// Conditions and update commands are in package query. Package index says what an index
// holds, aggregate has the stages and operators of pipelines, geo the places that
// documents hold, txn the options of transactions, watch live queries, rules security
// rules, and virgatest a database for each test.
//
// # Identities
//
// [DB.As] is the database in the hands of somebody: [Collection.SetRules] says who may
// do what, and what somebody creates has their _openid. [DB.Function] registers code
// that they may call instead. The handle that Open returns is not bound.
//
// # Moments
//
// Every read sees the database as one commit left it and never waits for a
// writer. A single write, [Collection.AddMany] included, happens wholly or not at
// all; [Query.Update] and [Query.Remove] are atomic for each document. A collection
// that does not exist is created in a step of its own before the first document, and
// stays when that is refused. Writers of the same document wait for one another, up
// to ten seconds.
//
// # Limits
//
// A document has at most 16 MiB and 100 levels. One atomic step writes at most
// 50,000 documents and entries of indexes, and 4 MiB of documents; those of more
// than 512 KiB do not count for the 4 MiB. One process at a time opens a database.
//
// # Contexts
//
// A write looks at its context until it joins a group of commits and never after:
// one that returns the context's error did not happen.
package virga
