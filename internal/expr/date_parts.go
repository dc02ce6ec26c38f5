package expr

import (
	"math"
	"strings"
	"time"

	"github.com/virgadb/virga/document"
)

// dates holds the operators that take dates apart and put them together.
var dates = table{
	"$dateToParts":    {params: []string{"date", "timezone?", "iso8601?"}, fn: dateToParts},
	"$dateFromParts":  {build: buildDateFromParts},
	"$dateToString":   {build: buildGuarded([]string{"date", "format?", "timezone?"}, dateToString, false)},
	"$dateFromString": {build: buildGuarded([]string{"dateString", "format?", "timezone?"}, dateFromString, true)},
}

func dateToParts(e *Env, args []document.Value) (document.Value, error) {
	iso := false
	if !absent(args[2]) && !nullish(args[2]) {
		var ok bool
		if iso, ok = args[2].Bool(); !ok {
			return missing, needs("a bool as iso8601", args[2])
		}
	}
	t, ok, err := e.local(args[0], args[1])
	if err != nil || !ok || !absent(args[2]) && nullish(args[2]) {
		return null, err
	}
	b := e.open()
	b.BeginObject()
	if iso {
		year, week := t.ISOWeek()
		b.Field("isoWeekYear", e.integer(int64(year)))
		b.Field("isoWeek", e.integer(int64(week)))
		b.Field("isoDayOfWeek", e.integer(int64(isoDayOfWeek(t))))
	} else {
		b.Field("year", e.integer(int64(t.Year())))
		b.Field("month", e.integer(int64(t.Month())))
		b.Field("day", e.integer(int64(t.Day())))
	}
	b.Field("hour", e.integer(int64(t.Hour())))
	b.Field("minute", e.integer(int64(t.Minute())))
	b.Field("second", e.integer(int64(t.Second())))
	b.Field("millisecond", e.integer(int64(millisecond(t))))
	b.End()
	return e.close(b)
}

// civil is a date as people write it: by the calendar, or by ISO weeks. Parts
// beyond their range carry over.
type civil struct {
	iso                      bool
	year, month, day         int // of ISO weeks: year, week and day of the week
	hour, minute, second, ms int64
}

// in returns the moment that c is in loc, in milliseconds.
func (c civil) in(loc *time.Location) (int64, error) {
	var day time.Time
	if c.iso {
		// The week that holds January 4 is the first.
		first := time.Date(c.year, 1, 4, 0, 0, 0, 0, time.UTC)
		day = first.AddDate(0, 0, 7*(c.month-1)+c.day-isoDayOfWeek(first))
	} else {
		day = time.Date(c.year, time.Month(c.month), c.day, 0, 0, 0, 0, time.UTC)
	}
	sum := number{i: day.UnixMilli()}
	sum = sum.plus(number{i: c.hour}.times(number{i: 3600_000}))
	sum = sum.plus(number{i: c.minute}.times(number{i: 60_000}))
	sum = sum.plus(number{i: c.second}.times(number{i: 1000}))
	sum = sum.plus(number{i: c.ms})
	if sum.float || sum.i > maxDate || sum.i < -maxDate {
		return 0, invalid("the date is out of range")
	}
	return asLocal(sum.i, loc), nil
}

// asLocal returns the moment at which clocks in loc show what those of UTC show at ms.
func asLocal(ms int64, loc *time.Location) int64 {
	t := time.UnixMilli(ms).UTC()
	return dateIn(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), loc).UnixMilli()
}

var calendarParts = []string{"year", "month?", "day?", "hour?", "minute?", "second?", "millisecond?", "timezone?"}
var weekParts = []string{"isoWeekYear", "isoWeek?", "isoDayOfWeek?", "hour?", "minute?", "second?", "millisecond?", "timezone?"}

func buildDateFromParts(c *compiler, at place, v any) (node, error) {
	params, iso := calendarParts, false
	fields, _ := document.Pairs(v)
	for _, f := range fields {
		if f.Key == "isoWeekYear" {
			params, iso = weekParts, true
		}
	}
	args, err := c.parameters(at, v, params)
	if err != nil {
		return nil, err
	}
	fn := func(e *Env, args []document.Value) (document.Value, error) { return dateFromParts(e, args, iso) }
	return c.fold(&call{name: at.name, at: at.at, fn: fn, args: args}, args), nil
}

func dateFromParts(e *Env, args []document.Value, iso bool) (document.Value, error) {
	loc, ok, err := e.zone(args[7])
	if err != nil {
		return missing, err
	}
	parts := [7]int64{0, 1, 1}
	for i, v := range args[:7] {
		switch {
		case absent(v):
		case nullish(v):
			ok = false
		default:
			if parts[i], err = datePart(v, i, iso); err != nil {
				return missing, err
			}
		}
	}
	if !ok {
		return null, nil
	}
	c := civil{
		iso: iso, year: int(parts[0]), month: int(parts[1]), day: int(parts[2]),
		hour: parts[3], minute: parts[4], second: parts[5], ms: parts[6],
	}
	ms, err := c.in(loc)
	if err != nil {
		return missing, err
	}
	return e.date(ms)
}

// datePart returns part i of a date, checked.
func datePart(v document.Value, i int, iso bool) (int64, error) {
	names := calendarParts
	if iso {
		names = weekParts
	}
	name := strings.TrimSuffix(names[i], "?")
	n, ok := integral(v)
	switch {
	case !ok:
		return 0, invalid("needs whole numbers, found %s as %s", v.Kind(), name)
	case i == 0 && (n < 1 || n > 9999):
		return 0, invalid("needs a year from 1 to 9999, found %d", n)
	case i < 5 && (n < math.MinInt16 || n > math.MaxInt16):
		return 0, invalid("needs numbers of 16 bits, found %d as %s", n, name)
	case i == 6 && (n < math.MinInt64/1000 || n > math.MaxInt64/1000): // as if counted in microseconds
		return 0, invalid("the date is out of range")
	}
	return n, nil
}
