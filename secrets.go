package dashboard

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"sync/atomic"

	"github.com/modular-dashboard/dashboard/internal/seal"
	"github.com/modular-dashboard/dashboard/storage"
)

// vault opens its box at start, because New does no I/O and the key may be in a
// file.
type vault struct{ box atomic.Pointer[seal.Box] }

var errLocked = errors.New("the master key is not loaded yet")

func (v *vault) Seal(context string, plain []byte) (string, error) {
	b := v.box.Load()
	if b == nil {
		return "", errLocked
	}
	return b.Seal(context, plain)
}

func (v *vault) Open(context, sealed string) ([]byte, error) {
	b := v.box.Load()
	if b == nil {
		return nil, errLocked
	}
	return b.Open(context, sealed)
}

func (v *vault) subkey(purpose string) []byte {
	b := v.box.Load()
	if b == nil {
		return nil
	}
	return b.Subkey(purpose)
}

// loadKeys returns the master keys: those given, or those of the key file
// beside a SQLite database, which is made where it is missing.
func (d *Dashboard) loadKeys(ctx context.Context) ([]MasterKey, error) {
	d.keysOnce.Do(func() { d.keys, d.keysErr = d.readKeys(ctx) })
	return d.keys, d.keysErr
}

func (d *Dashboard) readKeys(ctx context.Context) ([]MasterKey, error) {
	if len(d.config.masterKeys) > 0 {
		return d.config.masterKeys, nil
	}
	if d.db.Dialect() != storage.SQLite {
		return nil, errors.New("a master key is required on this database: set it with WithMasterKeys")
	}
	if d.db.Path() == "" { // in memory: so may the key be
		key := make([]byte, 32)
		_, _ = rand.Read(key) // never fails
		return []MasterKey{{ID: "memory", Key: key}}, nil
	}
	return d.keyFile(ctx, d.db.Path()+".key")
}

// sealedBefore reports whether the database holds what a key has sealed.
func (d *Dashboard) sealedBefore(ctx context.Context) (bool, error) {
	const query = `SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'auth_keys'`
	var n int
	if err := d.db.QueryRow(ctx, query).Scan(&n); err != nil {
		return false, fmt.Errorf("look for sealed secrets: %w", err)
	}
	return n > 0, nil
}

// firstKeyFile makes the key file, unless the database holds what a lost one has
// sealed, and returns its text.
func (d *Dashboard) firstKeyFile(ctx context.Context, name string) ([]byte, error) {
	// In this order: another process may be making both just now, the key first.
	sealed, err := d.sealedBefore(ctx)
	if err != nil {
		return nil, err
	}
	if raw, err := os.ReadFile(name); !errors.Is(err, fs.ErrNotExist) {
		return raw, err
	}
	if sealed {
		return nil, fmt.Errorf("%s is missing: restore it, the database's secrets open with nothing else", name)
	}
	if err := makeKeyFile(name); err != nil {
		return nil, fmt.Errorf("make it: %w", err)
	}
	d.log.WarnContext(ctx, "made a master key beside the database: whoever has both files has every secret; keep a copy apart",
		"file", name)
	return os.ReadFile(name)
}

// keyFile reads a key file, one "id base64" per line, newest first.
func (d *Dashboard) keyFile(ctx context.Context, name string) ([]MasterKey, error) {
	raw, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		raw, err = d.firstKeyFile(ctx, name)
	}
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	if err := d.keyFileIsPrivate(ctx, name); err != nil {
		return nil, err
	}
	var out []MasterKey
	for line := range strings.Lines(string(raw)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		id, text, _ := strings.Cut(line, " ")
		key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
		if err != nil || len(key) != 32 {
			return nil, fmt.Errorf("read key file %s: key %.20q is not 32 bytes of base64", name, id)
		}
		out = append(out, MasterKey{ID: id, Key: key})
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("read key file %s: it holds no key", name)
	}
	return out, nil
}

// keyFileIsPrivate refuses a key file that everybody may read, or that others
// may write: the secrets of the database are none then. A group may read it, as
// the volumes of some orchestrators have it, and is warned about. Windows has
// no such modes.
func (d *Dashboard) keyFileIsPrivate(ctx context.Context, name string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	info, err := os.Stat(name)
	if err != nil {
		return fmt.Errorf("read key file: %w", err)
	}
	mode := info.Mode().Perm()
	switch {
	case mode&0o027 != 0:
		return fmt.Errorf("the key file %s has mode %#o, so others than its owner may read or change it: chmod 600 it, and if somebody may have read it, rotate the key", name, mode)
	case mode&0o040 != 0:
		d.log.WarnContext(ctx, "the key file may be read by its group: whoever reads it and the database has every secret; chmod 600 it unless that is meant",
			"file", name, "mode", fmt.Sprintf("%#o", mode))
	}
	return nil
}

// makeKeyFile writes the file under another name first and links it into place:
// of several processes that start at once, one wins and none sees half a file.
func makeKeyFile(name string) error {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	text := "# Master key of the dashboard beside this file: id and 32 bytes, base64. Newest first.\n" +
		"1 " + base64.StdEncoding.EncodeToString(key) + "\n"
	temp := name + "." + strings.ToLower(rand.Text()[:8])
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temp) }()
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(temp, name); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// openBox makes the secrets readable, see vault.
func (d *Dashboard) openBox(ctx context.Context) error {
	keys, err := d.loadKeys(ctx)
	if err != nil {
		return err
	}
	var texts []string
	for _, k := range keys {
		texts = append(texts, base64.StdEncoding.EncodeToString(k.Key), hex.EncodeToString(k.Key), string(k.Key))
	}
	d.redactor.Know("master keys", texts...)
	box, err := boxOf(keys)
	if err != nil {
		return err
	}
	d.vault.box.Store(box)
	return nil
}

func boxOf(keys []MasterKey) (*seal.Box, error) {
	sealing := make([]seal.Key, len(keys))
	for i, k := range keys {
		sealing[i] = seal.Key(k)
	}
	box, err := seal.New(sealing...)
	if err != nil {
		return nil, fmt.Errorf("master keys: %w", err)
	}
	return box, nil
}
