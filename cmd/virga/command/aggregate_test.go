package command_test

import (
	"strings"
	"testing"

	"github.com/virgadb/virga/cmd/virga/command"
)

func TestAggregate(t *testing.T) {
	db := shop(t)
	const dear = `[{"$match": {"price": {"$gt": 100}}}, {"$group": {"_id": null, "n": {"$sum": 1}, "total": {"$sum": "$price"}}}]`
	run(t, "", "aggregate", db, "products", dear).want(t, command.Done, `{"_id":null,"n":2,"total":420}`+"\n", "")
	run(t, dear, "aggregate", db, "products", "-").want(t, command.Done, `{"_id":null,"n":2,"total":420}`+"\n", "")

	plan := run(t, "", "aggregate", db, "products", dear, "--explain")
	if plan.code != command.Done || !strings.Contains(plan.out, "group all") || !strings.Contains(plan.out, "scan | filter") {
		t.Errorf("%+v", plan)
	}
	const out = `[{"$project": {"name": 1}}, {"$limit": 2}, {"$out": "names"}]`
	run(t, "", "aggregate", db, "products", out, "--explain")
	run(t, "", "find", db, "names").want(t, command.Failed, "", `no collection "names"`)
	run(t, "", "aggregate", db, "products", out).want(t, command.Done, "", "")
	run(t, "", "find", db, "names").want(t, command.Done, `{"_id":"a","name":"tea"}`+"\n"+`{"_id":"b","name":"cup"}`+"\n", "")

	run(t, "", "aggregate", db, "products", `{"$match": {}}`).want(t, command.Misused, "", "needs an array of stages")
	run(t, "", "aggregate", db, "products", `[`).want(t, command.Misused, "", "pipeline")
	run(t, "", "aggregate", db, "products", `[{"$limit": 0}]`).want(t, command.Failed, "", "stage 1, $limit: needs a positive whole number")
	run(t, "", "aggregate", db, "nothing", `[]`).want(t, command.Failed, "", `no collection "nothing"`)
	run(t, "", "aggregate", db, "products").want(t, command.Misused, "", "too few arguments")
}
