package expr

import (
	"strconv"
	"time"

	"github.com/virgadb/virga/document"
)

// isoFormat is the format of dates when none is given.
const isoFormat = "%Y-%m-%dT%H:%M:%S.%LZ"

func dateToString(e *Env, args []document.Value) (document.Value, error) {
	format := isoFormat
	if !absent(args[1]) && !nullish(args[1]) {
		s, err := str(args[1])
		if err != nil {
			return missing, err
		}
		format = string(s)
		if err := checkFormat(format, "dGHjLmMSuUVwYzZbB%"); err != nil {
			return missing, err
		}
	}
	if nullish(args[0]) {
		return missing, errNull
	}
	t, ok, err := e.local(args[0], args[2])
	if err != nil || !ok || !absent(args[1]) && nullish(args[1]) {
		return null, err
	}
	e.text = e.text[:0]
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			e.text = append(e.text, format[i])
			continue
		}
		i++
		if e.text, err = appendSpecified(e.text, t, format[i]); err != nil {
			return missing, err
		}
	}
	return e.str(e.text)
}

// checkFormat refuses specifiers that are not one of known.
func checkFormat(format, known string) error {
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			continue
		}
		if i++; i == len(format) {
			return invalid("the format ends in a lone %%")
		}
		ok := false
		for k := range known {
			ok = ok || known[k] == format[i]
		}
		if !ok {
			return invalid("the format has an unknown specifier %%%c", format[i])
		}
	}
	return nil
}

// appendSpecified appends the part of t that a specifier stands for.
func appendSpecified(dst []byte, t time.Time, specifier byte) ([]byte, error) {
	switch specifier {
	case 'Y', 'G':
		year := t.Year()
		if specifier == 'G' {
			year = isoWeekYear(t)
		}
		if year < 0 || year > 9999 {
			return dst, invalid("the year %d is not within 0 and 9999", year)
		}
		return appendPadded(dst, year, 4), nil
	case 'm':
		return appendPadded(dst, int(t.Month()), 2), nil
	case 'd':
		return appendPadded(dst, t.Day(), 2), nil
	case 'H':
		return appendPadded(dst, t.Hour(), 2), nil
	case 'M':
		return appendPadded(dst, t.Minute(), 2), nil
	case 'S':
		return appendPadded(dst, t.Second(), 2), nil
	case 'L':
		return appendPadded(dst, millisecond(t), 3), nil
	case 'j':
		return appendPadded(dst, t.YearDay(), 3), nil
	case 'w':
		return appendPadded(dst, dayOfWeek(t), 1), nil
	case 'u':
		return appendPadded(dst, isoDayOfWeek(t), 1), nil
	case 'U':
		return appendPadded(dst, week(t), 2), nil
	case 'V':
		return appendPadded(dst, isoWeek(t), 2), nil
	case 'b':
		return append(dst, t.Month().String()[:3]...), nil
	case 'B':
		return append(dst, t.Month().String()...), nil
	case 'z', 'Z':
		return appendOffset(dst, t, specifier == 'Z'), nil
	}
	return append(dst, specifier), nil
}

// appendOffset appends how far t's zone is from UTC, in minutes or as ±hhmm.
func appendOffset(dst []byte, t time.Time, inMinutes bool) []byte {
	_, seconds := t.Zone()
	minutes := seconds / 60
	if inMinutes {
		return strconv.AppendInt(dst, int64(minutes), 10)
	}
	sign := byte('+')
	if minutes < 0 {
		sign, minutes = '-', -minutes
	}
	return appendPadded(append(dst, sign), minutes/60*100+minutes%60, 4)
}

func appendPadded(dst []byte, n, width int) []byte {
	var digits [20]byte
	s := strconv.AppendInt(digits[:0], int64(n), 10)
	for i := len(s); i < width; i++ {
		dst = append(dst, '0')
	}
	return append(dst, s...)
}

// appendISO appends a date in the default format, any year.
func appendISO(dst []byte, ms int64) []byte {
	return time.UnixMilli(ms).UTC().AppendFormat(dst, "2006-01-02T15:04:05.000Z")
}
