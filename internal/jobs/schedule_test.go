package jobs_test

import (
	"strings"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/internal/jobs"
)

func parse(t testing.TB, text, zone string) *jobs.Schedule {
	t.Helper()
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	s, err := jobs.Parse(text, loc)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestNext names a start and the times that follow, as the clock on the wall shows them.
func TestNext(t *testing.T) {
	t.Parallel()
	const layout = "2006-01-02 15:04:05 -0700"
	tests := []struct{ schedule, zone, from, want string }{
		{"* * * * *", "UTC", "2026-03-01 00:00:30 +0000", "2026-03-01 00:01:00 +0000, 2026-03-01 00:02:00 +0000"},
		{"*/20 9-17/4 * * mon-fri", "UTC", "2026-03-06 17:20:00 +0000", "2026-03-06 17:40:00 +0000, 2026-03-09 09:00:00 +0000"},
		{"5/25 0 * * *", "UTC", "2026-03-01 00:05:00 +0000", "2026-03-01 00:30:00 +0000, 2026-03-01 00:55:00 +0000, 2026-03-02 00:05:00 +0000"},
		{"0 0 13 * 5", "UTC", "2026-02-01 00:00:00 +0000", "2026-02-06 00:00:00 +0000, 2026-02-13 00:00:00 +0000, 2026-02-20 00:00:00 +0000"},
		{"0 0 13 * *", "UTC", "2026-02-01 00:00:00 +0000", "2026-02-13 00:00:00 +0000, 2026-03-13 00:00:00 +0000"},
		{"0 0 1-7 * 0", "UTC", "2026-02-09 00:00:00 +0000", "2026-02-15 00:00:00 +0000, 2026-02-22 00:00:00 +0000, 2026-03-01 00:00:00 +0000, 2026-03-02 00:00:00 +0000"},
		{"0 0 */31 * 7", "UTC", "2026-01-01 00:00:00 +0000", "2026-02-01 00:00:00 +0000, 2026-03-01 00:00:00 +0000, 2026-11-01 00:00:00 +0000"},
		{"0 12 29 feb *", "UTC", "2096-02-29 12:00:00 +0000", "2104-02-29 12:00:00 +0000"},
		{"@yearly", "UTC", "2026-01-01 00:00:00 +0000", "2027-01-01 00:00:00 +0000"},
		{"@monthly", "UTC", "2026-12-31 23:59:59 +0000", "2027-01-01 00:00:00 +0000"},
		{"@weekly", "UTC", "2026-03-01 00:00:00 +0000", "2026-03-08 00:00:00 +0000"},
		{"@daily", "Asia/Kolkata", "2026-03-01 00:00:00 +0000", "2026-03-02 00:00:00 +0530"},
		{"@hourly", "UTC", "2026-03-01 10:00:00 +0000", "2026-03-01 11:00:00 +0000"},
		{"@every 90s", "UTC", "1970-01-01 00:00:01 +0000", "1970-01-01 00:01:30 +0000, 1970-01-01 00:03:00 +0000"},
		{"@every 90s", "UTC", "1969-12-31 23:59:00 +0000", "1970-01-01 00:00:00 +0000"},
		{"@every 90s", "UTC", "1969-12-31 23:58:30 +0000", "1970-01-01 00:00:00 +0000"},

		// Berlin puts its clocks forward at 02:00 on 29 March 2026.
		{"30 2 * * *", "Europe/Berlin", "2026-03-28 03:00:00 +0100", "2026-03-29 03:00:00 +0200, 2026-03-30 02:30:00 +0200"},
		{"0,20,40 2 * * *", "Europe/Berlin", "2026-03-29 00:00:00 +0100", "2026-03-29 03:00:00 +0200, 2026-03-30 02:00:00 +0200"},
		{"0 3 * * *", "Europe/Berlin", "2026-03-29 00:00:00 +0100", "2026-03-29 03:00:00 +0200, 2026-03-30 03:00:00 +0200"},
		{"30 * * * *", "Europe/Berlin", "2026-03-29 01:00:00 +0100", "2026-03-29 01:30:00 +0100, 2026-03-29 03:30:00 +0200"},
		{"* 2 * * *", "Europe/Berlin", "2026-03-29 01:00:00 +0100", "2026-03-30 02:00:00 +0200"},
		{"0 0 1 1 *", "Europe/Berlin", "2026-03-29 01:00:00 +0100", "2027-01-01 00:00:00 +0100"},
		// It puts them back at 03:00 on 25 October 2026.
		{"30 2 * * *", "Europe/Berlin", "2026-10-25 00:00:00 +0200", "2026-10-25 02:30:00 +0200, 2026-10-26 02:30:00 +0100"},
		{"0 2,3 * * *", "Europe/Berlin", "2026-10-25 00:00:00 +0200", "2026-10-25 02:00:00 +0200, 2026-10-25 03:00:00 +0100"},
		{"30 * * * *", "Europe/Berlin", "2026-10-25 02:00:00 +0200", "2026-10-25 02:30:00 +0200, 2026-10-25 02:30:00 +0100, 2026-10-25 03:30:00 +0100"},
		{"*/30 2 * * *", "Europe/Berlin", "2026-10-25 02:10:00 +0200", "2026-10-25 02:30:00 +0200, 2026-10-25 02:00:00 +0100, 2026-10-25 02:30:00 +0100, 2026-10-26 02:00:00 +0100"},
		{"30 2 * * *", "Europe/Berlin", "2026-10-25 02:10:00 +0100", "2026-10-26 02:30:00 +0100"},
		// Where Go's zone bounds end before they begin.
		{"0 12 * * *", "Europe/Berlin", "2040-12-31 06:00:00 +0100", "2040-12-31 12:00:00 +0100, 2041-01-01 12:00:00 +0100"},
		// Lord Howe shifts by half an hour, Apia left out 30 December 2011, and
		// St. John's once put its clocks back over midnight.
		{"15 2 * * *", "Australia/Lord_Howe", "2026-10-04 00:00:00 +1030", "2026-10-04 02:30:00 +1100, 2026-10-05 02:15:00 +1100"},
		{"0 12 30 12 *", "Pacific/Apia", "2011-12-29 12:00:00 -1000", "2011-12-31 00:00:00 +1400, 2012-12-30 12:00:00 +1400"},
		{"15 * * * *", "America/St_Johns", "2006-10-29 00:00:30 -0230", "2006-10-28 23:15:00 -0330, 2006-10-29 00:15:00 -0330"},
		{"15 23 * * *", "America/St_Johns", "2006-10-29 00:00:30 -0230", "2006-10-29 23:15:00 -0330"},
	}
	for _, tt := range tests {
		s := parse(t, tt.schedule, tt.zone)
		at, err := time.Parse(layout, tt.from)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for range strings.Count(tt.want, ",") + 1 {
			at = s.Next(at)
			got = append(got, at.In(s.Zone()).Format(layout))
		}
		if got := strings.Join(got, ", "); got != tt.want {
			t.Errorf("%s in %s from %s:\n got %s\nwant %s", tt.schedule, tt.zone, tt.from, got, tt.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *", "* * * 0 *", "* * * 13 *", "* * * * 8",
		"-1 * * * *", "+1 * * * *", "001 * * * *", "1- * * * *", "-", "5-1 * * * *", "*/0 * * * *", "*/ * * * *", "*/99 * * * *", "1,,2 * * * *",
		"* * * foo *", "* * mon * *", "0 0 30 2 *", "0 0 31 4,6,9,11 *", "@never", "@every", "@every 1", "@every 1ms", "@every 1.5s", "@every -1h",
		"@every 9000h", "? * * * *", "1\x00 * * * *", "٣ * * * *", strings.Repeat(" ", 300) + "* * * * *", strings.Repeat("1,", 200) + "1 * * * *",
	} {
		if s, err := jobs.Parse(text, nil); err == nil {
			t.Errorf("%.40q: got %s, want an error", text, s)
		}
	}
}

func TestLast(t *testing.T) {
	t.Parallel()
	at := func(text string) time.Time {
		when, err := time.Parse(time.DateTime, text)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	tests := []struct{ schedule, after, until, want string }{
		{"@every 10s", "2026-03-01 00:00:00", "2026-03-01 00:00:09", ""},
		{"@every 10s", "2026-03-01 00:00:00", "2026-03-01 00:00:10", "2026-03-01 00:00:10"},
		{"@every 10s", "1990-03-01 00:00:00", "2026-03-01 00:00:19", "2026-03-01 00:00:10"},
		{"*/5 * * * *", "2020-03-01 00:00:00", "2026-03-01 00:04:59", "2026-03-01 00:00:00"},
		{"* * 1 1 *", "2020-03-01 00:00:00", "2026-12-31 00:00:00", "2026-01-01 23:59:00"},
		{"0 12 29 2 *", "1890-01-01 00:00:00", "1904-02-29 11:59:59", "1896-02-29 12:00:00"},
		{"@daily", "2026-03-01 00:00:00", "2026-02-01 00:00:00", ""},
	}
	for _, tt := range tests {
		got := parse(t, tt.schedule, "UTC").Last(at(tt.after), at(tt.until))
		if tt.want == "" && got.IsZero() {
			continue
		}
		if text := got.Format(time.DateTime); text != tt.want {
			t.Errorf("%s between %s and %s: got %s, want %s", tt.schedule, tt.after, tt.until, text, tt.want)
		}
	}
}

// FuzzParse checks what holds for every schedule: it means the same when it is
// written and read again, its times go on, and none is left out between two.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"*/5 * * * *", "0 9 * * mon-fri", "0 0 29 feb *", "@weekly", "@every 90s", "30 2 1-7 * sun", "1-59/2,4 */3 * * 7"} {
		for zone := range 3 {
			f.Add(text, int64(1774746000), zone)
		}
	}
	names := []string{"UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia"}
	f.Fuzz(func(t *testing.T, text string, unix int64, zone int) {
		loc, err := time.LoadLocation(names[uint(zone)%uint(len(names))])
		if err != nil {
			t.Fatal(err)
		}
		s, err := jobs.Parse(text, loc)
		if err != nil {
			return
		}
		again, err := jobs.Parse(s.String(), loc)
		if err != nil {
			t.Fatalf("%q was read, %q was not: %v", text, s, err)
		}
		start := time.Unix(unix%4102444800, 0)
		at := start
		for range 5 {
			next := s.Next(at)
			if next.IsZero() || !next.After(at) {
				t.Fatalf("%q: %s comes after %s", text, next, at)
			}
			if other := again.Next(at); !other.Equal(next) {
				t.Fatalf("%q: %s, but %q: %s", text, next, s, other)
			}
			middle := at.Add(next.Sub(at) / 2)
			if got := s.Next(middle); !got.Equal(next) {
				t.Fatalf("%q: %s after %s, but %s after %s", text, next, at, got, middle)
			}
			if got := s.Last(start, next); !got.Equal(next) {
				t.Fatalf("%q: last time until %s is %s", text, next, got)
			}
			at = next
		}
	})
}
