package rules

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// A field is one key of a rule document and the source of its expression.
type field struct {
	key, source string
	pos         int // byte offset of the key
}

// maxDocument is the most bytes of a rule document: five expressions of the longest
// kind, every character escaped, and room for comments.
const maxDocument = 64 << 10

// A documentParser reads a rule document. Package document has no use for comments,
// and errors here name a line.
type documentParser struct {
	text string
	pos  int
}

// parseDocument returns the fields of a rule document in their order.
func parseDocument(text string) ([]field, error) {
	if !utf8.ValidString(text) {
		return nil, syntaxError("", 0, "the rules are not UTF-8")
	}
	if len(text) > maxDocument {
		return nil, syntaxError("", 0, "the rules have %d bytes, the limit is %d", len(text), maxDocument)
	}
	p := &documentParser{text: text}
	fields, err := p.object()
	if err != nil {
		return nil, err
	}
	return fields, nil
}

func (p *documentParser) object() ([]field, *SyntaxError) {
	if err := p.expect('{', "rules are a JSON object, or the name of a mode"); err != nil {
		return nil, err
	}
	var fields []field
	for more := p.next() != '}'; more; {
		f, err := p.field(fields)
		if err != nil {
			return nil, err
		}
		fields = append(fields, f)
		if more = p.next() == ','; more {
			p.pos++
		}
	}
	if err := p.expect('}', "expected a comma or the closing brace"); err != nil {
		return nil, err
	}
	if p.next() != 0 || p.pos < len(p.text) {
		return nil, p.fail("unexpected text behind the rules")
	}
	return fields, nil
}

// field reads a key and its value; before it stand others.
func (p *documentParser) field(before []field) (field, *SyntaxError) {
	if p.next() != '"' {
		return field{}, p.fail("expected a key in double quotes")
	}
	f := field{pos: p.pos}
	var err *SyntaxError
	if f.key, err = p.quoted(); err != nil {
		return field{}, err
	}
	switch f.key {
	case "read", "write", "create", "update", "delete":
	default:
		return field{}, syntaxError(p.text, f.pos, "unknown key %q: there are read, write, create, update and delete", f.key)
	}
	for _, other := range before {
		if other.key == f.key {
			return field{}, syntaxError(p.text, f.pos, "the key %q is there twice", f.key)
		}
	}
	if err := p.expect(':', "expected a colon"); err != nil {
		return field{}, err
	}
	f.source, err = p.source()
	return f, err
}

// source reads a boolean or a string.
func (p *documentParser) source() (string, *SyntaxError) {
	if p.next() == '"' {
		return p.quoted()
	}
	for _, word := range []string{"true", "false"} {
		if rest, ok := strings.CutPrefix(p.text[p.pos:], word); ok && (rest == "" || !isNameStart(rune(rest[0]))) {
			p.pos += len(word)
			return word, nil
		}
	}
	return "", p.fail("a rule is true, false or an expression in double quotes")
}

// quoted reads a JSON string.
func (p *documentParser) quoted() (string, *SyntaxError) {
	start := p.pos
	for i := start + 1; i < len(p.text); i++ {
		switch p.text[i] {
		case '\\':
			i++
		case '"':
			var s string
			if err := json.Unmarshal([]byte(p.text[start:i+1]), &s); err != nil {
				return "", syntaxError(p.text, start, "the string is no JSON: line ends are written \\n, and a backslash is doubled")
			}
			p.pos = i + 1
			return s, nil
		}
	}
	return "", syntaxError(p.text, start, "the string does not end")
}

// expect passes over the mark c.
func (p *documentParser) expect(c byte, otherwise string) *SyntaxError {
	if p.next() != c {
		return p.fail("%s", otherwise)
	}
	p.pos++
	return nil
}

func (p *documentParser) fail(format string, args ...any) *SyntaxError {
	return syntaxError(p.text, p.pos, format, args...)
}

// next passes over white space and comments and returns the byte that follows, 0 at
// the end.
func (p *documentParser) next() byte {
	for p.pos < len(p.text) {
		rest := p.text[p.pos:]
		skipped := 1
		switch {
		case strings.IndexByte(" \t\r\n", rest[0]) >= 0:
		case strings.HasPrefix(rest, "//"):
			if skipped = strings.IndexByte(rest, '\n') + 1; skipped == 0 {
				skipped = len(rest)
			}
		case strings.HasPrefix(rest, "/*") && strings.Contains(rest[2:], "*/"):
			skipped = strings.Index(rest[2:], "*/") + 4
		default:
			return rest[0]
		}
		p.pos += skipped
	}
	return 0
}
