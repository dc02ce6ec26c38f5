package expr

import (
	"strings"
	"time"
)

// A scanner reads a date written in one of the common ways.
type scanner struct {
	s string
	reading
}

// readFree reads a date, and perhaps a time and a zone behind it, of any common
// form: ISO 8601, with dashes, slashes or dots, by weeks or days of the year, or
// with the name of the month.
func readFree(text string) (reading, error) {
	sc := scanner{s: strings.TrimSpace(text)}
	sc.weekday()
	if !sc.date() {
		return sc.reading, invalid("is no date")
	}
	sc.separator()
	if sc.s != "" && !sc.clock() {
		// Without a time there may still be a zone, which says nothing of a date alone.
		return sc.reading, invalid("has something else behind the date")
	}
	sc.s = strings.TrimLeft(sc.s, " ")
	if sc.s != "" {
		minutes, rest, ok := zoneOffset(sc.s)
		if !ok || strings.TrimSpace(rest) != "" {
			return sc.reading, invalid("has something else behind the time")
		}
		sc.zoned, sc.minutes = true, minutes
	}
	return sc.reading, nil
}

// weekday steps over the name of a day of the week.
func (sc *scanner) weekday() {
	for d := time.Sunday; d <= time.Saturday; d++ {
		for _, name := range []string{d.String(), d.String()[:3]} {
			if len(sc.s) > len(name) && strings.EqualFold(sc.s[:len(name)], name) && !isLetter(sc.s[len(name)]) {
				sc.s = strings.TrimLeft(sc.s[len(name):], ", ")
				return
			}
		}
	}
}

// separator steps over what stands between a date and a time.
func (sc *scanner) separator() {
	if sc.s != "" && (sc.s[0] == 'T' || sc.s[0] == 't') {
		sc.s = sc.s[1:]
		return
	}
	sc.s = strings.TrimLeft(sc.s, ", ")
}

// date reads a date.
func (sc *scanner) date() bool {
	if month, rest, ok := monthName(sc.s); ok {
		sc.month, sc.hasMonth, sc.s = month, true, rest
		return sc.behindMonth()
	}
	n, digits, rest := number10(sc.s, 9)
	switch {
	case digits == 8: // 20170704
		sc.s = rest
		return sc.ymd(n/10000, n/100%100, n%100)
	case digits == 4 && rest != "":
		return sc.behindYear(n, rest)
	case digits == 1 || digits == 2:
		return sc.behindDay(n, rest)
	}
	return false
}

// behindMonth reads the day, and the year if there is one, that follow a month by
// name: "July 4th, 2017".
func (sc *scanner) behindMonth() bool {
	sc.s = strings.TrimLeft(sc.s, " .-")
	day, digits, rest := number10(sc.s, 3)
	if digits == 0 || digits > 2 {
		return false
	}
	sc.day, sc.hasDay = day, true
	sc.s = ordinal(rest)
	after := strings.TrimLeft(sc.s, " ,.-/")
	year, digits, rest := number10(after, 5)
	if digits == 4 && !strings.HasPrefix(rest, ":") {
		sc.year, sc.hasYear, sc.s = year, true, rest
	}
	return true
}

// ordinal steps over the ending of an ordinal number.
func ordinal(s string) string {
	for _, ending := range []string{"st", "nd", "rd", "th"} {
		if len(s) >= 2 && strings.EqualFold(s[:2], ending) {
			return s[2:]
		}
	}
	return s
}

// behindYear reads what follows a year of four digits.
func (sc *scanner) behindYear(year int, rest string) bool {
	dash := strings.TrimPrefix(rest, "-")
	if dash[:min(1, len(dash))] == "W" {
		return sc.isoWeekOf(year, dash[1:])
	}
	if n, digits, after := number10(dash, 4); digits == 3 && (after == "" || !isDigit(after[0])) {
		sc.year, sc.hasYear, sc.dayOfYear, sc.s = year, true, n, after
		return n > 0 && n <= 366
	}
	separator := rest[0]
	if separator != '-' && separator != '/' && separator != '.' && separator != ' ' {
		return false
	}
	rest = rest[1:]
	if month, after, ok := monthName(rest); ok && after != "" && (after[0] == separator || after[0] == ' ') {
		day, digits, end := number10(after[1:], 2)
		sc.s = end
		return digits > 0 && sc.ymd(year, month, day)
	}
	month, digits, after := number10(rest, 2)
	if digits == 0 || separator == ' ' {
		return false
	}
	if after == "" || after[0] != separator {
		return false
	}
	day, digits, end := number10(after[1:], 2)
	sc.s = end
	return digits > 0 && sc.ymd(year, month, day)
}

// isoWeekOf reads the week and the day of an ISO week date.
func (sc *scanner) isoWeekOf(year int, s string) bool {
	week, digits, rest := number10(s, 2)
	if digits != 2 || week < 1 || week > 53 {
		return false
	}
	sc.year, sc.hasISO, sc.hasISOYear, sc.isoWeek, sc.isoDay = year, true, true, week, 1
	if day, digits, after := number10(strings.TrimPrefix(rest, "-"), 1); digits == 1 && day >= 1 && day <= 7 {
		sc.isoDay, rest = day, after
	}
	sc.s = rest
	return true
}

// behindDay reads what follows a number of one or two digits: with slashes it is
// the month, with dashes and dots, or in front of a month's name, the day.
func (sc *scanner) behindDay(n int, rest string) bool {
	rest = ordinal(rest)
	if month, after, ok := monthName(strings.TrimLeft(rest, " -.")); ok {
		after = strings.TrimLeft(after, " -,.")
		year, digits, end := number10(after, 4)
		sc.s = end
		return digits == 4 && sc.ymd(year, month, n)
	}
	if rest == "" || rest[0] != '/' && rest[0] != '-' && rest[0] != '.' {
		return false
	}
	separator := rest[0]
	second, digits, after := number10(rest[1:], 2)
	if digits == 0 || after == "" || after[0] != separator {
		return false
	}
	year, digits, end := number10(after[1:], 4)
	if digits != 2 && digits != 4 || digits == 2 && separator != '/' {
		return false
	}
	if digits == 2 {
		year = century(year)
	}
	sc.s = end
	if separator == '/' {
		return sc.ymd(year, n, second)
	}
	return sc.ymd(year, second, n)
}

// century returns the year that two digits stand for.
func century(year int) int {
	if year < 70 {
		return 2000 + year
	}
	return 1900 + year
}

func (sc *scanner) ymd(year, month, day int) bool {
	sc.year, sc.month, sc.day = year, month, day
	sc.hasYear, sc.hasMonth, sc.hasDay = true, true, true
	return month >= 1 && month <= 12 && day >= 1 && day <= 31
}

// clock reads a time: 11:56, 11:56:02.813, 11:56.02, 11am, noon.
func (sc *scanner) clock() bool {
	for word, hour := range map[string]int64{"noon": 12, "midnight": 0} {
		if len(sc.s) >= len(word) && strings.EqualFold(sc.s[:len(word)], word) {
			sc.hour, sc.hasTime, sc.s = hour, true, sc.s[len(word):]
			return true
		}
	}
	hour, digits, rest := number10(sc.s, 2)
	if digits == 0 || hour > 24 {
		return false
	}
	sc.hour, sc.hasTime = int64(hour), true
	minute, digits, after := number10(strings.TrimPrefix(rest, ":"), 2)
	hasMinutes := strings.HasPrefix(rest, ":") && digits > 0 || digits == 2
	if hasMinutes {
		if minute > 59 {
			return false
		}
		sc.minute, rest = int64(minute), after
		if !sc.seconds(&rest) {
			return false
		}
	}
	sc.s = rest
	return sc.meridian(hasMinutes)
}

// seconds reads the seconds and their fraction, if there are some, off rest.
func (sc *scanner) seconds(rest *string) bool {
	s := *rest
	if s == "" || s[0] != ':' && s[0] != '.' && !isDigit(s[0]) {
		return true
	}
	second, digits, after := number10(strings.TrimLeft(s, ":."), 2)
	if digits == 0 || second > 60 {
		return false
	}
	sc.second = int64(second)
	if after != "" && (after[0] == '.' || after[0] == ',') {
		fraction, digits, end := number10(after[1:], 9)
		if digits == 0 {
			return false
		}
		for ; digits < 3; digits++ {
			fraction *= 10
		}
		for ; digits > 3; digits-- {
			fraction /= 10
		}
		sc.ms, after = int64(fraction), end
	}
	*rest = after
	return true
}

// meridian reads am or pm. A time without minutes needs it.
func (sc *scanner) meridian(hasMinutes bool) bool {
	s := strings.TrimLeft(sc.s, " ")
	word := s[:min(2, len(s))]
	pm := strings.EqualFold(word, "pm")
	if !pm && !strings.EqualFold(word, "am") {
		return hasMinutes || sc.s == "" || sc.s[0] == 'Z' || sc.s[0] == '+'
	}
	if sc.hour < 1 || sc.hour > 12 {
		return false
	}
	sc.hour %= 12
	if pm {
		sc.hour += 12
	}
	sc.s = s[len(word):]
	return true
}
