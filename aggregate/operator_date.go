package aggregate

import "github.com/virgadb/virga/document"

// Year returns the year of a date, in UTC unless a time zone is given.
func Year(date any, timezone ...any) Expression { return Expression{"$year", inZone(date, timezone)} }

// Month returns the month, from 1 to 12 of a date, in UTC unless a time zone is
// given.
func Month(date any, timezone ...any) Expression { return Expression{"$month", inZone(date, timezone)} }

// DayOfMonth returns the day of the month of a date, in UTC unless a time zone is
// given.
func DayOfMonth(date any, timezone ...any) Expression {
	return Expression{"$dayOfMonth", inZone(date, timezone)}
}

// Hour returns the hour, from 0 to 23 of a date, in UTC unless a time zone is given.
func Hour(date any, timezone ...any) Expression { return Expression{"$hour", inZone(date, timezone)} }

// Minute returns the minute of a date, in UTC unless a time zone is given.
func Minute(date any, timezone ...any) Expression {
	return Expression{"$minute", inZone(date, timezone)}
}

// Second returns the second of a date, in UTC unless a time zone is given.
func Second(date any, timezone ...any) Expression {
	return Expression{"$second", inZone(date, timezone)}
}

// Millisecond returns the millisecond of a date, in UTC unless a time zone is given.
func Millisecond(date any, timezone ...any) Expression {
	return Expression{"$millisecond", inZone(date, timezone)}
}

// DayOfYear returns the day of the year, from 1 on of a date, in UTC unless a time
// zone is given.
func DayOfYear(date any, timezone ...any) Expression {
	return Expression{"$dayOfYear", inZone(date, timezone)}
}

// DayOfWeek returns the day of the week, from 1 for Sunday to 7 of a date, in UTC
// unless a time zone is given.
func DayOfWeek(date any, timezone ...any) Expression {
	return Expression{"$dayOfWeek", inZone(date, timezone)}
}

// Week returns the week of the year, from 0 on; weeks begin on Sunday of a date, in
// UTC unless a time zone is given.
func Week(date any, timezone ...any) Expression { return Expression{"$week", inZone(date, timezone)} }

// IsoDayOfWeek returns the day of the week, from 1 for Monday to 7 of a date, in UTC
// unless a time zone is given.
func IsoDayOfWeek(date any, timezone ...any) Expression {
	return Expression{"$isoDayOfWeek", inZone(date, timezone)}
}

// IsoWeek returns the week of the year by ISO 8601 of a date, in UTC unless a time
// zone is given.
func IsoWeek(date any, timezone ...any) Expression {
	return Expression{"$isoWeek", inZone(date, timezone)}
}

// IsoWeekYear returns the year that the week by ISO 8601 belongs to of a date, in
// UTC unless a time zone is given.
func IsoWeekYear(date any, timezone ...any) Expression {
	return Expression{"$isoWeekYear", inZone(date, timezone)}
}

// DateToString writes a date as text, such as "%Y-%m-%d". Use [Op] for time zones.
func DateToString(date any, format ...any) Expression {
	return Expression{"$dateToString", with(document.D{{"date", date}}, "format", format)}
}

// DateFromString reads a date from text, in ISO 8601 unless [Op] names a format.
func DateFromString(s any) Expression {
	return Expression{"$dateFromString", document.D{{"dateString", s}}}
}

// DateFromParts makes a date of an object of parts: year, month, day, hour, minute,
// second, millisecond, timezone.
func DateFromParts(parts any) Expression { return Expression{"$dateFromParts", parts} }

// DateToParts takes a date apart into an object.
func DateToParts(date any, timezone ...any) Expression {
	return Expression{"$dateToParts", with(document.D{{"date", date}}, "timezone", timezone)}
}
