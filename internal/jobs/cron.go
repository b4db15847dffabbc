package jobs

import (
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"time"
)

// Limits of a schedule.
const (
	maxText  = 200
	minEvery = time.Second
	maxEvery = 366 * 24 * time.Hour
)

// A field is one of the five, as a set of bits.
type field struct {
	name     string
	min, max int
	names    []string // of min, min+1, …
}

var fields = [5]field{
	{name: "minute", max: 59},
	{name: "hour", max: 23},
	{name: "day of month", min: 1, max: 31},
	{name: "month", min: 1, max: 12, names: []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}},
	{name: "day of week", max: 7, names: []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}},
}

func macro(text string) string {
	switch text {
	case "@yearly", "@annually":
		return "0 0 1 1 *"
	case "@monthly":
		return "0 0 1 * *"
	case "@weekly":
		return "0 0 * * 0"
	case "@daily", "@midnight":
		return "0 0 * * *"
	case "@hourly":
		return "0 * * * *"
	}
	return text
}

// Parse reads a cron expression of five fields, one of the @ words, or "@every"
// with a Go duration. zone is where the fields are read off the clock; nil means
// UTC. A schedule that never comes is an error.
func Parse(text string, zone *time.Location) (*Schedule, error) {
	if zone == nil {
		zone = time.UTC
	}
	s := &Schedule{zone: zone}
	if err := s.parse(text); err != nil {
		return nil, fmt.Errorf("schedule %.*q: %w", maxText, text, err)
	}
	return s, nil
}

func (s *Schedule) parse(text string) error {
	if len(text) > maxText {
		return fmt.Errorf("longer than %d bytes", maxText)
	}
	s.text = strings.Join(strings.Fields(text), " ")
	if every, ok := strings.CutPrefix(s.text, "@every "); ok {
		return s.parseEvery(every)
	}
	parts := strings.Fields(macro(s.text))
	if len(parts) != len(fields) {
		return errors.New("want five fields, @hourly, @daily, @weekly, @monthly, @yearly or @every with a duration")
	}
	var sets [len(fields)]uint64
	for i, part := range parts {
		var err error
		if sets[i], err = fields[i].parse(part); err != nil {
			return fmt.Errorf("%s %q: %w", fields[i].name, part, err)
		}
	}
	s.minutes, s.hours, s.days, s.months = sets[0], sets[1], sets[2], sets[3]
	s.weekdays = sets[4]&^(1<<7) | sets[4]>>7 // 7 is Sunday, too
	starred := func(i int) bool { return strings.HasPrefix(parts[i], "*") }
	s.flowing = starred(0) || starred(1)
	s.both = starred(2) || starred(4)
	if s.Next(time.Unix(0, 0)).IsZero() {
		return errors.New("there is no such day")
	}
	return nil
}

func (s *Schedule) parseEvery(text string) error {
	d, err := time.ParseDuration(text)
	if err != nil || d < minEvery || d > maxEvery || d%time.Second != 0 {
		return fmt.Errorf("want a duration of whole seconds from %s to %s", minEvery, maxEvery)
	}
	s.every = d
	return nil
}

// parse reads a list of ranges, such as "1-5,10-50/20" or "mon,wed".
func (f *field) parse(text string) (set uint64, err error) {
	for part := range strings.SplitSeq(text, ",") {
		one, err := f.parseRange(part)
		if err != nil {
			return 0, err
		}
		set |= one
	}
	return set, nil
}

func (f *field) parseRange(text string) (set uint64, err error) {
	span, stepText, stepped := strings.Cut(text, "/")
	step := 1
	if stepped {
		if step, err = number(stepText); err != nil || step < 1 || step > f.max {
			return 0, fmt.Errorf("a step is a number from 1 to %d", f.max)
		}
	}
	from, to := f.min, f.max
	if span != "*" {
		first, last, ranged := strings.Cut(span, "-")
		if from, err = f.value(first); err != nil {
			return 0, err
		}
		switch {
		case ranged:
			if to, err = f.value(last); err != nil {
				return 0, err
			}
		case !stepped: // 5 is 5 alone, 5/10 is 5, 15, 25, …
			to = from
		}
	} else if f.max == 7 {
		to = 6 // Sunday once
	}
	if from > to {
		return 0, fmt.Errorf("%d comes after %d", from, to)
	}
	for v := from; v <= to; v += step {
		set |= 1 << v
	}
	return set, nil
}

func (f *field) value(text string) (int, error) {
	for i, name := range f.names {
		if strings.EqualFold(name, text) {
			return f.min + i, nil
		}
	}
	v, err := number(text)
	if err != nil || v < f.min || v > f.max {
		return 0, fmt.Errorf("want numbers from %d to %d", f.min, f.max)
	}
	return v, nil
}

// number reads one or two digits and nothing else.
func number(text string) (int, error) {
	if len(text) == 0 || len(text) > 2 || strings.Trim(text, "0123456789") != "" {
		return 0, strconv.ErrSyntax
	}
	return strconv.Atoi(text)
}

// from returns the smallest member of the set that is at least v, or 64.
func from(set uint64, v int) int { return bits.TrailingZeros64(set &^ (1<<v - 1)) }
