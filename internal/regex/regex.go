package regex

import (
	"bytes"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"time"

	"github.com/dlclark/regexp2/v2"

	"github.com/virgadb/virga/internal/fault"
)

// The limits of regular expressions. The stack is counted in words.
const (
	maxPattern   = 32764
	maxBacktrack = 4 << 20
	matchTimeout = time.Second
)

// A Pattern is a compiled regular expression. It is immutable and safe for
// concurrent use.
type Pattern struct {
	source string
	linear *regexp.Regexp  // nil for syntax that only backtracking can match
	back   *regexp2.Regexp // set when linear is not

	// dollar says that source has a $ which also matches before the line end
	// that ends the string, as in Perl. In both engines it only matches at the
	// very end, so a string that ends a line is tried without its end too.
	dollar bool

	// prefix is what every string that matches begins with, byte for byte; empty
	// when there is no such thing.
	prefix string
}

// Compile compiles a regular expression with the options i, m, s and x. The
// options g and u, which JavaScript's literals may carry, change nothing. A syntax
// that neither engine has and an unknown option are ErrInvalid, a source over the
// limit is ErrTooLarge.
func Compile(source, options string) (*Pattern, error) {
	if len(source) > maxPattern {
		return nil, fmt.Errorf("regex of %d bytes, over the limit of %d: %w", len(source), maxPattern, fault.ErrTooLarge)
	}
	if strings.IndexByte(source, 0) >= 0 {
		return nil, fmt.Errorf("regex holds a NUL: %w", fault.ErrInvalid)
	}
	for _, o := range options {
		if !strings.ContainsRune("imsxgu", o) {
			return nil, fmt.Errorf("regex has no option %q: %w", o, fault.ErrInvalid)
		}
	}
	p := &Pattern{source: source}
	if !strings.Contains(options, "x") && p.compileLinear(options) {
		return p, nil
	}
	return p, p.compileBack(options)
}

// compileLinear compiles p for the engine that matches in linear time, and
// reports whether that engine has the syntax.
func (p *Pattern) compileLinear(options string) bool {
	flags := syntax.Perl
	source, set := p.source, ""
	if strings.Contains(options, "i") {
		flags |= syntax.FoldCase
		set += "i"
	}
	if strings.Contains(options, "m") {
		flags &^= syntax.OneLine
		set += "m"
	}
	if strings.Contains(options, "s") {
		flags |= syntax.DotNL
		set += "s"
	}
	if set != "" {
		source = "(?" + set + ")" + source
	}
	var err error
	if p.linear, err = regexp.Compile(source); err != nil {
		return false
	}
	tree, err := syntax.Parse(p.source, flags)
	if err != nil {
		p.linear = nil
		return false
	}
	p.dollar = hasDollar(tree)
	p.prefix = literalPrefix(tree.Simplify())
	return true
}

// hasDollar reports whether re has a $ that is not about lines.
func hasDollar(re *syntax.Regexp) bool {
	if re.Op == syntax.OpEndText && re.Flags&syntax.WasDollar != 0 {
		return true
	}
	for _, sub := range re.Sub {
		if hasDollar(sub) {
			return true
		}
	}
	return false
}

// literalPrefix returns the text that follows a ^ at the start of re.
func literalPrefix(re *syntax.Regexp) string {
	if re.Op != syntax.OpConcat || len(re.Sub) < 2 || re.Sub[0].Op != syntax.OpBeginText {
		return ""
	}
	text := re.Sub[1]
	if text.Op != syntax.OpLiteral || text.Flags&syntax.FoldCase != 0 {
		return ""
	}
	return string(text.Rune)
}

// compileBack compiles p for the engine that backtracks.
func (p *Pattern) compileBack(options string) error {
	flags := regexp2.RE2
	if strings.Contains(options, "i") {
		flags |= regexp2.IgnoreCase
	}
	if strings.Contains(options, "m") {
		flags |= regexp2.Multiline
	}
	if strings.Contains(options, "s") {
		flags |= regexp2.Singleline
	}
	if strings.Contains(options, "x") {
		flags |= regexp2.IgnorePatternWhitespace
	}
	re, err := regexp2.Compile(p.source, flags, regexp2.OptionMaxBacktrackingStackSize(maxBacktrack))
	if err != nil {
		return fmt.Errorf("regex %q: %v: %w", p.source, err, fault.ErrInvalid)
	}
	re.MatchTimeout = matchTimeout
	p.back = re
	p.dollar = strings.Contains(p.source, "$") && !strings.Contains(options, "m")
	return nil
}

// Linear reports whether matching takes a time linear in the text.
func (p *Pattern) Linear() bool { return p.linear != nil }

// BytePrefix returns what every string that matches begins with, byte for byte,
// even one that is no UTF-8; empty when there is no such thing.
func (p *Pattern) BytePrefix() string {
	for i, r := range p.prefix {
		if r == '\uFFFD' { // bytes that are no UTF-8 match it as well
			return p.prefix[:i]
		}
	}
	return p.prefix
}

// Match reports whether p matches somewhere in text. It is ErrTimeout when that
// takes too long to find out.
func (p *Pattern) Match(text []byte) (bool, error) {
	ok, err := p.search(text)
	if ok || err != nil || !p.dollar || !bytes.HasSuffix(text, []byte{'\n'}) {
		return ok, err
	}
	return p.search(text[:len(text)-1])
}

func (p *Pattern) search(text []byte) (bool, error) {
	if p.linear != nil {
		return p.linear.Match(text), nil
	}
	ok, err := p.back.MatchString(string(text))
	if err != nil {
		return false, fmt.Errorf("regex %q backtracks too much: %w", p.source, fault.ErrTimeout)
	}
	return ok, nil
}
