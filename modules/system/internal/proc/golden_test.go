package proc_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/modules/system/internal/proc"
)

var update = flag.Bool("update", false, "write the golden files anew")

// machine is all that is read of a recorded machine.
type machine struct {
	Stat      proc.Stat
	Meminfo   proc.Meminfo
	Load      proc.Load
	Uptime    time.Duration
	Devices   []proc.BlockDevice
	Physical  []string
	NICs      []proc.Interface
	Mounts    []proc.Mount
	Cgroup    string
	PIDs      []int
	Processes []proc.Process
}

func TestMachine(t *testing.T) {
	r := proc.NewReader(os.DirFS("testdata/machine"))
	read := func(name string) []byte {
		t.Helper()
		text, err := r.Read(name)
		if err != nil {
			t.Fatalf("Read(%q) = %v", name, err)
		}
		return text
	}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var got machine
	var err error
	check(proc.ParseStat(read("stat"), &got.Stat))
	got.Meminfo, err = proc.ParseMeminfo(read("meminfo"))
	check(err)
	got.Load, err = proc.ParseLoadavg(read("loadavg"))
	check(err)
	got.Uptime, err = proc.ParseUptime(read("uptime"))
	check(err)
	got.Devices, err = proc.ParseDiskstats(read("diskstats"), nil)
	check(err)
	for i := range got.Devices {
		if proc.Physical(got.Devices, i) {
			got.Physical = append(got.Physical, got.Devices[i].Name)
		}
	}
	got.NICs, err = proc.ParseNetDev(read("net/dev"), nil)
	check(err)
	got.Mounts, err = proc.ParseMountinfo(read("self/mountinfo"), nil)
	check(err)
	got.Cgroup, _ = proc.ParseCgroup(read("self/cgroup"))
	got.PIDs, err = r.PIDs()
	check(err)
	for _, name := range []string{"1/stat", "4117/stat"} {
		var p proc.Process
		check(proc.ParseProcess(read(name), &p))
		got.Processes = append(got.Processes, p)
	}
	compare(t, "machine.json", got)
}

func compare(t *testing.T, name string, got any) {
	t.Helper()
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
