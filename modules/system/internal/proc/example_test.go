package proc_test

import (
	"fmt"

	"github.com/modular-dashboard/dashboard/modules/system/internal/proc"
)

func ExampleParseMeminfo() {
	m, err := proc.ParseMeminfo([]byte("MemTotal: 2048 kB\nMemAvailable: 512 kB\n"))
	fmt.Println(m.Available, "of", m.Total, "bytes available", err)
	// Output: 524288 of 2097152 bytes available <nil>
}
