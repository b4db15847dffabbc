package idempotency_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/modular-dashboard/dashboard/internal/idempotency"
)

// What a key costs a request: claim and answer, beside its write.
func BenchmarkClaimAndFinish(b *testing.B) {
	_, s := open(b, filepath.Join(b.TempDir(), "bench.db"))
	answer := &idempotency.Answer{Status: 201, Body: make([]byte, 300)}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		r := request(fmt.Sprint(i))
		r.Owner = fmt.Sprint(i % 100)
		c, _ := claim(b, s, r, idempotency.Run)
		finish(b, c, answer)
	}
}
