package system

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// bytesText writes an amount of memory for people, in powers of 1024.
func bytesText(n uint64) string {
	units := [...]string{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	value, unit := float64(n), 0
	for value >= 1024 && unit < len(units)-1 {
		value /= 1024
		unit++
	}
	if unit == 0 || value >= 100 {
		return fmt.Sprintf("%.0f %s", value, units[unit])
	}
	return fmt.Sprintf("%.1f %s", value, units[unit])
}

// durationText writes how long something has lasted: its two largest units.
func durationText(d time.Duration) string {
	minutes := int64(d / time.Minute)
	days, hours := minutes/(24*60), minutes/60%24
	switch {
	case days > 0:
		return fmt.Sprintf("%d d %d h", days, hours)
	case hours > 0:
		return fmt.Sprintf("%d h %d min", hours, minutes%60)
	}
	return fmt.Sprintf("%d min", minutes)
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// busiest returns the cores as they are, or the n busiest ones, by number.
func busiest(cores []Core, n int) []Core {
	if len(cores) <= n {
		return cores
	}
	sorted := slices.SortedFunc(slices.Values(cores), func(a, b Core) int { return cmp.Compare(b.Percent, a.Percent) })[:n]
	slices.SortFunc(sorted, func(a, b Core) int { return cmp.Compare(a.ID, b.ID) })
	return sorted
}
