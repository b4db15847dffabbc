package storage_test

import (
	"errors"
	"testing"

	"github.com/modular-dashboard/dashboard/internal/leaktest"
	"github.com/modular-dashboard/dashboard/storage"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func TestNewRefuses(t *testing.T) {
	for _, c := range []storage.Config{{}, {Dialect: storage.SQLite}, {Dialect: 9}} {
		if _, err := storage.New(c); err == nil {
			t.Errorf("New(%+v) gave no error", c)
		}
	}
}

func TestDialect(t *testing.T) {
	cases := []struct {
		d               storage.Dialect
		name, now, lock string
	}{
		{storage.SQLite, "sqlite", "dashboard_now()", ""},
		{storage.PostgreSQL, "postgresql", "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint", " FOR UPDATE"},
	}
	for _, c := range cases {
		if c.d.String() != c.name || c.d.NowMicros() != c.now || c.d.ForUpdate() != c.lock {
			t.Errorf("%s: %q, %q; want %s, %q, %q", c.d, c.d.NowMicros(), c.d.ForUpdate(), c.name, c.now, c.lock)
		}
	}
	if got := storage.Dialect(0).String(); got != "dialect(0)" {
		t.Errorf("zero dialect = %q", got)
	}
}

func TestError(t *testing.T) {
	cause := errors.New("driver text")
	err := error(&storage.Error{Code: storage.ErrFull, Detail: "no room", Err: cause})
	if err.Error() != "no room" || !errors.Is(err, storage.ErrFull) || !errors.Is(err, cause) || errors.Is(err, storage.ErrBusy) {
		t.Errorf("error = %v", err)
	}
	if err := error(&storage.Error{Code: storage.ErrFull, Detail: "x"}); !errors.Is(err, storage.ErrFull) {
		t.Errorf("without a cause: %v", err)
	}
}
