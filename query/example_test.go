package query_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/query"
)

type (
	M = document.M
	D = document.D
)

// shelf holds the documents that the examples look through.
var shelf = []D{
	{{"_id", "cup"}, {"price", 40}, {"tags", []string{"clay"}}, {"spec", M{"colour": "white"}}, {"sold", []D{{{"by", "ann"}, {"n", 2}}, {{"by", "bob"}, {"n", 9}}}}},
	{{"_id", "pot"}, {"price", 300}, {"tags", []string{"clay", "new"}}, {"spec", M{"colour": "brown", "lid": true}}, {"sold", []D{{{"by", "ann"}, {"n", 7}}}}},
	{{"_id", "tea"}, {"price", 120}, {"tags", []string{"new"}}, {"note", nil}},
}

// find prints the _id of every document on the shelf that meets cond.
func find(cond any) {
	filter, err := query.CompileFilter(cond, time.Time{})
	if err != nil {
		fmt.Println(err)
		return
	}
	found := []string{}
	for _, d := range shelf {
		doc, _ := document.Encode(d, time.Time{})
		if ok, _ := filter.Match(doc); ok {
			found = append(found, fmt.Sprint(doc.ID().Any()))
		}
	}
	fmt.Println(strings.Join(found, " "))
}

// change prints the document text, as JSON, after an update.
func change(text string, data any) {
	v, err := document.ParseJSON([]byte(text))
	if err != nil {
		fmt.Println(err)
		return
	}
	doc, _ := document.Encode(v, time.Time{})
	update, err := query.CompileUpdate(data, time.Time{})
	if err == nil {
		doc, _, err = update.Apply(doc, nil)
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(doc)
}

func Example() {
	find(M{"price": query.Gt(100).Lt(500), "tags": "new"})
	find(query.Or(M{"price": query.Lt(50)}, M{"spec": M{"lid": true}}))
	change(`{"_id": 1, "stock": 7, "spec": {"size": 2}}`, M{"stock": query.Inc(-1), "spec": M{"colour": "green"}})
	// Output:
	// pot tea
	// cup pot
	// {"_id":1,"stock":6,"spec":{"size":2,"colour":"green"}}
}

// A nested object speaks of the paths into it; within Eq it is one exact value.
func ExampleEq() {
	find(M{"spec": M{"colour": "brown"}})
	find(M{"spec": query.Eq(M{"colour": "brown"})})
	find(M{"note": query.Eq(nil)}) // null, or no note at all
	// Output:
	// pot
	//
	// cup pot tea
}

func ExampleGt() {
	find(M{"price": query.Gt(40)})
	find(M{"price": query.Gte(40).And(query.Lt(300))})
	find(M{"price": query.Gt("40")}) // only what is of the same kind
	// Output:
	// pot tea
	// cup tea
}

func ExampleIn() {
	find(M{"_id": query.In([]string{"cup", "tea", "jug"})})
	find(M{"tags": query.In([]any{"wood", query.Regex("^n")})})
	find(M{"tags": query.Nin([]string{"new"})})
	// Output:
	// cup tea
	// pot tea
	// cup
}

func ExampleAnd() {
	find(query.And(M{"tags": "clay"}, M{"tags": "new"}))
	find(M{"price": query.And(query.Gt(50), query.Lt(200))})
	// Output:
	// pot
	// tea
}

func ExampleOr() {
	find(query.Or(M{"price": 40}, M{"tags": "new"}))
	find(M{"price": query.Lt(50).Or(query.Gt(200))})
	// Output:
	// cup pot tea
	// cup pot
}

func ExampleNot() {
	find(M{"price": query.Not(query.Gt(100))})
	find(M{"spec.colour": query.Not(query.Regex("^b"))}) // also without a colour
	// Output:
	// cup
	// cup tea
}

func ExampleExists() {
	find(M{"note": query.Exists()})
	find(M{"spec.lid": query.Exists(false)})
	// Output:
	// tea
	// cup tea
}

// Elements of an array meet conditions each for itself, unless ElemMatch asks one
// element for all.
func ExampleElemMatch() {
	find(M{"sold": M{"by": "ann", "n": query.Gt(5)}})
	find(M{"sold": query.ElemMatch(M{"by": "ann", "n": query.Gt(5)})})
	// Output:
	// cup pot
	// pot
}

func ExampleAll() {
	find(M{"tags": query.All([]string{"new", "clay"})})
	find(M{"tags": query.Size(1)})
	find(M{"tags.0": "clay"})
	// Output:
	// pot
	// cup tea
	// cup pot
}

func ExampleRegex() {
	find(M{"spec.colour": query.Regex("^W", "i")})
	find(M{"_id": query.Regex("^.{2}[pt]$")})
	// Output:
	// cup
	// cup pot
}

func ExampleRaw() {
	find(query.Raw(M{"price": M{"$gt": 100}, "spec": M{"colour": "brown"}})) // here spec is one exact value
	find(query.Raw(M{"$or": []M{{"price": 40}, {"spec.lid": true}}}))
	// Output:
	//
	// cup pot
}

func ExampleInc() {
	change(`{"n": 1, "best": 7, "a": {"b": 2}}`, M{"n": query.Inc(1), "best": query.Max(9), "a": M{"b": query.Mul(2.5)}, "new": query.Inc(-1)})
	// Output: {"n":2,"best":9,"a":{"b":5.0},"new":-1}
}

// A nested object merges into the field; Set replaces it.
func ExampleSet() {
	change(`{"spec": {"size": 2}}`, M{"spec": M{"colour": "green"}})
	change(`{"spec": {"size": 2}}`, M{"spec": query.Set(M{"colour": "green"})})
	// Output:
	// {"spec":{"size":2,"colour":"green"}}
	// {"spec":{"colour":"green"}}
}

func ExampleRemove() {
	change(`{"a": 1, "b": {"c": 2, "d": 3}, "e": 4}`, M{"a": query.Remove(), "b.c": query.Remove(), "e": query.Rename("f")})
	// Output: {"b":{"d":3},"f":4}
}

func ExamplePush() {
	change(`{"list": [1, 2]}`, M{"list": query.Push(3, 4)})
	change(`{"list": [1, 2]}`, M{"list": query.Unshift(0)})
	change(`{"list": [1, 2, 3]}`, M{"list": query.Pop()})
	change(`{"list": [1, 2]}`, M{"list": query.AddToSet(5)})
	change(`{"list": [1, 2, 3, 2]}`, M{"list": query.Pull(query.Gte(2))})
	// Output:
	// {"list":[1,2,3,4]}
	// {"list":[0,1,2]}
	// {"list":[1,2]}
	// {"list":[1,2,5]}
	// {"list":[1]}
}

// The three best results, in order.
func ExamplePushWith() {
	best := 3
	change(`{"results": [{"by": "ann", "n": 7}, {"by": "bob", "n": 5}]}`, M{"results": query.PushWith(query.PushOptions{
		Each:  []any{D{{"by", "cat"}, {"n", 6}}, D{{"by", "dan"}, {"n", 1}}},
		Sort:  D{{"n", -1}},
		Slice: &best,
	})})
	// Output: {"results":[{"by":"ann","n":7},{"by":"cat","n":6},{"by":"bob","n":5}]}
}

func ExampleCompileProjection() {
	doc, _ := document.Encode(shelf[1], time.Time{})
	for _, fields := range []any{M{"price": true, "spec": M{"lid": 1}}, M{"sold": false, "spec": false}, M{"_id": 0, "tags": query.Slice(-1)}} {
		projection, _ := query.CompileProjection(fields, time.Time{})
		part, err := projection.Apply(doc, nil)
		fmt.Println(part, err)
	}
	// Output:
	// {"_id":"pot","price":300,"spec":{"lid":true}} <nil>
	// {"_id":"pot","price":300,"tags":["clay","new"]} <nil>
	// {"price":300,"tags":["new"],"spec":{"colour":"brown","lid":true},"sold":[{"by":"ann","n":7}]} <nil>
}
