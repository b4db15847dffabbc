package settings_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/internal/settings"
	"github.com/modular-dashboard/dashboard/storage"
)

// What a module is attached with at the start was read a moment before: what somebody
// changed in between comes into effect, too.
func TestFirstAttach(t *testing.T) {
	t.Parallel()
	replace := func(t *testing.T, other, _ *settings.Store, _ *storage.DB) { put(t, other, `{"host":"mx2"}`, 1) }
	for name, tc := range map[string]struct {
		between func(t *testing.T, other, own *settings.Store, db *storage.DB)
		atOnce  string // in effect when Attach returns
		soon    string
	}{
		"no change":                  {nil, "mx", "mx"},
		"change by another instance": {replace, "mx", "mx2"},
		"change by this one": {func(t *testing.T, _, own *settings.Store, _ *storage.DB) {
			put(t, own, `{"host":"mx2"}`, 1)
		}, "mx2", "mx2"},
		"rollback by this one": {func(t *testing.T, _, own *settings.Store, _ *storage.DB) {
			if _, err := own.Rollback(t.Context(), "mail", 0, 1, "u1"); err != nil {
				t.Fatal(err)
			}
		}, "localhost", "localhost"},
		"purge by this one": {func(t *testing.T, _, own *settings.Store, db *storage.DB) {
			if err := db.Update(t.Context(), func(tx *storage.Tx) error { return own.Purge(t.Context(), tx, "mail") }); err != nil {
				t.Fatal(err)
			}
		}, "localhost", "localhost"},
		"purge by another instance": {func(t *testing.T, other, _ *settings.Store, db *storage.DB) {
			if err := db.Update(t.Context(), func(tx *storage.Tx) error { return other.Purge(t.Context(), tx, "mail") }); err != nil {
				t.Fatal(err)
			}
		}, "mx", "localhost"},
		"change, and the start is over": {func(t *testing.T, other, own *settings.Store, db *storage.DB) {
			replace(t, other, own, db)
			own.Started()
		}, "mx2", "mx2"},
		"change, and later": {func(t *testing.T, other, own *settings.Store, db *storage.DB) {
			replace(t, other, own, db)
			<-time.After(time.Second)
		}, "mx2", "mx2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				db, m := open(t), &mail{detached: true}
				other := start(t, db, settings.Options{}, &mail{})
				put(t, other, `{"host":"mx"}`, 0)
				own := start(t, db, settings.Options{}, m)
				if tc.between != nil {
					tc.between(t, other, own, db)
				}
				if err := own.Attach(t.Context(), "mail"); err != nil {
					t.Fatal(err)
				}
				wantEffect(t, m, effective(tc.atOnce, 25, "", ""))
				<-time.After(time.Second)
				wantEffect(t, m, effective(tc.soon, 25, "", ""))

				// Only the first attach is that early.
				if err := own.Detach(t.Context(), "mail"); err != nil {
					t.Fatal(err)
				}
				put(t, other, `{"host":"mx3"}`, settings.AnyVersion)
				if err := own.Attach(t.Context(), "mail"); err != nil {
					t.Fatal(err)
				}
				wantEffect(t, m, effective("mx3", 25, "", ""))
			})
		})
	}
}

// The second of two attaches within a moment of the start asks the database.
func TestSecondAttach(t *testing.T) {
	t.Parallel()
	db, m := open(t), &mail{}
	own := start(t, db, settings.Options{}, m)
	if err := own.Detach(t.Context(), "mail"); err != nil {
		t.Fatal(err)
	}
	put(t, start(t, db, settings.Options{}, &mail{}), `{"host":"mx"}`, 0)
	if err := own.Attach(t.Context(), "mail"); err != nil {
		t.Fatal(err)
	}
	wantEffect(t, m, effective("mx", 25, "", ""))
}

// What was wrong when it was read, and is not any more, keeps no module from being
// attached; what is wrong still does, and is tried once.
func TestFirstAttachFails(t *testing.T) {
	t.Parallel()
	for name, mended := range map[string]bool{"mended": true, "as it was": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, m, tries := open(t), &mail{detached: true}, 0
			m.on(func(_ context.Context, values json.RawMessage) error {
				if tries++; strings.Contains(string(values), "wrong") {
					return errors.New("no such host")
				}
				return nil
			})
			other := start(t, db, settings.Options{}, &mail{})
			put(t, other, `{"host":"wrong"}`, 0)
			own := start(t, db, settings.Options{}, m)
			if mended {
				put(t, other, `{"host":"mx"}`, 1)
			}
			err := own.Attach(t.Context(), "mail")
			if mended {
				if err != nil {
					t.Errorf("got %v, want what is stored now", err)
				}
				wantEffect(t, m, effective("mx", 25, "", ""))
			} else if refused := wantRefused(t, err); refused.Module != "mail" || tries != 1 {
				t.Errorf("got %+v after %d tries, want it refused at the first", refused, tries)
			}
		})
	}
}
