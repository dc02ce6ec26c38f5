package rules

import (
	"unicode/utf8"

	"github.com/virgadb/virga/document"
)

// The limits of one expression. They bound what compiling and evaluating it costs.
const (
	maxLength   = 1024 // characters
	maxNesting  = 64   // brackets, negations and templates inside one another
	maxGets     = 3    // calls of get
	maxGetDepth = 2    // calls of get inside one another
	maxStacked  = 4    // comparisons whose values are inside one another; each is asked twice
)

// A parser reads one expression by recursive descent.
type parser struct {
	scanner
	token   token // the one that comes next
	nesting int
	gets    int // calls of get so far
	inGet   int // calls of get around the place
}

// compileExpression compiles one rule.
func compileExpression(source string) (*expression, *SyntaxError) {
	if !utf8.ValidString(source) {
		return nil, syntaxError("", 0, "the expression is not UTF-8")
	}
	if n := utf8.RuneCountInString(source); n > maxLength {
		return nil, syntaxError(source, 0, "the expression has %d characters, the limit is %d", n, maxLength)
	}
	p := &parser{scanner: scanner{source: source}}
	top, err := p.whole()
	if err != nil {
		return nil, err
	}
	if stacked(top) > maxStacked {
		return nil, syntaxError(source, top.pos, "more than %d comparisons inside one another", maxStacked)
	}
	x := &expression{source: source, top: top}
	x.number(top)
	x.survey()
	return x, nil
}

// stacked returns how many comparisons in n stand inside one another.
func stacked(n *node) int {
	deepest := 0
	for _, k := range n.kids {
		deepest = max(deepest, stacked(k))
	}
	switch n.kind {
	case nodeCompare, nodeAmong, nodeIn:
		return deepest + 1
	}
	return deepest
}

// whole reads an expression up to the end of the source.
func (p *parser) whole() (*node, *SyntaxError) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.token.kind == tokenEnd {
		return nil, p.fail("the expression is empty")
	}
	n, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.token.kind != tokenEnd {
		return nil, p.unexpected()
	}
	return n, nil
}

func (p *parser) advance() *SyntaxError {
	t, err := p.next()
	p.token = t
	return err
}

// fail returns an error at the next token.
func (p *parser) fail(format string, args ...any) *SyntaxError {
	return syntaxError(p.source, p.token.pos, format, args...)
}

// failAt returns an error at n.
func (p *parser) failAt(n *node, format string, args ...any) *SyntaxError {
	return syntaxError(p.source, n.pos, format, args...)
}

// unexpected refuses the next token where an operator might stand.
func (p *parser) unexpected() *SyntaxError {
	switch p.token.text {
	case "?", ":":
		return p.fail("%s is not part of the rule language: write conditions with && and ||", p.token.text)
	case "*", "/", "%", "-", "&", "|", "^", "~":
		return p.fail("%s is not part of the rule language: rules do not compute", p.token.text)
	case "=":
		return p.fail("= is not part of the rule language: compare with ==")
	}
	return p.fail("unexpected %s", p.token.describe())
}

// mark reports whether the next token is the operator or bracket text.
func (p *parser) mark(text string) bool { return p.token.kind == tokenMark && p.token.text == text }

// expect passes over the bracket text.
func (p *parser) expect(text string) *SyntaxError {
	if !p.mark(text) {
		return p.fail("expected %s, found %s", text, p.token.describe())
	}
	return p.advance()
}

// deeper counts a level around the next token; the function it returns leaves it.
func (p *parser) deeper() (func(), *SyntaxError) {
	if p.nesting++; p.nesting > maxNesting {
		return nil, p.fail("more than %d levels", maxNesting)
	}
	return func() { p.nesting-- }, nil
}

func (p *parser) or() (*node, *SyntaxError) { return p.joined("||", nodeOr, p.and) }

func (p *parser) and() (*node, *SyntaxError) { return p.joined("&&", nodeAnd, p.comparison) }

// joined reads one or more operands joined by op.
func (p *parser) joined(op string, kind nodeKind, operand func() (*node, *SyntaxError)) (*node, *SyntaxError) {
	first, err := operand()
	if err != nil || !p.mark(op) {
		return first, err
	}
	n := &node{kind: kind, id: -1, kids: []*node{first}}
	n.pos, _ = first.outer()
	for p.mark(op) {
		k, err := p.operandOf(op, operand)
		if err != nil {
			return nil, err
		}
		n.kids = append(n.kids, k)
		_, n.end = k.outer()
	}
	return n, nil
}

// operandOf passes over the operator op and reads what stands behind it.
func (p *parser) operandOf(op string, operand func() (*node, *SyntaxError)) (*node, *SyntaxError) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.token.kind == tokenEnd {
		return nil, p.fail("expected a value after %s", op)
	}
	return operand()
}

// comparator returns the comparison that comes next, or "in", or nothing.
func (p *parser) comparator() string {
	if p.token.kind == tokenName && p.token.text == "in" {
		return "in"
	}
	if _, ok := compareOps[p.token.text]; ok && p.token.kind == tokenMark {
		return p.token.text
	}
	return ""
}

func (p *parser) comparison() (*node, *SyntaxError) {
	left, err := p.sum()
	if err != nil {
		return nil, err
	}
	text := p.comparator()
	if text == "" {
		return left, nil
	}
	right, err := p.operandOf(text, p.sum)
	if err != nil {
		return nil, err
	}
	if p.comparator() != "" {
		return nil, p.fail("comparisons do not follow one another: put one in parentheses")
	}
	n := &node{kind: nodeCompare, op: compareOps[text], id: -1, kids: []*node{left, right}}
	n.pos, _ = left.outer()
	_, n.end = right.outer()
	if text != "in" {
		return n, p.checkOrder(n)
	}
	switch {
	case right.kind == nodeArray:
		n.kind, n.kids = nodeAmong, append(n.kids[:1], right.kids...)
	case right.kind == nodePath && len(right.segments) > 0:
		n.kind = nodeIn
	default:
		return nil, p.failAt(right, "in needs a list on its right")
	}
	return n, nil
}

// checkOrder refuses an order with what has none.
func (p *parser) checkOrder(n *node) *SyntaxError {
	if n.op == opEq || n.op == opNe {
		return nil
	}
	for _, k := range n.kids {
		if k.kind == nodeNull || k.kind == nodeAuth || k.kind == nodeArray || k.isCondition() {
			return p.failAt(k, "%s has no order", p.source[k.pos:k.end])
		}
	}
	return nil
}

// sum reads values joined by +, which only has a meaning within get.
func (p *parser) sum() (*node, *SyntaxError) {
	first, err := p.unary()
	if err != nil || !p.mark("+") {
		return first, err
	}
	if p.inGet == 0 {
		return nil, p.fail("+ joins strings within get() only: rules do not compute")
	}
	n := &node{kind: nodeGet, id: -1, kids: []*node{first}, pos: first.pos}
	for p.mark("+") {
		k, err := p.operandOf("+", p.unary)
		if err != nil {
			return nil, err
		}
		n.kids = append(n.kids, k)
		n.end = k.end
	}
	return n, nil
}

func (p *parser) unary() (*node, *SyntaxError) {
	leave, err := p.deeper()
	if err != nil {
		return nil, err
	}
	defer leave()
	start := p.token
	switch {
	case p.mark("!"):
		k, err := p.operandOf("!", p.unary)
		if err != nil {
			return nil, err
		}
		_, end := k.outer()
		return &node{kind: nodeNot, id: -1, kids: []*node{k}, pos: start.pos, end: end}, nil
	case p.mark("-"):
		if err := p.advance(); err != nil {
			return nil, err
		}
		if p.token.kind != tokenNumber {
			return nil, syntaxError(p.source, start.pos, "- only stands before a number: rules do not compute")
		}
		t := p.token
		return &node{kind: nodeLiteral, id: -1, value: negative(t.value), pos: start.pos, end: t.end}, p.advance()
	}
	return p.postfix()
}

func negative(v document.Value) document.Value {
	if n, ok := v.Int64(); ok {
		return document.Int(-n)
	}
	f, _ := v.Float64()
	return document.Float(-f)
}
