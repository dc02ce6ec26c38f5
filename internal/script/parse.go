package script

import (
	"fmt"
	"strings"
)

// rule divides a command and its input from its output.
const rule = "----"

// A Command is one step of a script.
type Command struct {
	Name     string            // the first word
	Words    []string          // the other words, in order
	Args     map[string]string // the words of the form key=value
	Input    []string          // the lines between the command and the rule
	Position string            // "file:line" of the command

	line      string // the command as written
	expect    string // the output, without its final line end
	rule, end int    // lines [rule, end) hold the rule and the output
}

// Text returns the input as one string, its lines joined by line ends.
func (c Command) Text() string { return strings.Join(c.Input, "\n") }

// parse splits a script into its commands.
func parse(path, text string) ([]Command, error) {
	lines := strings.Split(text, "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	var commands []Command
	for i := 0; i < len(lines); {
		line := strings.TrimSpace(lines[i])
		if line == "" || line[0] == '#' {
			i++
			continue
		}
		c := Command{Position: fmt.Sprintf("%s:%d", path, i+1), line: line}
		if err := c.split(line); err != nil {
			return nil, fmt.Errorf("%s: %w", c.Position, err)
		}
		next, err := c.read(lines, i+1)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.Position, err)
		}
		commands = append(commands, c)
		i = next
	}
	return commands, nil
}

// read takes input and output from the lines behind the command and returns the
// first line that does not belong to it.
func (c *Command) read(lines []string, i int) (next int, err error) {
	for ; ; i++ {
		if i == len(lines) || lines[i] == "" {
			return 0, fmt.Errorf("no line %s ends the input", rule)
		}
		if lines[i] == rule {
			break
		}
		c.Input = append(c.Input, lines[i])
	}
	c.rule = i
	i++
	from := i
	if i < len(lines) && lines[i] == rule {
		for from++; ; i++ {
			if i+2 >= len(lines) {
				return 0, fmt.Errorf("no double %s ends the output", rule)
			}
			if lines[i+1] == rule && lines[i+2] == rule {
				break
			}
		}
		c.expect = strings.Join(lines[from:i+1], "\n")
		c.end = i + 3
		return c.end, nil
	}
	for i < len(lines) && strings.TrimSpace(lines[i]) != "" {
		i++
	}
	c.expect = strings.Join(lines[from:i], "\n")
	c.end = i
	return i, nil
}

// split takes the words of the command apart.
func (c *Command) split(line string) error {
	c.Args = map[string]string{}
	for line != "" {
		word, rest, err := cutWord(line)
		if err != nil {
			return err
		}
		line = strings.TrimLeft(rest, " \t")
		key, value, isArg := strings.Cut(word, "=")
		switch {
		case c.Name == "":
			c.Name = word
		case !isArg || key == "":
			c.Words = append(c.Words, word)
		default:
			if _, twice := c.Args[key]; twice {
				return fmt.Errorf("%s is given twice", key)
			}
			if strings.HasPrefix(value, "(") && strings.HasSuffix(value, ")") {
				value = value[1 : len(value)-1]
			}
			c.Args[key] = value
		}
	}
	return nil
}

// cutWord cuts the first word off line: up to the first space that stands outside
// of parentheses and quotes.
func cutWord(line string) (word, rest string, err error) {
	depth, quote := 0, byte(0)
	for i := 0; i < len(line); i++ {
		switch b := line[i]; {
		case quote != 0:
			if b == quote {
				quote = 0
			}
		case b == '"' || b == '\'':
			quote = b
		case b == '(':
			depth++
		case b == ')':
			depth--
		case (b == ' ' || b == '\t') && depth <= 0:
			return line[:i], line[i:], nil
		}
	}
	if depth > 0 || quote != 0 {
		return "", "", fmt.Errorf("unclosed parenthesis or quote: %s", line)
	}
	return line, "", nil
}
