package jobs

import "time"

// A Schedule names times. Make one with [Parse].
type Schedule struct {
	text  string
	zone  *time.Location
	every time.Duration // 0: the fields

	minutes, hours, days, months, weekdays uint64
	// flowing: the minute or the hour is open, so the schedule follows the time
	// that passes and not the clock on the wall.
	flowing bool
	// both: a day must be right by month and by week, because one of them is
	// open; otherwise either is enough.
	both bool
}

// String returns the expression.
func (s *Schedule) String() string { return s.text }

// Zone returns where the fields are read off the clock.
func (s *Schedule) Zone() *time.Location { return s.zone }

// horizon is longer than any schedule pauses: from one 29 February over a year
// that is not a leap year to the next one are eight years.
const horizon = 9 * 366 * 24 * time.Hour

// Next returns the first time after t, or the zero time where there is none.
func (s *Schedule) Next(t time.Time) time.Time {
	if s.every > 0 {
		return s.nextMultiple(t)
	}
	limit := t.Add(horizon)
	for first := true; ; first = false {
		starts, ends, offset := zoneOf(t, s.zone)
		// The clock on the wall, written as if it were in Greenwich.
		wall := t.UTC().Add(time.Duration(offset) * time.Second).Truncate(time.Minute)
		if first || !wall.Equal(onWall(t, offset)) {
			wall = wall.Add(time.Minute)
		}
		if !s.flowing && !starts.IsZero() { // what came before the clocks were put back does not come again
			if before := onWall(starts, offsetAt(starts.Add(-1), s.zone)); wall.Before(before) {
				wall = ceilMinute(before)
			}
		}
		next := s.nextWall(wall, onWall(limit, offset))
		if !next.IsZero() {
			next = next.Add(-time.Duration(offset) * time.Second)
		}
		if ends.IsZero() || !next.IsZero() && next.Before(ends) {
			return next
		}
		if !s.flowing && s.inGap(ends, offset) {
			return ends.UTC()
		}
		if t = ends; t.After(limit) {
			return time.Time{}
		}
	}
}

// inGap reports whether the clocks are put forward at a moment, over a time that
// the schedule names.
func (s *Schedule) inGap(at time.Time, offset int) bool {
	left, right := onWall(at, offset), onWall(at, offsetAt(at, s.zone))
	if !left.Before(right) {
		return false
	}
	next := s.nextWall(ceilMinute(left), right)
	return !next.IsZero() && next.Before(right)
}

// zoneOf returns for how long around t the clocks of a zone go evenly, and their
// offset.
func zoneOf(t time.Time, zone *time.Location) (starts, ends time.Time, offset int) {
	starts, ends = t.In(zone).ZoneBounds()
	if !ends.IsZero() && !ends.After(t) {
		// On the last day of leap years that are beyond the zone's table,
		// package time (Go 1.26) says that the zone ended with the day before.
		ends = time.Date(t.UTC().Year()+1, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return starts, ends, offsetAt(t, zone)
}

func onWall(t time.Time, offset int) time.Time {
	return t.UTC().Add(time.Duration(offset) * time.Second)
}

func offsetAt(t time.Time, zone *time.Location) int {
	_, offset := t.In(zone).Zone()
	return offset
}

func ceilMinute(t time.Time) time.Time {
	if down := t.Truncate(time.Minute); !down.Equal(t) {
		return down.Add(time.Minute)
	}
	return t
}

// nextWall returns the first time on the wall that is not before from, or zero
// where it would come after limit.
func (s *Schedule) nextWall(start, limit time.Time) time.Time {
	year, month, day := start.Date()
	hour, minute := start.Hour(), start.Minute()
	for {
		date := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
		if date.After(limit) {
			return time.Time{}
		}
		year, month, day = date.Date()
		if s.months&(1<<month) == 0 {
			month, day, hour, minute = month+1, 1, 0, 0
			continue
		}
		if s.onDay(date) {
			if h, m, ok := s.nextOfDay(hour, minute); ok {
				return date.Add(time.Duration(h)*time.Hour + time.Duration(m)*time.Minute)
			}
		}
		day, hour, minute = day+1, 0, 0
	}
}

func (s *Schedule) onDay(date time.Time) bool {
	byMonth := s.days&(1<<date.Day()) != 0
	byWeek := s.weekdays&(1<<date.Weekday()) != 0
	if s.both {
		return byMonth && byWeek
	}
	return byMonth || byWeek
}

// nextOfDay returns the first hour and minute that are not before these.
func (s *Schedule) nextOfDay(hour, minute int) (h, m int, ok bool) {
	h = from(s.hours, hour)
	if h == hour {
		if m = from(s.minutes, minute); m < 64 {
			return h, m, true
		}
		h = from(s.hours, hour+1)
	}
	return h, from(s.minutes, 0), h < 64
}

func (s *Schedule) nextMultiple(t time.Time) time.Time {
	step := int64(s.every / time.Second)
	n := t.Unix() / step
	if t.Unix() < 0 && t.Unix()%step != 0 {
		n-- // to the past, not to 1970
	}
	return time.Unix((n+1)*step, 0).UTC()
}

// Last returns the last time in (after, until], or the zero time where there is
// none. Times are never closer than a second.
func (s *Schedule) Last(after, until time.Time) time.Time {
	due := func(x time.Time) (time.Time, bool) {
		next := s.Next(x)
		return next, !next.IsZero() && !next.After(until)
	}
	last, ok := due(after)
	if !ok {
		return time.Time{}
	}
	// Something is due after low, nothing after high.
	low, high := last, until
	for high.Sub(low) > time.Second/2 {
		middle := low.Add(high.Sub(low) / 2)
		if next, ok := due(middle); ok {
			last, low = next, next
		} else {
			high = middle
		}
	}
	return last
}
