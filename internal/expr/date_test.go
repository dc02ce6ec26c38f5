package expr

import "testing"

func TestDateParts(t *testing.T) {
	check(t, `{"d":{"$date":"2017-01-01T01:29:09.123Z"},"old":{"$date":"1935-12-31T23:59:59.999Z"},"n":null,"s":"x","tz":"America/New_York"}`, []row{
		{`{"$year":{"date":"$d","timezone":"$tz"}}`, `2016`},
		{`{"$week":"$d"}`, `1`},
		{`{"$week":{"date":"$d","timezone":"$tz"}}`, `52`},
		{`{"$isoWeek":"$d"}`, `52`},
		{`{"$isoWeekYear":"$d"}`, `2016`},
		{`{"$isoDayOfWeek":"$d"}`, `7`},
		{`{"$dayOfWeek":"$d"}`, `1`},
		{`{"$dayOfYear":"$old"}`, `365`},
		{`{"$millisecond":"$old"}`, `999`},
		{`{"$hour":{"date":"$d","timezone":"-0330"}}`, `21`},
		{`{"$hour":{"date":"$d","timezone":"+14:00"}}`, `15`},
		{`{"$hour":{"date":"$d","timezone":"GMT"}}`, `1`},
		{`{"$hour":{"date":"$d","timezone":"+24"}}`, `error: unknown time zone`},
		{`{"$hour":{"date":"$d","timezone":"+1"}}`, `error: unknown time zone`},
		{`{"$hour":{"date":"$d","timezone":""}}`, `error: unknown time zone`},
		{`{"$hour":{"date":"$d","timezone":"Local"}}`, `error: unknown time zone`},
		{`{"$hour":{"date":"$d","timezone":"../../etc/passwd"}}`, `error: unknown time zone`},
		{`{"$hour":{"date":"$d","timezone":"$n"}}`, `null`},
		{`{"$hour":{"date":"$s"}}`, `error: needs a date`},
		{`{"$hour":{"timezone":"UTC"}}`, `error: needs the parameter "date"`},
		{`{"$hour":["$d","$d"]}`, `error: takes 1 operands`},
		{`{"$hour":["$d"]}`, `1`},
		{`{"$dateToParts":{"date":"$d","timezone":"$tz","iso8601":true}}`, `{"isoWeekYear":2016,"isoWeek":52,"isoDayOfWeek":6,"hour":20,"minute":29,"second":9,"millisecond":123}`},
		{`{"$dateToParts":{"date":"$d","iso8601":"$no"}}`, `null`},
		{`{"$dateFromParts":{"year":2017,"day":61}}`, `{"$date":"2017-03-02T00:00:00.000Z"}`},
		{`{"$dateFromParts":{"year":1970,"second":1502095918}}`, `{"$date":"2017-08-07T08:51:58.000Z"}`},
		{`{"$dateFromParts":{"year":1970,"millisecond":1502095918551}}`, `{"$date":"2017-08-07T08:51:58.551Z"}`},
		{`{"$dateFromParts":{"year":1970,"millisecond":9223372036854775807}}`, `error: out of range`},
		{`{"$dateFromParts":{"year":1970,"millisecond":18014398509481984}}`, `error: out of range`},
		{`{"$dateFromParts":{"year":1970,"second":9223372036854775807}}`, `error: out of range`},
		{`{"$dateFromParts":{"year":0}}`, `error: year from 1 to 9999`},
		{`{"$dateFromParts":{"year":10000}}`, `error: year from 1 to 9999`},
		{`{"$dateFromParts":{"year":2017,"month":32768}}`, `error: needs numbers of 16 bits, found 32768 as month:`},
		{`{"$dateFromParts":{"year":2017.5}}`, `error: whole numbers`},
		{`{"$dateFromParts":{"isoWeekYear":2017,"month":3}}`, `error: has no parameter "month"`},
		{`{"$dateFromParts":{"isoWeekYear":2017}}`, `{"$date":"2017-01-02T00:00:00.000Z"}`},
		{`{"$dateFromParts":{"isoWeekYear":2017,"isoWeek":53,"isoDayOfWeek":7}}`, `{"$date":"2018-01-07T00:00:00.000Z"}`},
		{`{"$dateFromParts":{"year":2017,"timezone":"$n"}}`, `null`},
		{`{"$dateFromParts":{"year":2018,"month":3,"day":25,"hour":2,"minute":30,"timezone":"Europe/Paris"}}`, `{"$date":"2018-03-25T01:30:00.000Z"}`},
		{`{"$dateFromParts":{"year":2021,"month":3,"day":14,"hour":2,"minute":30,"timezone":"America/New_York"}}`, `{"$date":"2021-03-14T07:30:00.000Z"}`},
		{`{"$dateFromParts":{"year":2021,"month":11,"day":7,"hour":1,"minute":30,"timezone":"America/New_York"}}`, `{"$date":"2021-11-07T05:30:00.000Z"}`},
		{`{"$dateFromString":{"dateString":"2018-11-04","timezone":"America/Sao_Paulo"}}`, `{"$date":"2018-11-04T03:00:00.000Z"}`},
		{`{"$dateFromParts":{}}`, `error: needs the parameter "year"`},
		{`{"$dateFromParts":[]}`, `error: needs an object`},
	})
}

func TestDateToString(t *testing.T) {
	check(t, `{"d":{"$date":"2017-12-04T15:09:14.911Z"},"far":{"$date":{"$numberLong":"253402300800000"}},"n":null}`, []row{
		{`{"$dateToString":{"date":"$d"}}`, `"2017-12-04T15:09:14.911Z"`},
		{`{"$dateToString":{"date":"$d","format":"%b (%B) %d, %Y"}}`, `"Dec (December) 04, 2017"`},
		{`{"$dateToString":{"date":"$d","format":"%H %z %Z","timezone":"America/New_York"}}`, `"10 -0500 -300"`},
		{`{"$dateToString":{"date":"$d","format":"%j %U %V %G %u %w %%"}}`, `"338 49 49 2017 1 2 %"`},
		{`{"$dateToString":{"date":"$d","format":"%n"}}`, `error: unknown specifier %n`},
		{`{"$dateToString":{"date":"$n","format":"%n"}}`, `error: unknown specifier %n`},
		{`{"$dateToString":{"date":"$d","format":"a%"}}`, `error: lone %`},
		{`{"$dateToString":{"date":"$d","format":"$n"}}`, `null`},
		{`{"$dateToString":{"date":"$d","timezone":"$no"}}`, `null`},
		{`{"$dateToString":{"date":"$no","onNull":"$d"}}`, `{"$date":"2017-12-04T15:09:14.911Z"}`},
		{`{"$dateToString":{"date":"$no","onNull":"$no"}}`, `missing`},
		{`{"$dateToString":{"date":"$far","format":"%Y"}}`, `error: within 0 and 9999`},
		{`{"$dateToString":{"date":5}}`, `error: needs a date`},
	})
}

// TestDateStrings reads what people and programs write.
func TestDateStrings(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"2017-07-04T11:56:02Z", "2017-07-04T11:56:02.000Z"},
		{"2017-07-04T11:56:02.8Z", "2017-07-04T11:56:02.800Z"},
		{"2017-07-04T11:56.02.813", "2017-07-04T11:56:02.813Z"},
		{"2017-07-04t11:56", "2017-07-04T11:56:00.000Z"},
		{"2017-07-06", "2017-07-06T00:00:00.000Z"},
		{"2017-07-06 11:36:54", "2017-07-06T11:36:54.000Z"},
		{"2017-7-6", "2017-07-06T00:00:00.000Z"},
		{"20170706", "2017-07-06T00:00:00.000Z"},
		{"20170706T113654", "2017-07-06T11:36:54.000Z"},
		{"20170706T113654Z", "2017-07-06T11:36:54.000Z"},
		{"2017/07/06", "2017-07-06T00:00:00.000Z"},
		{"2017.07.06", "2017-07-06T00:00:00.000Z"},
		{"2017-185", "2017-07-04T00:00:00.000Z"},
		{"2017W273", "2017-07-05T00:00:00.000Z"},
		{"2017-W27-3", "2017-07-05T00:00:00.000Z"},
		{"2017-W27", "2017-07-03T00:00:00.000Z"},
		{"July 4th, 2017", "2017-07-04T00:00:00.000Z"},
		{"July 4th, 2017 12:39:30 BST", "2017-07-04T11:39:30.000Z"},
		{"July 4th, 2017 11am", "2017-07-04T11:00:00.000Z"},
		{"July 4th, 2017 12pm", "2017-07-04T12:00:00.000Z"},
		{"July 4th, 2017 12 AM", "2017-07-04T00:00:00.000Z"},
		{"Jul 4 2017 1:30pm", "2017-07-04T13:30:00.000Z"},
		{"4 July 2017", "2017-07-04T00:00:00.000Z"},
		{"4-Jul-2017", "2017-07-04T00:00:00.000Z"},
		{"Tue, 4 Jul 2017 12:00:00 GMT", "2017-07-04T12:00:00.000Z"},
		{"Sept 4 2017", "2017-09-04T00:00:00.000Z"},
		{"7/4/17", "2017-07-04T00:00:00.000Z"},
		{"7/4/71", "1971-07-04T00:00:00.000Z"},
		{"07/04/2017", "2017-07-04T00:00:00.000Z"},
		{"04-07-2017", "2017-07-04T00:00:00.000Z"},
		{"04.07.2017 8:05", "2017-07-04T08:05:00.000Z"},
		{"2017-Jul-04 noon", "2017-07-04T12:00:00.000Z"},
		{"2017-07-04 12:48:07 GMT+0545", "2017-07-04T07:03:07.000Z"},
		{"2017-07-04 12:48:07 GMT-0200", "2017-07-04T14:48:07.000Z"},
		{"2017-07-14T12:02:44.771 GMT+02", "2017-07-14T10:02:44.771Z"},
		{"2017-07-14T12:02:44.771+03", "2017-07-14T09:02:44.771Z"},
		{"2017-07-14T12:02:44.771+0330", "2017-07-14T08:32:44.771Z"},
		{"2017-07-14T12:02:44.771+03:30", "2017-07-14T08:32:44.771Z"},
		{"2017-07-14T12:02:44.771 UTC", "2017-07-14T12:02:44.771Z"},
		{"2017-07-14T12:02:44.771 CEST", "2017-07-14T10:02:44.771Z"},
		{"2017-07-14T12:02:44.771 EST", "2017-07-14T17:02:44.771Z"},
		{"2017-07-14T12:02:44.771 PDT", "2017-07-14T19:02:44.771Z"},
		{"2017-07-14T12:02:44.771 A", "2017-07-14T11:02:44.771Z"},
		{"2017-07-14T12:02:44.771 L", "2017-07-14T01:02:44.771Z"},
		{"2017-07-14T12:02:44.771 P", "2017-07-14T15:02:44.771Z"},
		{"2017-07-14T12:02:44.771999999Z", "2017-07-14T12:02:44.771Z"},
		{"2017-07-14T24:00", "2017-07-15T00:00:00.000Z"},
		{"July 4th", ""}, {"12:50:53", ""}, {"2017, 12:50:53", ""}, {"60.Monday1770/06:59", ""}, {"", ""}, {"2017", ""}, {"2017-07", ""},
		{"2017-13-01", ""}, {"2017-07-04 25:00", ""}, {"2017-07-04 12:60", ""}, {"2017-07-04 13pm", ""}, {"2017-07-04x", ""},
		{"2017-07-12T22:23:55 Europe/Amsterdam", ""}, {"2017-07-12T22:23:55 QQQ", ""}, {"2017-07-12 22:23:55 Z Z", ""}, {"yesterday", ""},
		{"2017-07-12T", "2017-07-12T00:00:00.000Z"},
	} {
		ms, err := parseDate(c.text)
		got := ""
		if err == nil {
			got = string(appendISO(nil, ms))
		}
		if got != c.want {
			t.Errorf("%q is %q, %v, want %q", c.text, got, err, c.want)
		}
	}
}

func TestDateFromString(t *testing.T) {
	of := func(text, format string) string {
		return `{"$dateFromString":{"dateString":"` + text + `","format":"` + format + `"}}`
	}
	check(t, `{"n":null,"s":"2017-07-12T22:23:55Z"}`, []row{
		{of("05 12 1988", "%d %m %Y"), `{"$date":"1988-12-05T00:00:00.000Z"}`},
		{of("1992 % 04 % 26", "%Y %% %m %% %d"), `{"$date":"1992-04-26T00:00:00.000Z"}`},
		{of("Day: 05 Month: 12 Year: 1988", "Day: %d Month: %m Year: %Y"), `{"$date":"1988-12-05T00:00:00.000Z"}`},
		{of("4/26/1992:+0445", "%m/%d/%Y:%z"), `{"$date":"1992-04-25T19:15:00.000Z"}`},
		{of("4/26/1992:+285", "%m/%d/%Y:%Z"), `{"$date":"1992-04-25T19:15:00.000Z"}`},
		{of("4/26/1992:-285", "%m/%d/%Y:%Z"), `{"$date":"1992-04-26T04:45:00.000Z"}`},
		{of("2017", "%G"), `{"$date":"2017-01-02T00:00:00.000Z"}`},
		{of("2017, Week 53", "%G, Week %V"), `{"$date":"2018-01-01T00:00:00.000Z"}`},
		{of("2017, Day 5", "%G, Day %u"), `{"$date":"2017-01-06T00:00:00.000Z"}`},
		{of("1.1.1", "%V.%u.%G"), `{"$date":"0001-01-01T00:00:00.000Z"}`},
		{of("2017 060", "%Y %j"), `{"$date":"2017-03-01T00:00:00.000Z"}`},
		{of("04 July 2017 7", "%d %B %Y %H"), `{"$date":"2017-07-04T07:00:00.000Z"}`},
		{of("2017-07-14T12:02:44.771 GMT+02:00", "%Y-%m-%dT%H:%M:%S.%L%z"), `{"$date":"2017-07-14T10:02:44.771Z"}`},
		{of("2018-01", "%Y-%m-%d"), `error: does not follow the format`},
		{of("2018-01", "%Y"), `error: goes on behind`},
		{of("2018", "%Y"), `error: not a whole date`},
		{of("1992-26-04", "Y-d-m"), `error: does not follow`},
		{of("1992", "%n"), `error: unknown specifier`},
		{of("ISO Day 6", "ISO Day %u"), `error: has no year`},
		{of("ISO Week 1, 2018", "ISO Week %V, %Y"), `error: mixes`},
		{of("12/31/2018", "%m/%d/%G"), `error: mixes`},
		{of("13/31/2018", "%m/%d/%Y"), `error: only 1 to 12`},
		{`{"$dateFromString":{"dateString":"$s","timezone":"Europe/Amsterdam"}}`, `error: beside that in the string`},
		{`{"$dateFromString":{"dateString":"$s","timezone":"UTC"}}`, `{"$date":"2017-07-12T22:23:55.000Z"}`},
		{`{"$dateFromString":{"dateString":"$s","timezone":"Nowhere"}}`, `error: unknown time zone`},
		{`{"$dateFromString":{"dateString":"$s","timezone":"Nowhere","onError":1}}`, `error: unknown time zone`},
		{`{"$dateFromString":{"dateString":"x","onError":"$n"}}`, `null`},
		{`{"$dateFromString":{"dateString":5}}`, `error: needs a string`},
		{`{"$dateFromString":{"dateString":"$n","timezone":"UTC","onNull":"o"}}`, `"o"`},
		{`{"$dateFromString":{"dateString":"$s","format":"$n"}}`, `null`},
		{`{"$dateFromString":{"dateString":"$s","format":5}}`, `error: needs a string`},
	})
}

func TestDateSpans(t *testing.T) {
	shift := func(op, date, unit, amount, zone string) string {
		return `{"` + op + `":{"startDate":{"$date":"` + date + `"},"unit":"` + unit + `","amount":` + amount + `,"timezone":"` + zone + `"}}`
	}
	diff := func(a, b, unit, more string) string {
		return `{"$dateDiff":{"startDate":{"$date":"` + a + `"},"endDate":{"$date":"` + b + `"},"unit":"` + unit + `"` + more + `}}`
	}
	trunc := func(date, unit, more string) string {
		return `{"$dateTrunc":{"date":{"$date":"` + date + `"},"unit":"` + unit + `"` + more + `}}`
	}
	check(t, `{"n":null}`, []row{
		{shift("$dateAdd", "2020-12-31T12:10:05Z", "month", "2", "UTC"), `{"$date":"2021-02-28T12:10:05.000Z"}`},
		{shift("$dateAdd", "2020-01-31T00:00:00Z", "year", "-1", "UTC"), `{"$date":"2019-01-31T00:00:00.000Z"}`},
		{shift("$dateAdd", "2020-02-29T00:00:00Z", "year", "1", "UTC"), `{"$date":"2021-02-28T00:00:00.000Z"}`},
		{shift("$dateAdd", "2020-05-14T00:00:00Z", "quarter", "1", "UTC"), `{"$date":"2020-08-14T00:00:00.000Z"}`},
		{shift("$dateAdd", "2021-03-27T12:00:00Z", "day", "1", "Europe/Paris"), `{"$date":"2021-03-28T11:00:00.000Z"}`},
		{shift("$dateAdd", "2021-03-13T07:30:00Z", "day", "1", "America/New_York"), `{"$date":"2021-03-14T07:30:00.000Z"}`},
		{shift("$dateAdd", "2021-02-14T07:30:00Z", "month", "1", "America/New_York"), `{"$date":"2021-03-14T07:30:00.000Z"}`},
		{shift("$dateAdd", "2021-03-27T12:00:00Z", "hour", "24", "Europe/Paris"), `{"$date":"2021-03-28T12:00:00.000Z"}`},
		{shift("$dateSubtract", "2021-01-31T00:00:00Z", "week", "1", "UTC"), `{"$date":"2021-01-24T00:00:00.000Z"}`},
		{shift("$dateAdd", "2021-01-31T00:00:00Z", "day", "9223372036854775807", "UTC"), `error: out of range`},
		{shift("$dateSubtract", "2021-01-31T00:00:00Z", "day", "-9223372036854775808", "UTC"), `error: out of range`},
		{shift("$dateAdd", "2021-01-31T00:00:00Z", "millisecond", "9223372036854775807", "UTC"), `error: out of range`},
		{shift("$dateAdd", "2021-01-31T00:00:00Z", "century", "1", "UTC"), `error: unit of time`},
		{shift("$dateAdd", "2021-01-31T00:00:00Z", "day", "1.5", "UTC"), `error: whole number as amount`},
		{`{"$dateAdd":{"startDate":"$n","unit":"day","amount":1}}`, `null`},
		{diff("2021-01-31T23:59:59Z", "2021-02-01T00:00:00Z", "month", ""), `1`},
		{diff("2020-12-31T23:59:59Z", "2021-01-01T00:00:00Z", "year", ""), `1`},
		{diff("2021-01-01T00:00:00Z", "2020-12-31T23:59:59Z", "day", ""), `-1`},
		{diff("2021-01-24T01:00:00Z", "2021-01-30T01:00:00Z", "week", ""), `0`},
		{diff("2021-01-23T01:00:00Z", "2021-01-24T01:00:00Z", "week", ""), `1`},
		{diff("2021-01-24T01:00:00Z", "2021-01-25T01:00:00Z", "week", `,"startOfWeek":"Monday"`), `1`},
		{diff("2021-01-24T01:00:00Z", "2021-01-25T01:00:00Z", "week", `,"startOfWeek":"noday"`), `error: day of the week`},
		{diff("2021-01-24T01:00:00Z", "2021-01-25T01:00:00Z", "week", `,"startOfWeek":"$n"`), `null`},
		{diff("2021-01-24T01:00:00Z", "2021-01-25T01:00:00Z", "day", `,"startOfWeek":"$n"`), `1`}, // weeks have no part in it
		{diff("2021-01-24T01:00:00Z", "2021-01-25T01:00:00Z", "hour", `,"startOfWeek":5`), `24`},
		{diff("2021-01-01T00:59:00Z", "2021-01-01T01:00:00Z", "hour", ""), `1`},
		{diff("2021-01-01T03:30:00Z", "2021-01-01T04:30:00Z", "day", `,"timezone":"-04:00"`), `1`},
		{diff("2021-01-01T00:29:00Z", "2021-01-01T00:31:00Z", "hour", `,"timezone":"+05:30"`), `1`},
		{diff("1969-12-31T23:59:59.999Z", "1970-01-01T00:00:00Z", "second", ""), `1`},
		{trunc("2021-03-20T11:30:05Z", "month", ""), `{"$date":"2021-03-01T00:00:00.000Z"}`},
		{trunc("2021-03-20T11:30:05Z", "quarter", ""), `{"$date":"2021-01-01T00:00:00.000Z"}`},
		{trunc("2021-03-20T11:30:05Z", "week", ""), `{"$date":"2021-03-14T00:00:00.000Z"}`},
		{trunc("2021-03-20T11:30:05Z", "week", `,"startOfWeek":"Monday"`), `{"$date":"2021-03-15T00:00:00.000Z"}`},
		{trunc("2021-03-20T11:30:05Z", "week", `,"binSize":2,"timezone":"America/Los_Angeles","startOfWeek":"Monday"`), `{"$date":"2021-03-15T07:00:00.000Z"}`},
		{trunc("2021-03-20T11:30:05Z", "hour", `,"binSize":2`), `{"$date":"2021-03-20T10:00:00.000Z"}`},
		{trunc("2021-03-20T11:30:05Z", "minute", `,"binSize":20`), `{"$date":"2021-03-20T11:20:00.000Z"}`},
		{trunc("1999-12-31T23:59:59Z", "year", `,"binSize":5`), `{"$date":"1995-01-01T00:00:00.000Z"}`},
		{trunc("2021-03-20T11:30:05Z", "day", `,"timezone":"Asia/Shanghai"`), `{"$date":"2021-03-19T16:00:00.000Z"}`},
		{trunc("2018-11-04T12:00:00Z", "day", `,"timezone":"America/Sao_Paulo"`), `{"$date":"2018-11-04T03:00:00.000Z"}`}, // which began at one o'clock
		{trunc("2021-03-20T11:30:05Z", "week", `,"startOfWeek":"$n"`), `null`},
		{trunc("2021-03-20T11:30:05Z", "week", `,"startOfWeek":5`), `error: day of the week`},
		{trunc("2021-03-20T11:30:05Z", "day", `,"startOfWeek":"noday"`), `{"$date":"2021-03-20T00:00:00.000Z"}`},
		{trunc("2021-03-20T11:30:05Z", "day", `,"binSize":0`), `error: positive`},
		{trunc("2021-03-20T11:30:05Z", "day", `,"binSize":null`), `null`},
	})
}
