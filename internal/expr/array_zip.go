package expr

import "github.com/virgadb/virga/document"

// A zip transposes arrays.
type zip struct {
	place
	inputs   []node
	defaults node // nil when not given
	longest  bool
}

func buildZip(c *compiler, at place, v any) (node, error) {
	given, err := pick(v, []string{"inputs", "useLongestLength?", "defaults?"})
	if err != nil {
		return nil, err
	}
	z := &zip{place: at}
	inputs, ok := document.List(given[0].value)
	if !ok || len(inputs) == 0 {
		return nil, invalid("needs an array of at least one input")
	}
	if z.inputs, err = c.each(inputs, at.under("inputs")); err != nil {
		return nil, err
	}
	if given[1].ok {
		value, err := c.value(given[1].value, at.under("useLongestLength"))
		if err != nil {
			return nil, err
		}
		if z.longest, ok = value.Bool(); !ok {
			return nil, invalid("needs a bool as useLongestLength")
		}
	}
	if !given[2].ok {
		return c.fold(z, z.inputs), nil
	}
	if list, ok := document.List(given[2].value); !z.longest || ok && len(list) != len(inputs) {
		return nil, invalid("takes defaults with useLongestLength only, one for each input")
	}
	if z.defaults, err = c.compile(given[2].value, at.under("defaults")); err != nil {
		return nil, err
	}
	return z, nil
}

func (z *zip) eval(e *Env) (document.Value, error) {
	base := len(e.stack)
	defer func() { e.stack = e.stack[:base] }()
	if err := e.push(z.inputs); err != nil {
		return missing, err
	}
	defaults := missing
	if z.defaults != nil {
		var err error
		if defaults, err = z.defaults.eval(e); err != nil {
			return missing, err
		}
	}
	v, err := z.transpose(e, e.stack[base:], defaults)
	if err != nil {
		return missing, z.fail(err)
	}
	return v, nil
}

func (z *zip) transpose(e *Env, inputs []document.Value, defaults document.Value) (document.Value, error) {
	columns := make([]document.Elements, len(inputs))
	length := 0
	for i, v := range inputs {
		if nullish(v) {
			return null, nil
		}
		if err := array(v); err != nil {
			return missing, err
		}
		columns[i] = v.Elements()
		if n := v.Len(); i == 0 || n < length != z.longest {
			length = n
		}
	}
	if defaults.Exists() && defaults.Len() != len(inputs) {
		return missing, invalid("needs an array of one default for each input")
	}
	b := e.open()
	b.BeginArray()
	for range length {
		b.BeginArray()
		for i := range columns {
			if columns[i].Next() {
				b.Value(columns[i].Value())
			} else if err := columns[i].Err(); err != nil {
				return missing, err
			} else {
				b.Value(defaults.Element(i))
			}
		}
		b.End()
		if err := fits(b); err != nil {
			return missing, err
		}
	}
	b.End()
	return e.close(b)
}
