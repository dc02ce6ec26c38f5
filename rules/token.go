package rules

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/virgadb/virga/document"
)

// A tokenKind says what a token is.
type tokenKind uint8

const (
	tokenEnd      tokenKind = iota // the end of the expression
	tokenName                      // a word: doc, true, in
	tokenNumber                    // a literal, in value
	tokenString                    // a literal, in value
	tokenTemplate                  // text between backquotes, in text with its escapes
	tokenMark                      // an operator or a bracket, in text
)

// A token is one word of an expression.
type token struct {
	kind     tokenKind
	text     string
	value    document.Value
	pos, end int // byte offsets
}

// describe returns the token as an error names it.
func (t token) describe() string {
	if t.kind == tokenEnd {
		return "the end"
	}
	return t.text
}

// A scanner cuts an expression into tokens.
type scanner struct {
	source string
	pos    int
}

// marks holds the operators and brackets, each behind those it begins. The last
// line belongs to JavaScript: known so that they can be refused by name.
var marks = []string{
	"===", "!==", "==", "!=", ">=", "<=", "&&", "||", "(", ")", "[", "]", ".", ",", "+", "-", "!", ">", "<",
	"?", ":", "*", "/", "%", "=", "&", "|", "^", "~", ";", "{", "}",
}

// next returns the next token.
func (s *scanner) next() (token, *SyntaxError) {
	for s.pos < len(s.source) && strings.IndexByte(" \t\r\n", s.source[s.pos]) >= 0 {
		s.pos++
	}
	start := s.pos
	if start == len(s.source) {
		return token{kind: tokenEnd, pos: start, end: start}, nil
	}
	r, _ := utf8.DecodeRuneInString(s.source[start:])
	switch {
	case r == '\'' || r == '"':
		return s.quoted(byte(r))
	case r == '`':
		return s.template()
	case r >= '0' && r <= '9':
		return s.number()
	case isNameStart(r):
		return s.name(), nil
	}
	for _, m := range marks {
		if strings.HasPrefix(s.source[start:], m) {
			s.pos += len(m)
			return token{kind: tokenMark, text: m, pos: start, end: s.pos}, nil
		}
	}
	return token{}, syntaxError(s.source, start, "unexpected character %q", r)
}

func isNameStart(r rune) bool { return r == '_' || r == '$' || unicode.IsLetter(r) }

func (s *scanner) name() token {
	start := s.pos
	for s.pos < len(s.source) {
		r, size := utf8.DecodeRuneInString(s.source[s.pos:])
		if !isNameStart(r) && !unicode.IsDigit(r) {
			break
		}
		s.pos += size
	}
	return token{kind: tokenName, text: s.source[start:s.pos], pos: start, end: s.pos}
}

func (s *scanner) number() (token, *SyntaxError) {
	start := s.pos
	for s.pos < len(s.source) && isNumeric(s.source[start:s.pos+1]) {
		s.pos++
	}
	text := s.source[start:s.pos]
	t := token{kind: tokenNumber, text: text, pos: start, end: s.pos}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		t.value = document.Int(n)
		return t, nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return token{}, syntaxError(s.source, start, "%s is no number", text)
	}
	t.value = document.Float(f)
	return t, nil
}

// isNumeric reports whether text may be, or may become, a decimal number.
func isNumeric(text string) bool {
	switch c := text[len(text)-1]; {
	case c >= '0' && c <= '9', c == '.', c == 'e', c == 'E':
		return true
	case c == '+' || c == '-':
		before := text[len(text)-2]
		return before == 'e' || before == 'E'
	}
	return false
}

func (s *scanner) quoted(quote byte) (token, *SyntaxError) {
	start := s.pos
	var b strings.Builder
	for s.pos++; s.pos < len(s.source); {
		switch c := s.source[s.pos]; {
		case c == quote:
			s.pos++
			return token{kind: tokenString, text: s.source[start:s.pos], value: document.Text(b.String()), pos: start, end: s.pos}, nil
		case c == '\\':
			if err := s.escape(&b); err != nil {
				return token{}, err
			}
		case c == '\n':
			return token{}, syntaxError(s.source, start, "the string does not end on its line")
		default:
			b.WriteByte(c)
			s.pos++
		}
	}
	return token{}, syntaxError(s.source, start, "the string does not end")
}

// escape reads an escape sequence, as JavaScript writes them, into b.
func (s *scanner) escape(b *strings.Builder) *SyntaxError {
	start := s.pos
	rest := s.source[start+1:]
	if rest == "" {
		return syntaxError(s.source, start, "the string does not end")
	}
	if rest[0] == 'u' && len(rest) >= 5 {
		n, err := strconv.ParseUint(rest[1:5], 16, 16)
		if err == nil && utf8.ValidRune(rune(n)) {
			b.WriteRune(rune(n))
			s.pos += 6
			return nil
		}
	}
	at := strings.IndexByte("nrtbf'\"\\`/$", rest[0])
	if at < 0 {
		return syntaxError(s.source, start, "unknown escape sequence")
	}
	b.WriteByte("\n\r\t\b\f'\"\\`/$"[at])
	s.pos += 2
	return nil
}

// template reads a template whole; its parts are scanned by the parser. A backquote
// ends it, unless it is escaped or within ${…}, where a template may stand again.
func (s *scanner) template() (token, *SyntaxError) {
	start := s.pos
	end, ok := templateEnd(s.source, start+1)
	if !ok {
		return token{}, syntaxError(s.source, start, "the template does not end")
	}
	s.pos = end
	return token{kind: tokenTemplate, text: s.source[start:end], pos: start, end: end}, nil
}

// templateEnd returns the offset behind the backquote that ends the template whose
// contents start at i.
func templateEnd(source string, i int) (int, bool) {
	for i < len(source) {
		switch {
		case source[i] == '\\':
			i += 2
		case source[i] == '`':
			return i + 1, true
		case strings.HasPrefix(source[i:], "${"):
			end, ok := holeEnd(source, i+2)
			if !ok {
				return 0, false
			}
			i = end
		default:
			i++
		}
	}
	return 0, false
}

// holeEnd returns the offset behind the brace that closes the ${…} whose
// expression starts at i.
func holeEnd(source string, i int) (int, bool) {
	for i < len(source) {
		switch c := source[i]; c {
		case '}':
			return i + 1, true
		case '`':
			end, ok := templateEnd(source, i+1)
			if !ok {
				return 0, false
			}
			i = end
		case '\'', '"':
			for i++; i < len(source) && source[i] != c; i++ {
				if source[i] == '\\' {
					i++
				}
			}
			i++
		default:
			i++
		}
	}
	return 0, false
}
