package ui_test

import (
	"testing"

	"github.com/modular-dashboard/dashboard/internal/ui"
)

func TestAcceptsGzip(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]bool{
		"":                           false,
		"gzip":                       true,
		"br, gzip;q=0.1":             true,
		"gzip;q=0":                   false,
		"br":                         false,
		"*":                          true,
		"*;q=0":                      false,
		"gzip;q=0.2, identity;q=0.8": false,
		"gzip, identity":             true,
	} {
		if got := ui.AcceptsGzip([]string{line}); got != want {
			t.Errorf("%q: got %t, want %t", line, got, want)
		}
	}
	if ui.AcceptsGzip(nil) {
		t.Error("without the header: got true")
	}
}
