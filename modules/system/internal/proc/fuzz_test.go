package proc_test

import (
	"io/fs"
	"math"
	"os"
	"testing"

	"github.com/modular-dashboard/dashboard/modules/system/internal/proc"
)

func machineFS() fs.FS { return os.DirFS("testdata/machine") }

// seed adds a recorded file, and halves of it, to the corpus.
func seed(f *testing.F, names ...string) {
	f.Helper()
	for _, name := range names {
		text, err := fs.ReadFile(machineFS(), name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
		f.Add(text[:len(text)/2])
		f.Add(text[len(text)/2:])
	}
	f.Add([]byte{})
}

func FuzzParseStat(f *testing.F) {
	seed(f, "stat")
	f.Fuzz(func(t *testing.T, text []byte) {
		var s proc.Stat
		if proc.ParseStat(text, &s) != nil {
			return
		}
		if len(s.Cores) > len(text)/len("cpu0 1 2 3 4") {
			t.Errorf("%d cores in %d bytes", len(s.Cores), len(text))
		}
		for _, c := range s.Cores {
			if c.ID < 0 {
				t.Errorf("core %d", c.ID)
			}
		}
	})
}

func FuzzParseMeminfo(f *testing.F) {
	seed(f, "meminfo")
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := proc.ParseMeminfo(text)
		if err == nil && (m.Total == 0 || m.Available > m.Total || m.Free > m.Total || m.SwapFree > m.SwapTotal) {
			t.Errorf("got %+v, want a total and nothing above it", m)
		}
	})
}

func FuzzParseNetDev(f *testing.F) {
	seed(f, "net/dev")
	f.Fuzz(func(t *testing.T, text []byte) {
		list, err := proc.ParseNetDev(text, make([]proc.Interface, 0, 2))
		for _, n := range list {
			if err != nil || n.Name == "" {
				t.Errorf("got %+v with error %v", n, err)
			}
		}
	})
}

func FuzzParseDiskstats(f *testing.F) {
	seed(f, "diskstats")
	f.Fuzz(func(t *testing.T, text []byte) {
		list, err := proc.ParseDiskstats(text, make([]proc.BlockDevice, 0, 2))
		for i := range list {
			if err != nil || list[i].Name == "" {
				t.Errorf("got %+v with error %v", list[i], err)
			}
			proc.Physical(list, i)
		}
	})
}

func FuzzParseLoad(f *testing.F) {
	seed(f, "loadavg", "uptime")
	f.Fuzz(func(t *testing.T, text []byte) {
		if l, err := proc.ParseLoadavg(text); err == nil {
			for _, v := range []float64{l.One, l.Five, l.Fifteen} {
				if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
					t.Errorf("ParseLoadavg = %+v", l)
				}
			}
		}
		if d, err := proc.ParseUptime(text); err == nil && d < 0 {
			t.Errorf("ParseUptime = %v", d)
		}
	})
}

func FuzzParseProcess(f *testing.F) {
	seed(f, "1/stat", "4117/stat")
	f.Fuzz(func(t *testing.T, text []byte) {
		p := proc.Process{PID: -1}
		err := proc.ParseProcess(text, &p)
		if err != nil && p.PID != -1 {
			t.Errorf("an error changed the process to %+v", p)
		}
		if err == nil && (p.PID <= 0 || p.Threads < 0 || len(p.Name) > len(text)) {
			t.Errorf("got %+v", p)
		}
	})
}

func FuzzParseMountinfo(f *testing.F) {
	seed(f, "self/mountinfo")
	f.Add([]byte(`1 2 8:1 / /a\0 rw - ext4 \777 rw`))
	f.Fuzz(func(t *testing.T, text []byte) {
		list, err := proc.ParseMountinfo(text, nil)
		for _, m := range list {
			if err != nil || m.Device == "" || m.Point == "" || m.Type == "" {
				t.Errorf("got %+v with error %v", m, err)
			}
		}
	})
}

func FuzzParseCgroup(f *testing.F) {
	seed(f, "self/cgroup")
	f.Add([]byte("max 100000\n"))
	f.Add([]byte("inactive_file 12\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if path, ok := proc.ParseCgroup(text); ok != (path != "") {
			t.Errorf("ParseCgroup = %q, %t", path, ok)
		}
		if n, ok := proc.ParseLimit(text); !ok && n != 0 {
			t.Errorf("ParseLimit = %d, %t", n, ok)
		}
		if c, ok := proc.ParseCPUMax(text); math.IsNaN(c) || math.IsInf(c, 0) || ok && c < 0 {
			t.Errorf("ParseCPUMax = %v, %t", c, ok)
		}
		proc.ParseKey(text, "inactive_file")
	})
}
