package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/modular-dashboard/dashboard/storage"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

// systemChildren are the roles that need Linux.
func systemChildren() map[string]func(path string) error {
	return map[string]func(string) error{
		"file limit": childFileLimit, "small disk": childSmallDisk, "unprivileged": childUnprivileged,
	}
}

// childOpen opens and closes a database and prints the error.
func childOpen(path string) error {
	db, err := sqlite.Open(path)
	if lazy := childOpenLazily(path); fmt.Sprint(lazy) != fmt.Sprint(err) {
		fmt.Println("lazily:", lazy)
	}
	if err != nil {
		fmt.Println(err)
		return nil
	}
	return db.Close()
}

// childOpenLazily returns what the first statement says.
func childOpenLazily(path string) error {
	db, err := sqlite.Open(path, sqlite.WithLazyOpen())
	if err != nil {
		return err
	}
	return errors.Join(db.QueryRow(context.Background(), `SELECT 1`).Scan(new(int)), db.Close())
}

// childUnprivileged gives up root's rights, which no permission bit stops,
// and opens each path of a list.
func childUnprivileged(paths string) error {
	if os.Geteuid() == 0 {
		const nobody = 65534
		if err := errors.Join(syscall.Setgroups(nil), syscall.Setgid(nobody), syscall.Setuid(nobody)); err != nil {
			return err
		}
	}
	for path := range strings.SplitSeq(paths, "\n") {
		if err := childOpen(path); err != nil {
			return err
		}
	}
	return nil
}

// TestReadOnly opens databases that this user may not write, in a process
// without root's rights.
func TestReadOnly(t *testing.T) {
	base := t.TempDir()
	mode := func(path string, bits os.FileMode) {
		t.Helper()
		if err := os.Chmod(path, bits); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		for _, dir := range []string{"folder", "empty"} {
			mode(filepath.Join(base, dir), 0o755)
		}
	})
	mode(base, 0o755) // another user must reach it
	mode(filepath.Dir(base), 0o755)
	for _, dir := range []string{"folder", "empty", "open"} {
		if err := os.Mkdir(filepath.Join(base, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	paths := []string{"empty/new.db", "folder/old.db", "open/old.db", "open/secret.db"}
	for i, p := range paths {
		paths[i] = filepath.Join(base, p)
		if i == 0 {
			continue
		}
		db := openAt(t, paths[i])
		if _, err := db.Exec(t.Context(), `CREATE TABLE t (id BIGINT)`); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	mode(filepath.Join(base, "folder/old.db"), 0o666)
	mode(filepath.Join(base, "open/old.db"), 0o444)
	mode(filepath.Join(base, "open/secret.db"), 0o000)
	mode(filepath.Join(base, "folder"), 0o555)
	mode(filepath.Join(base, "empty"), 0o555)
	mode(filepath.Join(base, "open"), 0o777)

	got := start(t, "unprivileged", strings.Join(paths, "\n")).lines(t)
	want := []string{
		"folder " + base + "/empty is read-only: SQLite writes files beside the database",
		"database " + base + "/folder/old.db is read-only: let this process write the file and its folder",
		"database " + base + "/open/old.db is read-only: let this process write the file and its folder",
		"cannot open database " + base + "/open/secret.db: check that this process may read and write it",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("opening said\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// fill writes rows until the disk refuses one, and then shows that all
// acknowledged ones are there and that writing goes on once there is room.
func fill(path string, room func() error) error {
	ctx := context.Background()
	db, err := sqlite.Open(path)
	if err != nil {
		return err
	}
	if _, err := db.Exec(ctx, `CREATE TABLE items (id INTEGER PRIMARY KEY, body TEXT NOT NULL)`); err != nil {
		return err
	}
	body := strings.Repeat("x", 2000)
	acked, refused := 0, error(nil)
	for refused == nil && acked < 100_000 {
		if _, refused = db.Exec(ctx, `INSERT INTO items (body) VALUES ($1)`, body); refused == nil {
			acked++
		}
	}
	if acked == 0 {
		return fmt.Errorf("no write succeeded: %w", refused)
	}
	fmt.Println(refused)
	if err := expect(ctx, db, acked); err != nil {
		return fmt.Errorf("after the refusal: %w", err)
	}
	if err := room(); err != nil {
		return err
	}
	if _, err := db.Exec(ctx, `INSERT INTO items (body) VALUES ($1)`, body); err != nil {
		return fmt.Errorf("with room again: %w", err)
	}
	if err := db.Close(); err != nil {
		return err
	}
	if db, err = sqlite.Open(path); err != nil {
		return err
	}
	return errors.Join(expect(ctx, db, acked+1), db.Close())
}

func expect(ctx context.Context, db *storage.DB, want int) error {
	var n int
	var verdict string
	if err := db.QueryRow(ctx, `SELECT count(*) FROM items`).Scan(&n); err != nil {
		return err
	}
	if err := db.QueryRow(ctx, `PRAGMA integrity_check`).Scan(&verdict); err != nil {
		return err
	}
	if n != want || verdict != "ok" {
		return fmt.Errorf("%d rows of %d, integrity: %s", n, want, verdict)
	}
	return nil
}

// childFileLimit fills a database in a process that may not write files
// longer than 256 KiB.
func childFileLimit(path string) error {
	signal.Ignore(syscall.SIGXFSZ) // write then returns EFBIG, as a quota's EDQUOT
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		return err
	}
	limit := syscall.Rlimit{Cur: 256 << 10, Max: old.Max}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	return fill(path, func() error { return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old) })
}

// childSmallDisk fills a disk of 512 KiB, mounted for this process alone, and
// then makes it read-only.
func childSmallDisk(dir string) error {
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=512k"); err != nil {
		return err
	}
	filler := filepath.Join(dir, "filler")
	if err := os.WriteFile(filler, make([]byte, 100<<10), 0o600); err != nil {
		return err
	}
	path := filepath.Join(dir, "test.db")
	if err := fill(path, func() error { return os.Remove(filler) }); err != nil {
		return err
	}
	if err := os.WriteFile(filler, make([]byte, 512<<10), 0o600); !errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("fill the disk: %w", err)
	}
	if err := childOpen(filepath.Join(dir, "new.db")); err != nil {
		return err
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		return err
	}
	return errors.Join(childOpen(path), childOpen(filepath.Join(dir, "other.db")))
}

func TestFileLimit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	got := start(t, "file limit", path).lines(t)
	want := "the disk failed database " + path + ": check its health, free space and quota"
	if len(got) != 1 || got[0] != want {
		t.Errorf("the refused write said %q, want %q", got, want)
	}
}

func TestSmallDisk(t *testing.T) {
	dir := t.TempDir()
	private := func(cmd *exec.Cmd) {
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}},
		}
	}
	if !mayMount(t, private) {
		// TestFull and TestFileLimit have shown the rest.
		t.Log("this kernel lets no process mount a disk of its own: a really full disk was not tried")
		return
	}
	got := start(t, "small disk", dir, private).lines(t)
	want := []string{
		"database " + dir + "/test.db is full: free disk space, or raise its limit",
		"database " + dir + "/new.db is full: free disk space, or raise its limit",
		"database " + dir + "/test.db is read-only: let this process write the file and its folder",
		"folder " + dir + " is read-only: SQLite writes files beside the database",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("it said\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// mayMount reports whether a process in a namespace of its own may mount.
func mayMount(t *testing.T, private func(*exec.Cmd)) bool {
	t.Helper()
	cmd := exec.Command("mount", "-t", "tmpfs", "tmpfs", t.TempDir())
	private(cmd)
	return cmd.Run() == nil
}
