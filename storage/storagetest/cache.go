package storagetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/storage"
)

// RunCache checks a cache. open returns an empty one that holds at least a
// mebibyte; the test that opens it closes it.
func RunCache(t *testing.T, open func(t *testing.T) storage.Cache) {
	cases := []struct {
		name string
		run  func(*testing.T, storage.Cache)
	}{
		{"get, set, delete", testCacheBasics},
		{"values are copied", testCacheCopies},
		{"values expire", testCacheExpiry},
		{"at once", testCacheTogether},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { c.run(t, open(t)) })
	}
}

func set(t *testing.T, c storage.Cache, key, value string, ttl time.Duration) {
	t.Helper()
	if err := c.Set(t.Context(), key, []byte(value), ttl); err != nil {
		t.Fatalf("set %s: %v", key, err)
	}
}

// has reports the value under key, "-" for none.
func has(t *testing.T, c storage.Cache, key string) string {
	t.Helper()
	v, ok, err := c.Get(t.Context(), key)
	if err != nil {
		t.Fatalf("get %s: %v", key, err)
	}
	if !ok {
		if v != nil {
			t.Errorf("get %s: a value without ok", key)
		}
		return "-"
	}
	return string(v)
}

func testCacheBasics(t *testing.T, c storage.Cache) {
	check := func(step, key, want string) {
		t.Helper()
		if got := has(t, c, key); got != want {
			t.Errorf("%s: %s = %q, want %q", step, key, got, want)
		}
	}
	check("empty", "a", "-")
	set(t, c, "a", "1", time.Hour)
	set(t, c, "b", "", time.Hour)
	set(t, c, "key with spaces\x00and zero", "3", time.Hour)
	check("set", "a", "1")
	check("an empty value is a value", "b", "")
	check("any key", "key with spaces\x00and zero", "3")
	set(t, c, "a", "2", time.Hour)
	check("set again", "a", "2")
	set(t, c, "a", "3", 0)
	check("no time to live", "a", "-")
	set(t, c, "a", "4", time.Hour)
	if err := c.Delete(t.Context(), "a", "b", "missing"); err != nil {
		t.Fatalf("delete: %v", err)
	}
	check("deleted", "a", "-")
	check("deleted", "b", "-")
	if err := c.Delete(t.Context()); err != nil {
		t.Errorf("delete nothing: %v", err)
	}
}

func testCacheCopies(t *testing.T, c storage.Cache) {
	in := []byte("value")
	if err := c.Set(t.Context(), "a", in, time.Hour); err != nil {
		t.Fatal(err)
	}
	in[0] = 'X'
	out, _, err := c.Get(t.Context(), "a")
	if err != nil || string(out) != "value" {
		t.Fatalf("get = %q, %v: the caller's change came through", out, err)
	}
	out[0] = 'Y'
	if got := has(t, c, "a"); got != "value" {
		t.Errorf("get = %q: a reader's change came through", got)
	}
}

func testCacheExpiry(t *testing.T, c storage.Cache) {
	set(t, c, "short", "1", 50*time.Millisecond)
	set(t, c, "long", "2", time.Hour)
	set(t, c, "extended", "3", 50*time.Millisecond)
	set(t, c, "extended", "4", time.Hour)
	eventually(t, "expiry", func() bool { return has(t, c, "short") == "-" })
	if got := has(t, c, "long") + has(t, c, "extended"); got != "24" {
		t.Errorf("long and extended = %q, want 24", got)
	}
}

func testCacheTogether(t *testing.T, c storage.Cache) {
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 200 {
				key, value := fmt.Sprint(i%17), fmt.Sprint(w)
				if err := c.Set(t.Context(), key, []byte(value), time.Hour); err != nil {
					t.Error(err)
				}
				v, ok, err := c.Get(t.Context(), key)
				if err != nil || ok && len(v) != 1 {
					t.Errorf("get = %q, %v", v, err)
				}
				if i%10 == 0 {
					if err := c.Delete(t.Context(), key); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
}
