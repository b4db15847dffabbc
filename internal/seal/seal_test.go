package seal_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/internal/seal"
)

func key(id string, b byte) seal.Key {
	return seal.Key{ID: id, Key: bytes.Repeat([]byte{b}, seal.KeySize)}
}

func box(t testing.TB, keys ...seal.Key) *seal.Box {
	t.Helper()
	b, err := seal.New(keys...)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return b
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, keys := range map[string][]seal.Key{
		"none":         nil,
		"short":        {{ID: "a", Key: make([]byte, 16)}},
		"long":         {{ID: "a", Key: bytes.Repeat([]byte{1}, 33)}},
		"all zero":     {{ID: "a", Key: make([]byte, 32)}},
		"no id":        {key("", 1)},
		"id with dot":  {key("a.b", 1)},
		"id too long":  {key(strings.Repeat("a", 33), 1)},
		"id twice":     {key("a", 1), key("a", 2)},
		"second short": {key("a", 1), {ID: "b", Key: []byte("x")}},
	} {
		if got, err := seal.New(keys...); err == nil {
			t.Errorf("%s: got %v, want an error", name, got)
		} else if strings.Contains(err.Error(), "\x01") {
			t.Errorf("%s: the error shows a key: %q", name, err)
		}
	}
}

func TestSealOpen(t *testing.T) {
	t.Parallel()
	b := box(t, key("k1", 1))
	for _, plain := range []string{"", "a", strings.Repeat("long ", 5000)} {
		sealed, err := b.Seal("ctx", []byte(plain))
		if err != nil {
			t.Fatalf("Seal: %v", err)
		}
		again, _ := b.Seal("ctx", []byte(plain))
		if sealed == again {
			t.Error("two seals of one text are equal, want different nonces")
		}
		got, err := b.Open("ctx", sealed)
		if err != nil || string(got) != plain {
			t.Errorf("Open: got %q, %v, want %q", got, err, plain)
		}
		if _, err := b.Open("other", sealed); !errors.Is(err, seal.ErrOpen) {
			t.Errorf("Open in another context: got %v, want ErrOpen", err)
		}
	}
	if _, err := b.Seal("ctx", make([]byte, seal.MaxPlain+1)); err == nil {
		t.Error("Seal above MaxPlain: got no error")
	}
}

func TestOpenRefusesEveryChangedByte(t *testing.T) {
	t.Parallel()
	b := box(t, key("k1", 1), key("k2", 2))
	sealed, err := b.Seal("ctx", []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range len(sealed) {
		for _, c := range []byte{sealed[i] ^ 1, 'A', '.', '\n'} {
			if c == sealed[i] {
				continue
			}
			changed := sealed[:i] + string(c) + sealed[i+1:]
			if got, err := b.Open("ctx", changed); err == nil {
				t.Errorf("byte %d set to %q: got %q, want an error", i, c, got)
			}
		}
	}
	for _, text := range []string{"", "s1", "s1.", "s1.k1", "s1.k1.", sealed + "A", sealed + "=", " " + sealed, sealed + "\n", "s2" + sealed[2:]} {
		if got, err := b.Open("ctx", text); err == nil {
			t.Errorf("Open(%q): got %q, want an error", text, got)
		}
	}
}

func TestRotation(t *testing.T) {
	t.Parallel()
	old := box(t, key("k1", 1))
	both := box(t, key("k2", 2), key("k1", 1))
	sealed, err := old.Seal("ctx", []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := both.Open("ctx", sealed); err != nil || string(got) != "secret" {
		t.Errorf("old text, both keys: got %q, %v", got, err)
	}
	if both.Current(sealed) {
		t.Error("Current of the old text: got true")
	}
	renewed, err := both.Seal("ctx", []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	if !both.Current(renewed) {
		t.Error("Current of the new text: got false")
	}
	if _, err := old.Open("ctx", renewed); !errors.Is(err, seal.ErrUnknownKey) {
		t.Errorf("new text, old key: got %v, want ErrUnknownKey", err)
	}
	// The same id with other bytes is another key.
	if _, err := box(t, key("k1", 9)).Open("ctx", sealed); !errors.Is(err, seal.ErrOpen) {
		t.Errorf("other bytes: got %v, want ErrOpen", err)
	}
}

func TestSubkeys(t *testing.T) {
	t.Parallel()
	both := box(t, key("k2", 2), key("k1", 1))
	if bytes.Equal(both.Subkey("a"), both.Subkey("b")) {
		t.Error("two purposes share a key")
	}
	keys := both.Subkeys("a")
	if len(keys) != 2 || !bytes.Equal(keys[0], both.Subkey("a")) {
		t.Errorf("Subkeys: got %d keys, want 2 and the newest first", len(keys))
	}
	if !bytes.Equal(keys[1], box(t, key("other-id", 1)).Subkey("a")) {
		t.Error("the older subkey depends on more than its master key")
	}
	if len(keys[0]) != seal.KeySize {
		t.Errorf("got %d bytes, want %d", len(keys[0]), seal.KeySize)
	}
}

func TestPrintingHidesKeys(t *testing.T) {
	t.Parallel()
	k := seal.Key{ID: "k1", Key: []byte("0123456789abcdef0123456789abcdef")}
	b := box(t, k)
	for _, text := range []string{
		fmt.Sprint(k), fmt.Sprintf("%+v", k), fmt.Sprintf("%#v", k),
		fmt.Sprint(b), fmt.Sprintf("%+v", b), fmt.Sprintf("%#v", b),
	} {
		if strings.Contains(text, "0123") || strings.Contains(text, "48, 49") || strings.Contains(text, "48 49") || strings.Contains(text, "0x30") {
			t.Errorf("printed the key: %s", text)
		}
	}
}

func FuzzOpen(f *testing.F) {
	b := box(f, key("k2", 2), key("k1", 1))
	sealed, err := b.Seal("ctx", []byte("secret"))
	if err != nil {
		f.Fatal(err)
	}
	for _, text := range []string{sealed, "", "s1.k1.", "s1.k1.AAAA", "s1..", "s1.k2.AA==", strings.Repeat("s1.", 100)} {
		f.Add("ctx", text)
	}
	f.Fuzz(func(t *testing.T, context, text string) {
		plain, err := b.Open(context, text)
		switch {
		case err == nil && (string(plain) != "secret" || context != "ctx"):
			t.Errorf("opened %q in %q: %q", text, context, plain)
		case err != nil && plain != nil:
			t.Errorf("got both %q and %v", plain, err)
		}
	})
}
