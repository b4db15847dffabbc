package settings_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/internal/settings"
	"github.com/modular-dashboard/dashboard/storage"
)

func TestOtherInstancesFollow(t *testing.T) {
	t.Parallel()
	for name, withBus := range map[string]bool{"by polling": false, "by bus": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				db, opts, limit := open(t), settings.Options{}, time.Second
				if withBus {
					bus := storage.NewMemoryBus()
					defer bus.Close()
					opts.Bus, limit = bus, 20*time.Millisecond
				}
				ms := []*mail{{}, {}, {}}
				var stores []*settings.Store
				for _, m := range ms {
					stores = append(stores, start(t, db, opts, m))
				}
				for i, host := range []string{"a", "b", "c", "d"} {
					put(t, stores[i%3], `{"host":"`+host+`","auth":{"password":"hunter2!"}}`, int64(i))
					want := effective(host, 25, "", "hunter2!")
					for n, m := range ms {
						eventually(t, limit, "instance "+string(rune('0'+n))+" has "+host, func() bool { got, _ := m.last(); return got == want })
					}
				}
				_, calls := ms[0].last()
				<-time.After(time.Minute)
				if _, after := ms[0].last(); after != calls {
					t.Errorf("applied %d times more without a change", after-calls)
				}
			})
		})
	}
}

// What another instance cannot apply stays visible there, is tried again ever more rarely, and heals.
func TestFollowerFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := open(t)
		var logged syncBuffer
		one, two := &mail{}, &mail{}
		first := start(t, db, settings.Options{}, one)
		second := start(t, db, settings.Options{Log: slog.New(slog.NewTextHandler(&logged, nil))}, two)
		tries := 0
		two.on(func(_ context.Context, values json.RawMessage) error {
			if !strings.Contains(string(values), `"mx"`) {
				return nil
			}
			tries++
			return errors.New("hunter2! is wrong")
		})
		put(t, first, `{"host":"mx","auth":{"password":"hunter2!"}}`, 0)
		eventually(t, time.Second, "failure", func() bool { return second.Failure("mail") != nil })
		var stale *settings.StaleError
		var refused *settings.ApplyError
		err := second.Failure("mail")
		if !errors.As(err, &stale) || stale.Version != 1 || stale.Module != "mail" || !errors.As(err, &refused) || !refused.Restored {
			t.Errorf("got %#v, want version 1 refused and the former values in effect", err)
		}
		wantEffect(t, two, effective("localhost", 25, "", ""))
		<-time.After(10 * time.Minute)
		if tries < 10 || tries > 20 {
			t.Errorf("tried %d times in 10 minutes, want between 10 and 20", tries)
		}
		if text := err.Error() + logged.String(); strings.Contains(text, "hunter2") || !strings.Contains(text, "[secret]") {
			t.Errorf("tells the secret: %s", text)
		}
		if err := first.Failure("mail"); err != nil {
			t.Errorf("first instance: got %v", err)
		}
		two.on(nil)
		eventually(t, time.Minute+time.Second, "healed", func() bool { return second.Failure("mail") == nil })
		wantEffect(t, two, effective("mx", 25, "", "hunter2!"))

		// A new version is tried at once, whatever became of the one before.
		two.on(func(context.Context, json.RawMessage) error { return errors.New("no") })
		put(t, first, `{"host":"a"}`, 1)
		<-time.After(20 * time.Second)
		two.on(nil)
		put(t, first, `{"host":"b"}`, 2)
		eventually(t, time.Second, "next version", func() bool { return second.Failure("mail") == nil })
		wantEffect(t, two, effective("b", 25, "", "hunter2!"))
	})
}

type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// One module that hangs on an instance keeps no other from following.
func TestFollowerHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := open(t)
		one, two := &mail{}, &mail{}
		first, second := start(t, db, settings.Options{}, one), start(t, db, settings.Options{}, two)
		followed := make(chan string, 1)
		for _, s := range []*settings.Store{first, second} {
			err := s.Register("chat", settings.Spec{Defaults: json.RawMessage(`{"room":""}`), Apply: func(_ context.Context, v json.RawMessage) error {
				if s == second && strings.Contains(string(v), "x") {
					followed <- string(v)
				}
				return nil
			}})
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Attach(t.Context(), "chat"); err != nil {
				t.Fatal(err)
			}
		}
		release := make(chan struct{})
		two.on(func(context.Context, json.RawMessage) error { <-release; return nil })
		put(t, first, `{"host":"mx"}`, 0)
		<-time.After(time.Second)
		if _, err := first.Put(t.Context(), "chat", json.RawMessage(`{"room":"x"}`), 0, ""); err != nil {
			t.Fatal(err)
		}
		select {
		case <-followed:
		case <-time.After(time.Second):
			t.Error("the other module did not follow within 1 s")
		}
		<-time.After(time.Minute)
		if err := second.Failure("mail"); err == nil || !strings.Contains(err.Error(), "has not returned") {
			t.Errorf("got %v, want it to say that apply hangs", err)
		}
		close(release)
		eventually(t, 2*time.Second, "caught up", func() bool { return second.Failure("mail") == nil })
		wantEffect(t, two, effective("mx", 25, "", ""))
	})
}

// Writers on two instances at once: in the end both run with what is stored.
func TestInstancesConverge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := open(t)
		ms := []*mail{{}, {}}
		stores := []*settings.Store{start(t, db, settings.Options{}, ms[0]), start(t, db, settings.Options{}, ms[1])}
		var wg sync.WaitGroup
		for i := range 6 {
			wg.Go(func() {
				for n := range 10 {
					values, _ := json.Marshal(map[string]any{"port": 100*(i+1) + n})
					_, err := stores[i%2].Put(t.Context(), "mail", values, settings.AnyVersion, "u")
					var conflict *settings.ConflictError
					if err != nil && !errors.As(err, &conflict) {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		want, err := stores[0].Load(t.Context(), "mail")
		if err != nil {
			t.Fatal(err)
		}
		for i, m := range ms {
			eventually(t, time.Second, "instance "+string(rune('0'+i))+" runs with what is stored",
				func() bool { got, _ := m.last(); return got == string(want) })
		}
	})
}

func TestFollowingSurvivesADatabaseThatIsAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := open(t)
		var logged syncBuffer
		m := &mail{}
		start(t, db, settings.Options{Log: slog.New(slog.NewTextHandler(&logged, nil))}, m)
		if _, err := db.Exec(t.Context(), `ALTER TABLE settings_current RENAME TO away`); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Minute)
		if n := strings.Count(logged.String(), "\n"); n != 1 {
			t.Errorf("logged %d lines, want one: %s", n, logged.String())
		}
		if _, err := db.Exec(t.Context(), `ALTER TABLE away RENAME TO settings_current`); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(t.Context(), `INSERT INTO settings_current (module, version, doc, secrets) VALUES ('mail', 7, '{"port":7}', '{}')`); err != nil {
			t.Fatal(err)
		}
		eventually(t, time.Second, "followed", func() bool { got, _ := m.last(); return got == effective("localhost", 7, "", "") })
	})
}

func TestDamagedRows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db, m := open(t), &mail{}
		s := start(t, db, settings.Options{}, m)
		put(t, s, `{"port":26}`, 0)
		for _, damage := range []string{`doc = '{'`, `doc = '{}', secrets = 'null'`, `secrets = '{"a":1}'`} {
			if _, err := db.Exec(t.Context(), `UPDATE settings_current SET version = version + 1, `+damage); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Get(t.Context(), "mail"); err == nil || !strings.Contains(err.Error(), "damaged") {
				t.Errorf("%s: got %v, want it to say so", damage, err)
			}
			eventually(t, time.Second, damage, func() bool {
				err := s.Failure("mail")
				return err != nil && strings.Contains(err.Error(), "damaged")
			})
			wantEffect(t, m, effective("localhost", 26, "", ""))
		}
	})
}
