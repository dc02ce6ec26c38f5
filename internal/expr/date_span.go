package expr

import (
	"strings"
	"time"

	"github.com/virgadb/virga/document"
)

// dateSpans holds the operators that move dates and measure between them.
var dateSpans = table{
	"$dateAdd":      {params: []string{"startDate", "unit", "amount", "timezone?"}, fn: dateShift(1)},
	"$dateSubtract": {params: []string{"startDate", "unit", "amount", "timezone?"}, fn: dateShift(-1)},
	"$dateDiff":     {params: []string{"startDate", "endDate", "unit", "timezone?", "startOfWeek?"}, fn: dateDiff},
	"$dateTrunc":    {params: []string{"date", "unit", "binSize?", "timezone?", "startOfWeek?"}, fn: dateTrunc},
}

// A span is a unit of time: a number of months, or, months being 0, of days, or,
// days being 0 too, of milliseconds.
type span struct{ months, days, ms int64 }

var spans = map[string]span{
	"year": {months: 12}, "quarter": {months: 3}, "month": {months: 1}, "week": {days: 7}, "day": {days: 1},
	"hour": {ms: 3600_000}, "minute": {ms: 60_000}, "second": {ms: 1000}, "millisecond": {ms: 1},
}

func spanOf(v document.Value) (span, error) {
	u, ok := spans[string(v.Bytes())]
	if v.Kind() != document.String || !ok {
		return span{}, invalid("needs a unit of time, found %v", v)
	}
	return u, nil
}

// anyNull reports whether one of args was given as null.
func anyNull(args []document.Value) bool {
	for _, v := range args {
		if nullish(v) && !absent(v) {
			return true
		}
	}
	return false
}

func dateShift(sign int64) function {
	return func(e *Env, args []document.Value) (document.Value, error) {
		if anyNull(args) {
			return null, nil
		}
		u, err := spanOf(args[1])
		if err != nil {
			return missing, err
		}
		n, ok := integral(args[2])
		if !ok {
			return missing, invalid("needs a whole number as amount")
		}
		t, _, err := e.local(args[0], args[3])
		if err != nil {
			return missing, err
		}
		if sign < 0 && n == -n && n != 0 {
			return missing, invalid("the date is out of range")
		}
		return e.shift(t, u, sign*n)
	}
}

// shift moves t by n units.
func (e *Env) shift(t time.Time, u span, n int64) (document.Value, error) {
	const most = 1 << 40 // months or days: beyond any date
	switch {
	case u.ms > 0:
		sum := number{i: t.UnixMilli()}.plus(number{i: n}.times(number{i: u.ms}))
		if sum.float {
			return missing, invalid("the date is out of range")
		}
		return e.date(sum.i)
	case n > most || n < -most:
		return missing, invalid("the date is out of range")
	case u.days > 0:
		return e.date(addDays(t, int(n*u.days)))
	}
	months := n*u.months + int64(t.Month()) - 1
	year := t.Year() + int(floorDiv(months, 12))
	month := time.Month(months-12*floorDiv(months, 12)) + 1
	day := min(t.Day(), time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day())
	return e.date(dateIn(year, month, day, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location()).UnixMilli())
}

func addDays(t time.Time, days int) int64 {
	return dateIn(t.Year(), t.Month(), t.Day()+days, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location()).UnixMilli()
}

// floorDiv divides, rounding down.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// weekStart returns the day that weeks begin on: Sunday when none is given, or when the
// unit is another one, which takes no notice of v. It reports false when v is null.
func (u span) weekStart(v document.Value) (time.Weekday, bool, error) {
	switch {
	case u.days != 7 || absent(v):
		return time.Sunday, true, nil
	case nullish(v):
		return 0, false, nil
	case v.Kind() != document.String:
		return 0, false, needs("a day of the week", v)
	}
	name := string(v.Bytes())
	for d := time.Sunday; d <= time.Saturday; d++ {
		if strings.EqualFold(name, d.String()) || strings.EqualFold(name, d.String()[:3]) {
			return d, true, nil
		}
	}
	return 0, false, invalid("needs a day of the week, found %q", name)
}

// dateDiff counts the boundaries of units between two dates.
func dateDiff(e *Env, args []document.Value) (document.Value, error) {
	if anyNull(args[:4]) {
		return null, nil
	}
	u, err := spanOf(args[2])
	if err != nil {
		return missing, err
	}
	first, ok, err := u.weekStart(args[4])
	if err != nil || !ok {
		return null, err
	}
	a, _, err := e.local(args[0], args[3])
	if err != nil {
		return missing, err
	}
	b, _, err := e.local(args[1], args[3])
	if err != nil {
		return missing, err
	}
	return e.integer(u.index(b, first) - u.index(a, first)), nil
}

// index returns the number of the unit that t lies in.
func (u span) index(t time.Time, first time.Weekday) int64 {
	switch {
	case u.months > 0:
		return floorDiv(int64(t.Year())*12+int64(t.Month())-1, u.months)
	case u.days > 0:
		return floorDiv(dayNumber(t)+shiftOfWeek(u, first), u.days)
	}
	_, seconds := t.Zone()
	if u.ms < 3600_000 && seconds%60 == 0 { // zones are whole minutes apart
		seconds = 0
	}
	return floorDiv(t.UnixMilli()+int64(seconds)*1000, u.ms)
}

// dayNumber returns the number of the day that clocks where t is show, counted from
// the start of 1970.
func dayNumber(t time.Time) int64 {
	return floorDiv(time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC).Unix(), 86400)
}

// shiftOfWeek returns what to add to a day's number so that weeks begin where
// their multiples are. The first day of 1970 was a Thursday.
func shiftOfWeek(u span, first time.Weekday) int64 {
	if u.days != 7 {
		return 0
	}
	return (int64(time.Thursday) - int64(first) + 7) % 7
}

// dateTrunc returns the start of the bin that a date lies in. Bins are counted from
// the start of 2000, bins of weeks from the first week that begins in it.
func dateTrunc(e *Env, args []document.Value) (document.Value, error) {
	if anyNull(args[:4]) {
		return null, nil
	}
	u, err := spanOf(args[1])
	if err != nil {
		return missing, err
	}
	first, ok, err := u.weekStart(args[4])
	if err != nil || !ok {
		return null, err
	}
	size := int64(1)
	if !absent(args[2]) {
		if size, ok = integral(args[2]); !ok || size < 1 || size > 1e11 {
			return missing, invalid("needs a positive whole number up to 1e11 as binSize")
		}
	}
	t, _, err := e.local(args[0], args[3])
	if err != nil {
		return missing, err
	}
	return e.date(u.truncate(t, size, first))
}

func (u span) truncate(t time.Time, size int64, first time.Weekday) int64 {
	origin := time.Date(2000, 1, 1, 0, 0, 0, 0, t.Location())
	down := func(n, bin int64) int64 { return floorDiv(n, bin) * bin }
	switch {
	case u.months > 0:
		months := down(int64(t.Year()-2000)*12+int64(t.Month())-1, size*u.months)
		return dateIn(2000, time.Month(1+months), 1, 0, 0, 0, 0, t.Location()).UnixMilli()
	case u.days > 0:
		start := dayNumber(origin)
		if u.days == 7 {
			start += (int64(first) - int64(origin.Weekday()) + 7) % 7
		}
		day := time.Unix((start+down(dayNumber(t)-start, size*u.days))*86400, 0).UTC()
		return dateIn(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, t.Location()).UnixMilli()
	}
	bin, ok := multiply(size, u.ms)
	if !ok {
		return origin.UnixMilli()
	}
	return origin.UnixMilli() + down(t.UnixMilli()-origin.UnixMilli(), bin)
}
