package proc

import (
	"math"
	"time"
)

// Load is what /proc/loadavg says: tasks that run or wait, averaged over one,
// five and fifteen minutes.
type Load struct {
	One, Five, Fifteen float64
}

// ParseLoadavg reads the text of /proc/loadavg.
func ParseLoadavg(text []byte) (Load, error) {
	line, _ := nextLine(text)
	var average [3]float64
	for i := range average {
		var field []byte
		field, line = nextField(line)
		f, ok := parseFloat(field)
		if !ok {
			return Load{}, malformed("loadavg", "three averages")
		}
		average[i] = f
	}
	return Load{One: average[0], Five: average[1], Fifteen: average[2]}, nil
}

// ParseUptime reads the text of /proc/uptime: how long ago the machine booted.
func ParseUptime(text []byte) (time.Duration, error) {
	line, _ := nextLine(text)
	field, _ := nextField(line)
	seconds, ok := parseFloat(field)
	if !ok || seconds > math.MaxInt64/float64(time.Second)/2 {
		return 0, malformed("uptime", "seconds")
	}
	return time.Duration(seconds * float64(time.Second)), nil
}
