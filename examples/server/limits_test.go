package main

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"
)

func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for began := time.Now(); !done(); <-time.After(5 * time.Millisecond) {
		if time.Since(began) > patience {
			t.Fatalf("not within %s: %s", patience, what)
		}
	}
}

// What is edited at one process holds at another one on the same database.
func TestEditedLimitsHoldEverywhere(t *testing.T) {
	data := t.TempDir()
	one := launch(t, withAccount(), "-data", data)
	two := launch(t, withAccount(), "-data", data)
	tokens := map[*process]string{one: one.login(), two: two.login()}
	var took []time.Duration
	edits := 24
	if testing.Short() {
		edits = 6
	}
	for i := range edits {
		at, other := one, two
		if i%2 == 1 {
			at, other = two, one
		}
		want := fmt.Sprintf("%d/m", 5000+i)
		<-time.After(time.Duration(i*37%400) * time.Millisecond) // anywhere between two looks of the other one
		began := time.Now()
		if status := at.call("PUT", "api/v1/limits/caller", tokens[at], map[string]string{"policy": want}, nil); status != http.StatusOK {
			t.Fatalf("status %d", status)
		}
		eventually(t, "the other process follows", func() bool {
			var l struct {
				Policy string `json:"policy"`
			}
			return other.call("GET", "api/v1/limits/caller", tokens[other], nil, &l) == http.StatusOK && l.Policy == want
		})
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	t.Logf("of %d edits from the request to the other process: half within %v, all within %v",
		len(took), took[len(took)/2].Round(time.Millisecond), took[len(took)-1].Round(time.Millisecond))
	one.stop()
	two.stop()
}
