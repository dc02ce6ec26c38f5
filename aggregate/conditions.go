package aggregate

import "github.com/virgadb/virga/document"

// Conditions returns the pipeline with what change makes of the conditions of each
// $match, those of pipelines inside of it left alone.
func (p Pipeline) Conditions(change func(cond any) (any, error)) (Pipeline, error) {
	var stages []any
	for i, stage := range p.stages {
		fields, ok := document.Pairs(stage)
		if !ok || len(fields) != 1 || fields[0].Key != "$match" {
			continue
		}
		cond := fields[0].Value
		f, flat := cond.(flattened)
		if flat {
			cond = f.cond
		}
		cond, err := change(cond)
		if err != nil {
			return p, err
		}
		if flat {
			cond = flattened{cond}
		}
		if stages == nil {
			stages = append(stages, p.stages...)
		}
		stages[i] = document.D{{Key: "$match", Value: cond}}
	}
	if stages != nil {
		p.stages = stages
	}
	return p, nil
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
