package system_test

import (
	"encoding/json"
	"flag"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/modular-dashboard/dashboard/modules/system"
)

var update = flag.Bool("update", false, "write the golden files anew")

var noon = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

// recorded is a machine at two moments. What it does not say of the second is
// as it was at the first.
type recorded struct {
	now, second fstest.MapFS
	cgroup      fstest.MapFS
}

func load(t testing.TB, name string) *recorded {
	t.Helper()
	archive, err := txtar.ParseFile(filepath.Join("testdata", name+".txtar"))
	if err != nil {
		t.Fatal(err)
	}
	r := &recorded{now: fstest.MapFS{}, second: fstest.MapFS{}, cgroup: fstest.MapFS{}}
	for _, f := range archive.Files {
		folder, file, _ := strings.Cut(f.Name, "/")
		to := map[string]fstest.MapFS{"1": r.now, "2": r.second, "cgroup": r.cgroup}[folder]
		if to == nil {
			t.Fatalf("%s: unknown folder %q", name, folder)
		}
		to[file] = &fstest.MapFile{Data: f.Data}
	}
	return r
}

// advance makes it the second moment.
func (r *recorded) advance() {
	for name := range r.now {
		if folder, rest, _ := strings.Cut(name, "/"); rest == "stat" && folder != "" && r.second[name] == nil {
			delete(r.now, name) // a process that is not there any more
		}
	}
	maps.Copy(r.now, r.second)
}

func TestCollect(t *testing.T) {
	disks := map[string]map[string]uint64{
		"machine":   {"/": 1 << 30, "/backup": 1 << 40},
		"container": {"/": 1 << 30},
	}
	for _, name := range []string{"machine", "container", "bare"} {
		t.Run(name, func(t *testing.T) {
			r := load(t, name)
			s := system.NewSampler(r.now, r.cgroup, disks[name])
			first := s.Sample(noon, 3)
			if first.CPU != nil || first.Traffic != nil || len(first.Processes) > 0 {
				t.Errorf("the first sample has rates: %+v", first)
			}
			r.advance()
			compare(t, name+".json", s.Sample(noon.Add(2*time.Second), 3))
		})
	}
}

func compare(t *testing.T, name string, got *system.Snapshot) {
	t.Helper()
	if got.Runtime.Goroutines == 0 || got.Runtime.Version == "" {
		t.Errorf("Runtime = %+v, want figures", got.Runtime)
	}
	got.Host, got.Platform, got.Runtime = "", "", system.Runtime{}
	text, err := json.MarshalIndent(got, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, '\n')
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", file, text, want)
	}
}

func TestCollectRecovers(t *testing.T) {
	r := load(t, "machine")
	s := system.NewSampler(r.now, nil, nil)
	s.Sample(noon, 3)
	stat := r.now["stat"]
	r.now["stat"] = &fstest.MapFile{Data: []byte("garbage")}
	if got := s.Sample(noon.Add(time.Second), 3); got.CPU != nil || len(got.Unavailable) == 0 {
		t.Errorf("with a garbled stat: CPU %+v, unavailable %q", got.CPU, got.Unavailable)
	}
	r.now["stat"] = stat
	if got := s.Sample(noon.Add(2*time.Second), 3); got.CPU != nil {
		t.Errorf("right after: CPU %+v, want none: its counters are unknown", got.CPU)
	}
	r.advance()
	if got := s.Sample(noon.Add(3*time.Second), 3); got.CPU == nil || got.CPU.Percent <= 0 {
		t.Errorf("then: CPU %+v, want a figure", got.CPU)
	}
}

func TestCollectForgets(t *testing.T) {
	r := load(t, "machine")
	s := system.NewSampler(r.now, nil, nil)
	s.Sample(noon, 3)
	r.advance()
	s.Forget()
	if got := s.Sample(noon.Add(time.Hour), 3); got.CPU != nil || got.DiskIO != nil || len(got.Processes) > 0 {
		t.Errorf("got rates over an hour that nobody measured: %+v", got)
	}
}

func TestCollectElsewhere(t *testing.T) {
	got := system.NewSampler(nil, nil, nil).Sample(noon, 3)
	if strings.Join(got.Unavailable, ",") != "kernel" || got.Runtime.Goroutines == 0 {
		t.Errorf("got %+v, want the Go runtime alone", got)
	}
}

// TestCollectThisMachine reads the real kernel, where there is one.
func TestCollectThisMachine(t *testing.T) {
	if _, err := os.Stat("/proc/stat"); err != nil {
		if err := system.Statfs("."); err == nil {
			t.Error("sizes of disks without a Linux kernel")
		}
		return
	}
	s := system.NewSampler(os.DirFS("/proc"), os.DirFS("/sys/fs/cgroup"), nil)
	s.Sample(time.Now(), 5)
	for range 1000 { // until the counters, which go in steps of 10 ms, have moved
		if got := s.Sample(time.Now(), 5); got.CPU != nil {
			if got.Memory == nil || got.Load == nil || got.CPU.Percent > 100 {
				t.Errorf("got CPU %+v, memory %+v, load %+v", got.CPU, got.Memory, got.Load)
			}
			return
		}
	}
	t.Error("CPU was never measured")
}

func BenchmarkSample(b *testing.B) {
	if _, err := fs.Stat(os.DirFS("/proc"), "stat"); err != nil {
		b.Fatal("this benchmark reads the Linux kernel's /proc")
	}
	s := system.NewSampler(os.DirFS("/proc"), os.DirFS("/sys/fs/cgroup"), nil)
	now := time.Now()
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(time.Hour) // long enough that the processes are read each time
		s.Sample(now, 10)
	}
}
