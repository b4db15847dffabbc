package status_test

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/modular-dashboard/dashboard/internal/leaktest"
	"github.com/modular-dashboard/dashboard/modules/traffic/internal/status"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func text(c *status.Counts) (out string) {
	c.Each(func(code int, n uint64) { out += fmt.Sprintf("%d:%d ", code, n) })
	return out
}

func TestCounter(t *testing.T) {
	t.Parallel()
	var c status.Counter
	var seen status.Seen
	var sum status.Counts
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 1000 {
				c.Add([]int{200, 204, 404, 500, 999, 0}[i%6])
			}
		})
	}
	for range 20 {
		sum.Merge(c.Since(&seen))
	}
	wg.Wait()
	sum.Merge(c.Since(&seen))
	if got, want := text(&sum), "100:664 200:668 204:668 404:668 500:668 599:664 "; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if sum.Total() != 4000 || sum.Class(5) != 1332 || sum.Class(2) != 1336 || sum.Class(3) != 0 {
		t.Errorf("got %d in all, %d of 5xx, %d of 2xx", sum.Total(), sum.Class(5), sum.Class(2))
	}
	if next := c.Since(&seen); next.Total() != 0 {
		t.Errorf("got %s more, want nothing", text(&next))
	}
}

func TestMergeBytesRefuses(t *testing.T) {
	t.Parallel()
	for _, b := range [][]byte{{99, 1}, {0xd8, 4, 1}, {200}, {0xc8, 1}, {0xc8, 1, 0}, {0xc8, 1, 1, 0xc8, 1, 1}, {0xc8, 1, 0x80},
		append([]byte{0xc8, 1}, bytes.Repeat([]byte{0xff}, 9)...)} {
		var c status.Counts
		c.Add(200, 1)
		if err := c.MergeBytes(b); !errors.Is(err, status.ErrInvalid) || c.Total() != 1 {
			t.Errorf("%v: got %v and %s, want ErrInvalid and what was there", b, err, text(&c))
		}
	}
}

func FuzzMergeBytes(f *testing.F) {
	var c status.Counts
	c.Add(200, 7)
	c.Add(503, 1<<40)
	f.Add(c.Append(nil))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		var c, again status.Counts
		if err := c.MergeBytes(b); err != nil {
			return
		}
		if err := again.MergeBytes(c.Append(nil)); err != nil || text(&c) != text(&again) {
			t.Fatalf("%v: %s was written, %s read: %v", b, text(&c), text(&again), err)
		}
	})
}
