package expr

import (
	"unicode/utf8"

	"github.com/virgadb/virga/document"
	"github.com/virgadb/virga/internal/regex"
)

// expressions holds the operators that match regular expressions.
var expressions = table{
	"$regexMatch":   {params: []string{"input", "regex", "options?"}, fn: regexMatch},
	"$regexFind":    {params: []string{"input", "regex", "options?"}, fn: regexFind},
	"$regexFindAll": {params: []string{"input", "regex", "options?"}, fn: regexFindAll},
}

// subject returns the text to look in and the pattern to look for. It reports
// false when either is null.
func (e *Env) subject(args []document.Value) (text []byte, p *regex.Pattern, ok bool, err error) {
	if !nullish(args[0]) {
		if text, err = str(args[0]); err != nil {
			return nil, nil, false, err
		}
	}
	if nullish(args[1]) {
		return nil, nil, false, nil
	}
	p, err = e.pattern(args[1], args[2])
	return text, p, err == nil && !nullish(args[0]), err
}

// patternOf returns the source and the options of a regular expression.
func patternOf(v, options document.Value) (source, letters string, err error) {
	if re, ok := v.Regex(); ok {
		source, letters = re.Pattern, re.Options
	} else if s, ok := v.Text(); ok {
		source = s
	} else {
		return "", "", needs("a string or a regular expression", v)
	}
	if nullish(options) {
		return source, letters, nil
	}
	s, err := str(options)
	if err == nil && letters != "" {
		err = invalid("takes options in the regular expression or beside it, not both")
	}
	return source, string(s), err
}

// maxPatterns is the number of patterns an Env keeps compiled.
const maxPatterns = 64

// pattern returns the compiled regular expression that v and options make.
func (e *Env) pattern(v, options document.Value) (*regex.Pattern, error) {
	e.text = append(append(e.text[:0], options.Raw()...), v.Raw()...)
	if p, ok := e.patterns[string(e.text)]; ok {
		return p, nil
	}
	source, letters, err := patternOf(v, options)
	if err != nil {
		return nil, err
	}
	p, err := regex.Compile(source, letters)
	if err != nil {
		return nil, err
	}
	if e.patterns == nil || len(e.patterns) >= maxPatterns {
		e.patterns = map[string]*regex.Pattern{}
	}
	e.patterns[string(e.text)] = p
	return p, nil
}

func regexMatch(e *Env, args []document.Value) (document.Value, error) {
	text, p, ok, err := e.subject(args)
	if err != nil || !ok {
		return no, err
	}
	found, err := p.Match(text)
	return boolean(found), err
}

func regexFind(e *Env, args []document.Value) (document.Value, error) {
	text, p, ok, err := e.subject(args)
	if err != nil || !ok {
		return null, err
	}
	at, err := p.Find(text)
	if err != nil || at == nil {
		return null, err
	}
	b := e.open()
	if err := e.buildMatch(b, text, at, utf8.RuneCount(text[:at[0]])); err != nil {
		return missing, err
	}
	return e.close(b)
}

// maxMatches is more than the result of $regexFindAll can hold.
const maxMatches = 1 << 19

func regexFindAll(e *Env, args []document.Value) (document.Value, error) {
	text, p, ok, err := e.subject(args)
	if err != nil {
		return missing, err
	}
	var all [][]int
	if ok {
		if all, err = p.FindAll(text, maxMatches); err != nil {
			return missing, err
		}
	}
	b := e.open()
	b.BeginArray()
	runes, counted := 0, 0
	for _, at := range all {
		runes += utf8.RuneCount(text[counted:at[0]])
		counted = at[0]
		if err := e.buildMatch(b, text, at, runes); err != nil {
			return missing, err
		}
		if err := fits(b); err != nil {
			return missing, err
		}
	}
	b.End()
	return e.close(b)
}

// buildMatch builds what is told of one match: its text, its place in code points,
// and those of its groups.
func (e *Env) buildMatch(b *document.Builder, text []byte, at []int, index int) error {
	b.BeginObject()
	b.Key("match")
	if err := e.buildPart(b, text, at[0], at[1]); err != nil {
		return err
	}
	b.Key("idx")
	b.Value(e.integer(int64(index)))
	b.Key("captures")
	b.BeginArray()
	for i := 2; i < len(at); i += 2 {
		if err := e.buildPart(b, text, at[i], at[i+1]); err != nil {
			return err
		}
	}
	b.End()
	b.End()
	return nil
}

// buildPart builds text[from:to], or null when there is no such part.
func (e *Env) buildPart(b *document.Builder, text []byte, from, to int) error {
	if from < 0 {
		b.Value(null)
		return nil
	}
	v, err := e.str(text[from:to])
	if err == nil {
		b.Value(v)
	}
	return err
}
