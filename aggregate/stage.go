package aggregate

import (
	"math"
	"slices"
	"strings"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/expr"
	"github.com/virgadb/virga/internal/fault"
)

// A builder compiles what stands beside the name of a stage.
type builder func(c *compiler, v any) ([]step, error)

// stageTable holds all stages but those that write, and $geoNear. It is a function because
// stages contain pipelines.
func stageTable() map[string]builder {
	return map[string]builder{
		"$match":       buildMatch,
		"$project":     buildProject,
		"$addFields":   buildAddFields,
		"$set":         buildAddFields,
		"$unset":       buildUnset,
		"$replaceRoot": buildReplaceRoot,
		"$replaceWith": buildReplaceWith,
		"$redact":      buildRedact,
		"$limit":       buildLimit,
		"$skip":        buildSkip,
		"$sort":        buildSort,
		"$sample":      buildSample,
		"$unwind":      buildUnwind,
		"$group":       buildGroup,
		"$count":       buildCount,
		"$sortByCount": buildSortByCount,
		"$bucket":      buildBucket,
		"$bucketAuto":  buildBucketAuto,
		"$lookup":      buildLookup,
		"$graphLookup": buildGraphLookup,
		"$unionWith":   buildUnionWith,
		"$facet":       buildFacet,
		"$h3Bucket":    buildH3Bucket,
	}
}

// unavailable names the stages that belong to the language but not to this version.
var unavailable = map[string]struct{}{
	"$collStats": {}, "$indexStats": {}, "$currentOp": {}, "$listSessions": {}, "$listLocalSessions": {}, "$planCacheStats": {},
	"$setWindowFields": {}, "$densify": {}, "$fill": {}, "$documents": {}, "$search": {}, "$searchMeta": {}, "$vectorSearch": {}, "$changeStream": {},
}

// plain returns what stands for v in expressions and stages: builders give way to
// what they build.
func plain(v any) any {
	for {
		b, ok := v.(expr.Builder)
		if !ok {
			return v
		}
		v = b.Expression()
	}
}

// pick returns the parameters of a stage by name. Names that end in ? may be left
// out and are then nil in given.
func pick(v any, params ...string) (values []any, given []bool, err error) {
	fields, ok := document.Pairs(plain(v))
	if !ok {
		return nil, nil, invalid("needs an object of %s", names(params))
	}
	values, given = make([]any, len(params)), make([]bool, len(params))
	for _, f := range fields {
		i := slices.IndexFunc(params, func(p string) bool { return strings.TrimSuffix(p, "?") == f.Key })
		if i < 0 {
			return nil, nil, invalidAt(f.Key, "unknown parameter, there are %s", names(params))
		}
		if given[i] {
			return nil, nil, invalidAt(f.Key, "the parameter is given twice")
		}
		values[i], given[i] = f.Value, true
	}
	for i, p := range params {
		if !given[i] && !strings.HasSuffix(p, "?") {
			return nil, nil, invalidAt(p, "the parameter is missing")
		}
	}
	return values, given, nil
}

func names(params []string) string {
	return strings.ReplaceAll(strings.Join(params, ", "), "?", "")
}

// textOf returns v as a string.
func textOf(v any) (string, bool) {
	if s, ok := v.(string); ok {
		return s, true
	}
	value, ok := v.(document.Value)
	if !ok {
		return "", false
	}
	return value.Text()
}

// stringAt returns the parameter name, a string that is not empty.
func stringAt(name string, v any) (string, error) {
	s, ok := textOf(v)
	if !ok || s == "" {
		return "", invalidAt(name, "needs a string that is not empty")
	}
	return s, nil
}

// wholeOf returns v as a whole number.
func wholeOf(v any) (int, bool) {
	value, err := document.Of(v)
	if err != nil {
		return 0, false
	}
	n, ok := value.Int64()
	return int(min(n, math.MaxInt)), ok
}

// boolAt returns the parameter name, true or false.
func boolAt(name string, v any) (bool, error) {
	value, err := document.Of(v)
	if err == nil {
		if b, ok := value.Bool(); ok {
			return b, nil
		}
	}
	return false, invalidAt(name, "needs true or false")
}

// pathAt returns the parameter name, the dotted path of a field.
func pathAt(name string, v any) (document.Path, error) {
	s, err := stringAt(name, v)
	if err != nil {
		return document.Path{}, err
	}
	p, err := fieldPath(s)
	return p, fault.At(name, err)
}

// fieldPath compiles a dotted path without segments that start with $.
func fieldPath(s string) (document.Path, error) {
	p, err := document.ParsePath(s)
	if err != nil {
		return p, err
	}
	for _, segment := range p.Segments() {
		if strings.HasPrefix(segment, "$") {
			return p, invalidAt(s, "a name in the path starts with $")
		}
	}
	return p, nil
}
