package featureflag_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A context as large as it may be costs time in proportion, and no more.
func TestOFREPHugeContext(t *testing.T) {
	handler := remote(t, parsed(t, remoteFlags))
	var wide strings.Builder
	wide.WriteString(`{"context":{"targetingKey":"u"`)
	for i := 0; wide.Len() < 1_000_000; i++ {
		fmt.Fprintf(&wide, `,"k%d":[{"a":%d}]`, i, i)
	}
	wide.WriteString(`}}`)
	text := `{"context":{"email":"` + strings.Repeat("a", 1_000_000) + `@example.com"}}`
	for name, body := range map[string]string{"wide": wide.String(), "long": text} {
		for _, path := range []string{bulk, single + "count"} {
			began := time.Now()
			if w := post(handler, path, body); w.Code != 200 {
				t.Errorf("%s: got %d %.100s", name, w.Code, w.Body)
			}
			if took := time.Since(began); took > patience {
				t.Errorf("%s: took %s", name, took)
			}
		}
	}
}

// Each split of a bulk request reads the targeting key.
func TestOFREPLongTargetingKey(t *testing.T) {
	handler := remote(t, parsed(t, remoteFlags))
	for size, want := range map[int]int{4096: 200, 4097: 400} {
		w := post(handler, bulk, `{"context":{"targetingKey":"`+strings.Repeat("k", size)+`"}}`)
		if w.Code != want || want == 400 && !strings.Contains(w.Body.String(), "INVALID_CONTEXT") {
			t.Errorf("%d bytes: got %d %.100s, want %d", size, w.Code, w.Body, want)
		}
	}
}

// A client that leaves is not waited for.
func TestOFREPCancelledRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		handler := remote(t, parsed(t, remoteFlags))
		ctx, cancel := context.WithCancel(t.Context())
		r := httptest.NewRequest("POST", bulk+"?flagConfigEtag=unknown", strings.NewReader(`{"context":{}}`)).WithContext(ctx)
		r.Header.Set("Content-Type", "application/json")
		began := time.Now()
		go func() {
			sleep(10 * time.Millisecond)
			cancel()
		}()
		handler.ServeHTTP(httptest.NewRecorder(), r)
		if took := time.Since(began); took != 10*time.Millisecond {
			t.Errorf("took %s", took)
		}
	})
}

// Nobody evaluates all flags for a client that has left.
func TestOFREPBulkOfNobody(t *testing.T) {
	handler := remote(t, parsed(t, remoteFlags))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := httptest.NewRequest("POST", bulk, strings.NewReader(`{"context":{}}`)).WithContext(ctx)
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	if handler.ServeHTTP(w, r); w.Body.Len() > 0 {
		t.Errorf("got %.100s", w.Body)
	}
}

// While flags change, every answer is of one set as a whole, and no two sets
// share a tag.
func TestOFREPWhileFlagsChange(t *testing.T) {
	pair := func(n int) string {
		flag := fmt.Sprintf(`{"state":"ENABLED","variants":{"n":%d},"defaultVariant":"n"}`, n)
		return `{"flags":{"a":` + flag + `,"z":` + flag + `}}`
	}
	flags := parsed(t, pair(0))
	handler := remote(t, flags)
	done := make(chan struct{})
	var readers sync.WaitGroup
	var mu sync.Mutex
	tags := map[string]float64{}
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				w := post(handler, bulk, `{"context":{"targetingKey":"u"}}`)
				var got struct{ Flags []struct{ Value float64 } }
				if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || len(got.Flags) != 2 || got.Flags[0] != got.Flags[1] {
					t.Errorf("got %v %s", err, w.Body)
					return
				}
				mu.Lock()
				if n, ok := tags[w.Header().Get("ETag")]; ok && n != got.Flags[0].Value {
					t.Errorf("one tag for %v and %v", n, got.Flags[0].Value)
				}
				tags[w.Header().Get("ETag")] = got.Flags[0].Value
				mu.Unlock()
			}
		})
	}
	for n := range 500 {
		flags.Replace(set(t, pair(n)))
	}
	close(done)
	readers.Wait()
	if len(tags) < 2 {
		t.Errorf("saw %d sets", len(tags))
	}
}
