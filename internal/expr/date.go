package expr

import (
	"math"
	"time"

	"github.com/virgadb/virga/document"
)

// maxDate is the largest distance from 1970 of a date, in milliseconds.
const maxDate = (math.MaxInt64/1000 - 2) * 1000

// dateParts holds the operators that take one part of a date, in a time zone.
var dateParts = table{
	"$year":         {build: buildDatePart(func(t time.Time) int { return t.Year() })},
	"$month":        {build: buildDatePart(func(t time.Time) int { return int(t.Month()) })},
	"$dayOfMonth":   {build: buildDatePart(func(t time.Time) int { return t.Day() })},
	"$hour":         {build: buildDatePart(func(t time.Time) int { return t.Hour() })},
	"$minute":       {build: buildDatePart(func(t time.Time) int { return t.Minute() })},
	"$second":       {build: buildDatePart(func(t time.Time) int { return t.Second() })},
	"$millisecond":  {build: buildDatePart(millisecond)},
	"$dayOfYear":    {build: buildDatePart(func(t time.Time) int { return t.YearDay() })},
	"$dayOfWeek":    {build: buildDatePart(dayOfWeek)},
	"$isoDayOfWeek": {build: buildDatePart(isoDayOfWeek)},
	"$week":         {build: buildDatePart(week)},
	"$isoWeek":      {build: buildDatePart(isoWeek)},
	"$isoWeekYear":  {build: buildDatePart(isoWeekYear)},
}

func millisecond(t time.Time) int { return t.Nanosecond() / 1e6 }
func dayOfWeek(t time.Time) int   { return int(t.Weekday()) + 1 }

func isoDayOfWeek(t time.Time) int { return (int(t.Weekday())+6)%7 + 1 }

// week counts weeks that begin on Sunday. Days before the first Sunday are in week 0.
func week(t time.Time) int { return (t.YearDay() + 6 - int(t.Weekday())) / 7 }

func isoWeek(t time.Time) int {
	_, w := t.ISOWeek()
	return w
}

func isoWeekYear(t time.Time) int {
	y, _ := t.ISOWeek()
	return y
}

// buildDatePart compiles an operator on a date: the date itself, or an object of a
// date and a time zone.
func buildDatePart(part func(time.Time) int) func(*compiler, place, any) (node, error) {
	fn := func(e *Env, args []document.Value) (document.Value, error) {
		t, ok, err := e.local(args[0], args[1])
		if err != nil || !ok {
			return null, err
		}
		return e.integer(int64(part(t))), nil
	}
	return func(c *compiler, at place, v any) (node, error) {
		var args []node
		var err error
		if fields, ok := document.Pairs(v); ok && !(len(fields) == 1 && isOperator(fields[0].Key)) {
			args, err = c.parameters(at, v, []string{"date", "timezone?"})
		} else if args, err = c.operands(at, v); err == nil {
			err = counted(len(args), 1, 1)
			args = append(args, nil)
		}
		if err != nil {
			return nil, err
		}
		return c.fold(&call{name: at.name, at: at.at, fn: fn, args: args}, args), nil
	}
}

// local returns a date in a time zone. It reports false when either is null.
func (e *Env) local(date, zone document.Value) (time.Time, bool, error) {
	if nullish(date) {
		return time.Time{}, false, nil
	}
	ms, ok := date.Millis()
	if !ok {
		return time.Time{}, false, needs("a date", date)
	}
	loc, ok, err := e.zone(zone)
	if err != nil || !ok {
		return time.Time{}, false, err
	}
	return time.UnixMilli(ms).In(loc), true, nil
}
