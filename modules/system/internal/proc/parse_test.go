package proc_test

import (
	"bytes"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/modular-dashboard/dashboard/modules/system/internal/proc"
)

func TestParseErrors(t *testing.T) {
	tests := []struct {
		name, text string
		parse      func([]byte) error
		want       string
	}{
		{"stat empty", "", parseStat, "parse stat: no cpu line"},
		{"stat only cores", "cpu0 1 2 3 4\n", parseStat, "parse stat: no cpu line"},
		{"stat too short", "cpu  1 2 3\n", parseStat, "parse stat: no cpu line"},
		{"stat not a number", "cpu  1 x 3 4\n", parseStat, "parse stat: no cpu line"},
		{"stat overflow", "cpu  1 99999999999999999999 3 4\n", parseStat, "parse stat: no cpu line"},
		{"meminfo empty", "", parseMeminfo, "parse meminfo: no MemTotal"},
		{"meminfo other", "MemFree: 12 kB\n", parseMeminfo, "parse meminfo: no MemTotal"},
		{"loadavg two", "0.1 0.2\n", parseLoadavg, "parse loadavg: no three averages"},
		{"loadavg NaN", "NaN 0.2 0.3\n", parseLoadavg, "parse loadavg: no three averages"},
		{"loadavg negative", "-1 0.2 0.3\n", parseLoadavg, "parse loadavg: no three averages"},
		{"uptime", "soon\n", parseUptime, "parse uptime: no seconds"},
		{"uptime too long", "1e300 1\n", parseUptime, "parse uptime: no seconds"},
		{"diskstats", "what is this\n", parseDiskstats, "parse diskstats: no device line"},
		{"net/dev", "eth0: 1 2 3\n", parseNetDev, "parse net/dev: no heading"},
		{"mountinfo", "one two three\n", parseMountinfo, "parse mountinfo: no mount line"},
		{"process empty", "", parseProcess, "parse pid/stat: no name in brackets"},
		{"process open", "12 (sh S 1", parseProcess, "parse pid/stat: no name in brackets"},
		{"process id", "x (sh) S 1", parseProcess, "parse pid/stat: no process id"},
		{"process zero", "0 (sh) S 1", parseProcess, "parse pid/stat: no process id"},
		{"process state", "12 (sh) ", parseProcess, "parse pid/stat: no state"},
		{"process short", "12 (sh) S 1 2 3", parseProcess, "parse pid/stat: no memory column"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.parse([]byte(tt.text))
			if err == nil || err.Error() != tt.want {
				t.Errorf("got error %v, want %q", err, tt.want)
			}
		})
	}
}

func parseStat(text []byte) error      { return proc.ParseStat(text, new(proc.Stat)) }
func parseMeminfo(text []byte) error   { _, err := proc.ParseMeminfo(text); return err }
func parseLoadavg(text []byte) error   { _, err := proc.ParseLoadavg(text); return err }
func parseUptime(text []byte) error    { _, err := proc.ParseUptime(text); return err }
func parseDiskstats(text []byte) error { _, err := proc.ParseDiskstats(text, nil); return err }
func parseNetDev(text []byte) error    { _, err := proc.ParseNetDev(text, nil); return err }
func parseMountinfo(text []byte) error { _, err := proc.ParseMountinfo(text, nil); return err }
func parseProcess(text []byte) error   { return proc.ParseProcess(text, new(proc.Process)) }

func TestParseMeminfoOldKernel(t *testing.T) {
	m, err := proc.ParseMeminfo([]byte("MemTotal: 100 kB\nMemFree: 20 kB\nBuffers: 5 kB\nCached: 30 kB\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := m.Available, uint64(55*1024); got != want {
		t.Errorf("Available = %d, want %d", got, want)
	}
}

func TestParseMeminfoAbsurd(t *testing.T) {
	m, err := proc.ParseMeminfo([]byte("MemTotal: 100 kB\nMemFree: 18446744073709551615 kB\nMemAvailable: 500 kB\nSwapFree: 7 kB\n"))
	if err != nil {
		t.Fatal(err)
	}
	if m.Free > m.Total || m.Available > m.Total || m.SwapFree > m.SwapTotal {
		t.Errorf("got %+v, want nothing above its total", m)
	}
}

func TestPhysical(t *testing.T) {
	tests := []struct {
		names string
		want  string
	}{
		{"sda sda1 sda2 sdb", "sda sdb"},
		{"nvme0n1 nvme0n1p1 nvme1n1", "nvme0n1 nvme1n1"},
		{"mmcblk0 mmcblk0p1 mmcblk0boot0", "mmcblk0 mmcblk0boot0"},
		{"xvda1", "xvda1"}, // a machine that has the partition only
		{"vda vda1 dm-0 md127 loop3 ram0 zram0 sr0 fd0 nbd0", "vda"},
		{"sda sdaa sdaa1", "sda sdaa"},
		{"", ""},
	}
	for _, tt := range tests {
		t.Run(tt.names, func(t *testing.T) {
			var devices []proc.BlockDevice
			for name := range strings.FieldsSeq(tt.names) {
				devices = append(devices, proc.BlockDevice{Name: name})
			}
			var got []string
			for i := range devices {
				if proc.Physical(devices, i) {
					got = append(got, devices[i].Name)
				}
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestCgroup(t *testing.T) {
	tests := []struct {
		name, text, want string
		ok               bool
	}{
		{"v2", "0::/user.slice\n", "/user.slice", true},
		{"container", "0::/\n", "/", true},
		{"both", "4:memory:/a\n1:name=systemd:/b\n0::/c\n", "/c", true},
		{"v1 only", "4:memory:/a\n", "", false},
		{"empty", "", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := proc.ParseCgroup([]byte(tt.text))
			if got != tt.want || ok != tt.ok {
				t.Errorf("ParseCgroup(%q) = %q, %t, want %q, %t", tt.text, got, ok, tt.want, tt.ok)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	if n, ok := proc.ParseLimit([]byte("536870912\n")); n != 512<<20 || !ok {
		t.Errorf("ParseLimit of a number = %d, %t", n, ok)
	}
	if n, ok := proc.ParseLimit([]byte("max\n")); ok {
		t.Errorf("ParseLimit of max = %d, %t, want no limit", n, ok)
	}
	if f, ok := proc.ParseCPUMax([]byte("150000 100000\n")); f != 1.5 || !ok {
		t.Errorf("ParseCPUMax = %v, %t, want 1.5", f, ok)
	}
	for _, text := range []string{"max 100000\n", "1 0\n", "", "1\n"} {
		if f, ok := proc.ParseCPUMax([]byte(text)); ok {
			t.Errorf("ParseCPUMax(%q) = %v, %t, want no limit", text, f, ok)
		}
	}
	if n, ok := proc.ParseKey([]byte("anon 1\nfile 2\ninactive_file 3\n"), "inactive_file"); n != 3 || !ok {
		t.Errorf("ParseKey = %d, %t, want 3", n, ok)
	}
	if n, ok := proc.ParseKey([]byte("anon 1\n"), "file"); ok {
		t.Errorf("ParseKey of a missing key = %d, %t", n, ok)
	}
}

func TestReader(t *testing.T) {
	large := strings.Repeat("0123456789", 10_000)
	r := proc.NewReader(fstest.MapFS{
		"large":   {Data: []byte(large)},
		"empty":   {},
		"huge":    {Data: make([]byte, 5<<20)},
		"12/stat": {}, "7/stat": {}, "0/stat": {}, "self/stat": {}, "99999999999/stat": {},
		"dir": {Mode: fs.ModeDir},
	})
	if text, err := r.Read("large"); string(text) != large || err != nil {
		t.Errorf("Read of %d bytes = %d bytes, %v", len(large), len(text), err)
	}
	if text, err := r.Read("empty"); len(text) != 0 || err != nil {
		t.Errorf("Read of nothing = %q, %v", text, err)
	}
	for _, name := range []string{"missing", "huge", "dir"} {
		if text, err := r.Read(name); err == nil {
			t.Errorf("Read(%q) = %d bytes, want an error", name, len(text))
		}
	}
	pids, err := r.PIDs()
	slices.Sort(pids)
	if !slices.Equal(pids, []int{7, 12}) || err != nil {
		t.Errorf("PIDs = %v, %v, want 7 and 12", pids, err)
	}
}

// A Dir reads what os.DirFS does.
func TestDir(t *testing.T) {
	folder := t.TempDir()
	for name, size := range map[string]int{"empty": 0, "small": 100, "buffer": 16 << 10, "more": 16<<10 + 1, "large": 4<<20 - 1, "12/stat": 50} {
		file := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, bytes.Repeat([]byte("x"), size), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(folder, "huge"), make([]byte, 5<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	ours, theirs := proc.NewReader(proc.Dir(folder)), proc.NewReader(os.DirFS(folder))
	for _, name := range []string{"empty", "small", "buffer", "more", "large", "12/stat", "huge", "missing", "12", "../secret", "/small", ""} {
		got, gotErr := ours.Read(name)
		want, wantErr := theirs.Read(name)
		if !bytes.Equal(got, want) || (gotErr == nil) != (wantErr == nil) || errors.Is(gotErr, fs.ErrNotExist) != errors.Is(wantErr, fs.ErrNotExist) {
			t.Errorf("Read(%q): got %d bytes, %v, want %d bytes, %v", name, len(got), gotErr, len(want), wantErr)
		}
	}
	if pids, err := ours.PIDs(); err != nil || len(pids) != 1 || pids[0] != 12 {
		t.Errorf("PIDs: got %v, %v, want 12 alone", pids, err)
	}
	if _, err := proc.NewReader(proc.Dir(folder + "/missing")).PIDs(); err == nil {
		t.Error("PIDs of a folder that is not there: got no error")
	}
	if f, err := proc.Dir(folder).Open("small"); err != nil {
		t.Error(err)
	} else if err := f.Close(); err != nil {
		t.Error(err)
	}
}

func TestParseAllocations(t *testing.T) {
	r := proc.NewReader(machineFS())
	text := func(name string) []byte {
		b, err := r.Read(name)
		if err != nil {
			t.Fatal(err)
		}
		return slices.Clone(b)
	}
	stat, dev, disks, pid := text("stat"), text("net/dev"), text("diskstats"), text("4117/stat")
	var s proc.Stat
	var nics []proc.Interface
	var devices []proc.BlockDevice
	var p proc.Process
	parse := func() {
		var err error
		if err = proc.ParseStat(stat, &s); err == nil {
			nics, err = proc.ParseNetDev(dev, nics)
		}
		if err == nil {
			devices, err = proc.ParseDiskstats(disks, devices)
		}
		if err == nil {
			err = proc.ParseProcess(pid, &p)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	parse()
	if got := testing.AllocsPerRun(100, parse); got != 0 {
		t.Errorf("parsing again allocates %v times, want 0", got)
	}
}

func TestParseUptimeKeepsFractions(t *testing.T) {
	d, err := proc.ParseUptime([]byte("12.5 3.0\n"))
	if err != nil || math.Abs(d.Seconds()-12.5) > 1e-9 {
		t.Errorf("ParseUptime = %v, %v, want 12.5s", d, err)
	}
}
