package expr

import (
	"strconv"
	"strings"
	"time"

	"github.com/virgadb/virga/document"
)

// A reading is what has been read of a date.
type reading struct {
	civil
	hasYear, hasMonth, hasDay bool
	hasISO                    bool // a year, week or day of ISO weeks was given
	hasISOYear                bool
	isoWeek, isoDay           int
	dayOfYear                 int // 0: not given
	hasTime                   bool
	zoned                     bool // the text names a time zone
	minutes                   int  // its offset from UTC
}

func dateFromString(e *Env, args []document.Value) (document.Value, error) {
	format := ""
	formatless := absent(args[1])
	if !formatless && !nullish(args[1]) {
		s, err := str(args[1])
		if err != nil {
			return missing, err
		}
		format = string(s)
		if err := checkFormat(format, "dGHjLmMSuVYzZbB%"); err != nil {
			return missing, err
		}
	}
	loc, ok, err := e.zone(args[2])
	switch {
	case err != nil:
		return missing, err
	case nullish(args[0]) && !absent(args[0]):
		return missing, errNull
	case args[0].Kind() != document.String:
		return missing, unconvertible("needs a string as dateString, found %s", args[0].Kind())
	case !ok || !formatless && nullish(args[1]):
		return null, nil
	}
	text := string(args[0].Bytes())
	var r reading
	if formatless {
		r, err = readFree(text)
	} else {
		r, err = readFormatted(text, format)
	}
	if err == nil && r.zoned && loc != time.UTC {
		err = invalid("takes no time zone beside that in the string")
	}
	if err == nil {
		var ms int64
		if ms, err = r.moment(loc); err == nil {
			return e.date(ms)
		}
	}
	return missing, unconvertible("%q: %v", clip(text), plain(err))
}

// parseDate returns the date that a string spells, in milliseconds.
func parseDate(text string) (int64, error) {
	r, err := readFree(text)
	if err != nil {
		return 0, err
	}
	return r.moment(time.UTC)
}

// clip shortens a text for an error.
func clip(s string) string {
	if len(s) > 60 {
		return s[:60] + "…"
	}
	return s
}

// plain returns what err says without the reason, which is said again around it.
func plain(err error) string { return strings.TrimSuffix(err.Error(), ": invalid argument") }

// moment returns the date that was read, of loc unless the text named a zone.
func (r reading) moment(loc *time.Location) (int64, error) {
	c := r.civil
	switch {
	case r.hasISO && (r.hasYear || r.hasMonth || r.hasDay || r.dayOfYear > 0):
		return 0, invalid("mixes weeks and the calendar")
	case r.hasISO && !r.hasISOYear:
		return 0, invalid("has no year")
	case r.hasISO:
		c.iso, c.month, c.day = true, max(r.isoWeek, 1), max(r.isoDay, 1)
	case r.dayOfYear > 0 && r.hasYear && !r.hasMonth && !r.hasDay:
		c.month, c.day = 1, r.dayOfYear
	case !r.hasYear || !r.hasMonth || !r.hasDay:
		return 0, invalid("is not a whole date")
	case c.month < 1 || c.month > 12 || c.day < 1 || c.day > 31:
		return 0, invalid("has a month or day that does not exist")
	}
	if r.zoned {
		loc = time.FixedZone("", 60*r.minutes)
	}
	return c.in(loc)
}

// readFormatted reads text as format says.
func readFormatted(text, format string) (r reading, err error) {
	for i := 0; i < len(format); i++ {
		specifier := byte(0)
		if format[i] == '%' {
			i++
			specifier = format[i]
		}
		if specifier == 0 || specifier == '%' {
			if text == "" || text[0] != format[i] {
				return r, invalid("does not follow the format")
			}
			text = text[1:]
			continue
		}
		if text, err = r.read(specifier, text); err != nil {
			return r, err
		}
	}
	if text != "" {
		return r, invalid("goes on behind what the format says")
	}
	return r, nil
}

// read reads the part that a specifier stands for and returns the rest of text.
func (r *reading) read(specifier byte, text string) (string, error) {
	switch specifier {
	case 'z', 'Z':
		minutes, rest, ok := zoneOffset(text)
		if specifier == 'Z' {
			minutes, rest, ok = signedMinutes(text)
		}
		if !ok {
			return "", invalid("has no time zone where the format says so")
		}
		r.zoned, r.minutes = true, minutes
		return rest, nil
	case 'b', 'B':
		month, rest, ok := monthName(text)
		if !ok {
			return "", invalid("has no month where the format says so")
		}
		r.month, r.hasMonth = month, true
		return rest, nil
	}
	width := 2
	switch specifier {
	case 'Y', 'G':
		width = 4
	case 'j', 'L':
		width = 3
	case 'u':
		width = 1
	}
	n, digits, rest := number10(text, width)
	if digits == 0 {
		return "", invalid("has no number where the format says so")
	}
	return rest, r.set(specifier, n, digits)
}

// ranges holds the least and the greatest number of specifiers.
var ranges = map[byte][2]int{
	'Y': {0, 9999}, 'G': {0, 9999}, 'm': {1, 12}, 'd': {1, 31}, 'j': {1, 366}, 'H': {0, 24}, 'M': {0, 59}, 'S': {0, 60}, 'L': {0, 999},
	'u': {1, 7}, 'V': {1, 53},
}

// set takes the number of the given digits for a specifier.
func (r *reading) set(specifier byte, n, digits int) error {
	if in := ranges[specifier]; n < in[0] || n > in[1] {
		return invalid("has %d where only %d to %d may be", n, in[0], in[1])
	}
	switch specifier {
	case 'Y':
		r.year, r.hasYear = n, true
	case 'm':
		r.month, r.hasMonth = n, true
	case 'd':
		r.day, r.hasDay = n, true
	case 'j':
		r.dayOfYear = n
	case 'G':
		r.year, r.hasISO, r.hasISOYear = n, true, true
	case 'V':
		r.isoWeek, r.hasISO = n, true
	case 'u':
		r.isoDay, r.hasISO = n, true
	case 'H':
		r.hour, r.hasTime = int64(n), true
	case 'M':
		r.minute, r.hasTime = int64(n), true
	case 'S':
		r.second, r.hasTime = int64(n), true
	case 'L':
		for ; digits < 3; digits++ {
			n *= 10
		}
		r.ms, r.hasTime = int64(n), true
	}
	return nil
}

// number10 reads up to width digits at the start of s.
func number10(s string, width int) (n, digits int, rest string) {
	for digits < len(s) && digits < width && isDigit(s[digits]) {
		n = 10*n + int(s[digits]-'0')
		digits++
	}
	return n, digits, s[digits:]
}

// signedMinutes reads an offset from UTC in minutes.
func signedMinutes(s string) (minutes int, rest string, ok bool) {
	end := 0
	for end < len(s) && end < 5 && (isDigit(s[end]) || end == 0 && (s[end] == '+' || s[end] == '-')) {
		end++
	}
	n, err := strconv.Atoi(s[:end])
	return n, s[end:], err == nil
}

// abbreviations holds the offsets, in minutes, that abbreviated names of time zones
// stand for. A single letter is a zone of the military alphabet.
var abbreviations = map[string]int{
	"UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "WEST": 60, "BST": 60, "CET": 60, "CEST": 120, "EET": 120, "EEST": 180, "MSK": 180,
	"EST": -300, "EDT": -240, "CST": -360, "CDT": -300, "MST": -420, "MDT": -360, "PST": -480, "PDT": -420,
	"AKST": -540, "AKDT": -480, "HST": -600, "JST": 540, "KST": 540, "AEST": 600, "AEDT": 660, "NZST": 720, "NZDT": 780, "SAST": 120,
}

// zoneOffset reads a time zone at the start of s: an offset, an abbreviation, or GMT
// or UTC and an offset. It returns the offset in minutes.
func zoneOffset(s string) (minutes int, rest string, ok bool) {
	s = strings.TrimLeft(s, " ")
	if minutes, rest, ok = offset(s); ok {
		return minutes, rest, true
	}
	end := 0
	for end < len(s) && isLetter(s[end]) {
		end++
	}
	name, rest := strings.ToUpper(s[:end]), s[end:]
	minutes, ok = abbreviations[name]
	if !ok && len(name) == 1 {
		minutes, ok = military(name[0])
	}
	if ok && (name == "UTC" || name == "GMT") {
		if more, after, signed := offset(rest); signed {
			return more, after, true
		}
	}
	if strings.HasPrefix(rest, "/") { // the name of a place, whose offset depends on the date
		return 0, s, false
	}
	return minutes, rest, ok
}

func isLetter(b byte) bool { return b|0x20 >= 'a' && b|0x20 <= 'z' }

// military returns the offset of a zone of the military alphabet: A to M without J
// lie east of Greenwich, N to Y west.
func military(letter byte) (minutes int, ok bool) {
	switch {
	case letter >= 'A' && letter <= 'I':
		return 60 * int(letter-'A'+1), true
	case letter >= 'K' && letter <= 'M':
		return 60 * int(letter-'K'+10), true
	case letter >= 'N' && letter <= 'Y':
		return -60 * int(letter-'N'+1), true
	}
	return 0, false
}

// monthName reads the name of a month, whole or its first three letters.
func monthName(s string) (month int, rest string, ok bool) {
	for m := time.January; m <= time.December; m++ {
		name := m.String()
		if len(s) >= len(name) && strings.EqualFold(s[:len(name)], name) {
			return int(m), s[len(name):], true
		}
	}
	for m := time.January; m <= time.December; m++ {
		if len(s) >= 3 && strings.EqualFold(s[:3], m.String()[:3]) {
			rest = s[3:]
			if m == time.September && strings.HasPrefix(strings.ToLower(rest), "t") {
				rest = rest[1:]
			}
			return int(m), rest, true
		}
	}
	return 0, s, false
}
