package expr

import (
	"strings"
	"time"
	_ "time/tzdata" // the same zones on every machine, also on one that has none

	"github.com/virgadb/virga/document"
)

// maxZones is the number of zones an Env keeps at hand.
const maxZones = 64

// zone returns the time zone that v names. It reports false when v is null, and
// UTC when v was not given.
func (e *Env) zone(v document.Value) (*time.Location, bool, error) {
	if absent(v) {
		return time.UTC, true, nil
	}
	if nullish(v) {
		return nil, false, nil
	}
	if v.Kind() != document.String {
		return nil, false, needs("a string as time zone", v)
	}
	if loc, ok := e.zones[string(v.Bytes())]; ok {
		return loc, true, nil
	}
	name := string(v.Bytes())
	loc, ok := zoneCalled(name)
	if !ok {
		return nil, false, invalid("unknown time zone %q", name)
	}
	if e.zones == nil || len(e.zones) >= maxZones {
		e.zones = map[string]*time.Location{}
	}
	e.zones[name] = loc
	return loc, true, nil
}

// zoneCalled returns the zone of an Olson identifier or an offset from UTC.
func zoneCalled(name string) (*time.Location, bool) {
	switch name {
	case "", "Local":
		return nil, false
	case "UTC", "GMT", "Z":
		return time.UTC, true
	}
	if name[0] == '+' || name[0] == '-' {
		minutes, rest, ok := offset(name)
		if !ok || rest != "" {
			return nil, false
		}
		if minutes == 0 {
			return time.UTC, true
		}
		return time.FixedZone(name, 60*minutes), true
	}
	loc, err := time.LoadLocation(name)
	return loc, err == nil
}

// dateIn returns the moment at which clocks in loc show a date and a time, whose parts
// carry over. What clocks leap over comes as if they did not yet: behind the leap.
func dateIn(year int, month time.Month, day, hour, minute, second, ns int, loc *time.Location) time.Time {
	t := time.Date(year, month, day, hour, minute, second, ns, loc)
	_, offset := t.Zone()
	if leap := time.Date(year, month, day, hour, minute, second, ns, time.UTC).Unix() - t.Unix() - int64(offset); leap > 0 {
		return t.Add(time.Duration(leap) * time.Second)
	}
	return t
}

// offset reads an offset from UTC, ±hh, ±hhmm or ±hh:mm, at the start of s, and
// returns it in minutes.
func offset(s string) (minutes int, rest string, ok bool) {
	if s == "" || s[0] != '+' && s[0] != '-' {
		return 0, s, false
	}
	negative := s[0] == '-'
	hours, rest, ok := twoDigits(s[1:])
	if !ok {
		return 0, s, false
	}
	if m, after, more := twoDigits(strings.TrimPrefix(rest, ":")); more {
		minutes, rest = m, after
	}
	if hours > 23 || minutes > 59 {
		return 0, s, false
	}
	minutes += 60 * hours
	if negative {
		minutes = -minutes
	}
	return minutes, rest, true
}

func twoDigits(s string) (n int, rest string, ok bool) {
	if len(s) < 2 || !isDigit(s[0]) || !isDigit(s[1]) {
		return 0, s, false
	}
	return int(s[0]-'0')*10 + int(s[1]-'0'), s[2:], true
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }
