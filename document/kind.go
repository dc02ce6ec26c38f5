package document

// A Kind is the class a value belongs to. Values of different kinds are ordered
// by their kinds, in the order of the constants below.
type Kind uint8

// The kinds, lowest first.
const (
	Missing Kind = iota // no value: a field that is not there
	Null
	Number // integers and floats, which compare by value
	String
	Object
	Array
	Binary
	Bool
	Date
	Regexp
)

// extension stands in the table of forms for a value whose kind the extension's
// type byte tells.
const extension Kind = 255

// String returns the kind's name in lower case, as errors and explain show it.
func (k Kind) String() string {
	switch k {
	case Missing:
		return "missing"
	case Null:
		return "null"
	case Number:
		return "number"
	case String:
		return "string"
	case Object:
		return "object"
	case Array:
		return "array"
	case Binary:
		return "binary"
	case Bool:
		return "bool"
	case Date:
		return "date"
	case Regexp:
		return "regex"
	}
	return "unknown"
}
