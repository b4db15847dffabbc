package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// page compares how soon a person sees the first page, on slow 4G with a
// processor four times as slow: the largest contentful paint of the sign-in page
// of the reference server, and of PocketBase's.
func page(s settings) ([]result, error) {
	web := filepath.Join(s.root, "internal/ui/web")
	if _, err := os.Stat(filepath.Join(web, "node_modules")); err != nil {
		return nil, fmt.Errorf("run npm ci in %s first: %w", web, err)
	}
	f, err := newFleet(s)
	if err != nil {
		return nil, err
	}
	for _, one := range []*server{f.reference, f.pocketbase} {
		dir, err := folder(s.work, "page-"+one.name)
		if err != nil {
			return nil, err
		}
		if _, err := one.start(dir); err != nil {
			return nil, err
		}
		defer one.stop()
	}
	script, err := filepath.Abs("page.mjs")
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("node", script, fmt.Sprint(s.rounds), "http://"+f.reference.addr+"/", "http://"+f.pocketbase.addr+"/_/")
	cmd.Dir = web // whose playwright-core it is
	out, err := cmd.Output()
	if err != nil {
		if e, ok := errors.AsType[*exec.ExitError](err); ok {
			err = fmt.Errorf("%w\n%s", err, e.Stderr)
		}
		return nil, err
	}
	var seen [2]struct{ LCP, Shift, Task []float64 }
	if err := json.Unmarshal(out, &seen); err != nil {
		return nil, fmt.Errorf("%w in %s", err, out)
	}
	return []result{
		{work: "largest contentful paint, slow 4G, CPU / 4", ours: median(seen[0].LCP), theirs: median(seen[1].LCP), unit: "ms", peer: "PocketBase", bar: 0.75},
		{work: "layout shift", ours: median(seen[0].Shift), theirs: median(seen[1].Shift), unit: "CLS", peer: "PocketBase", bar: 0.01, absolute: true},
		{work: "longest task, not throttled", ours: median(seen[0].Task), theirs: median(seen[1].Task), unit: "ms", peer: "PocketBase", bar: 200, absolute: true},
	}, nil
}
