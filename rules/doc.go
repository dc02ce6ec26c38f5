// Package rules says who may do what to which documents: the security rules of the
// cloud database, with a reason for every answer.
//
//	r, err := rules.Parse(`{
//		"read":  "auth.openid == doc._openid",
//		"write": "doc.status == 'draft'" // and for create, update and delete
//	}`)
//
// A database applies them for an identity: see DB.As and Collection.SetRules of
// package virga. Here they are compiled ([Parse]), asked ([Rules.Query],
// [Rules.Stored], [Rules.New]), tried ([Simulate]) and counted ([Coverage]).
//
// # The language
//
// An expression has numbers, strings, true, false, null, undefined and lists; ==
// (also ===), !=, >, >=, <, <= and in; &&, || and !; members by .name and [index];
// and these names:
//
//	auth          the caller: openid, uid, loginType; null for nobody
//	doc           the document that exists or, for create, that is going to
//	request.data  what a create, set or update writes
//	now           the time of the call, in milliseconds since 1970
//	get(address)  another document, or null: get(`database.rooms.${doc.room}`)
//
// Equality knows no conversions; null and undefined are one. A missing value equals
// nothing, not even another one, except null written as such: a caller without an
// openid does not own a document without _openid. An order compares values of one
// kind only and is false for others. && and || and ! count null, 0 and "" as false,
// as JavaScript does; a rule as a whole grants when its value is true and nothing
// else. What cannot be evaluated neither holds nor fails, and grants nothing: a rule
// that begins "a || b" still grants by b when a is such.
//
// # Arrays
//
// Rules read documents as filters do, so that a filter can prove a rule. A path goes
// on into each element of an array; a comparison holds when it holds for the array
// or for one of its elements, and its negation, != or !( … ), when it fails for one
// element: on ["x", "y"] both doc.a == "x" and doc.a != "x" are true. With a list that
// is written out, as in doc.a != ["x"], an array is compared as a whole. x in doc.a asks
// whether the list has the member x, a value that is no list counting as a list of
// itself; its negation asks that it has no such member. Where one value is needed,
// in an address or as a member's name, the rule is asked once for each element and
// has to hold for one of them.
//
// # Queries
//
// A query is allowed when its filter proves that the rule holds for every document
// it can match; documents are not read for it. Equality, ranges, $in, $nin, $ne,
// $exists, $and, $or, $nor and $not prove something; other operators do no harm and
// prove nothing. A path in an address of get() has to be fixed by the filter to one
// string or whole number.
//
// An address does not tell the _id "5" from 5. Where a collection has both, a rule that
// reads one of them denies.
//
// # Limits
//
// An expression has at most 1,024 characters, 64 levels, 4 comparisons and 2 calls of
// get() inside one another, and 3 calls of get() in all; the collection get() reads is
// written out. One evaluation reads at most 10 documents ([Limits]) and takes about a
// million steps; a proof follows at most 1,000 ways through the alternatives of a
// filter. Beyond that the answer is a denial.
package rules
