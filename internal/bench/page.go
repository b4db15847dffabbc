package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// screens are what somebody looks at who is signed in, below the address of the
// reference server.
var screens = []string{"", "users", "m/system", "modules", "audit", "system/logs", "system/api"}

// page compares how soon a person sees a page, on slow 4G with a processor four
// times as slow and nothing cached: the largest contentful paint of the sign-in
// pages of the reference server and of PocketBase, and of our screens beside the
// first one of PocketBase.
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
		if one == f.pocketbase {
			cmd := exec.Command(one.bin, "superuser", "upsert", email, password, "--dir", filepath.Join(dir, "pb_data"))
			if out, err := cmd.CombinedOutput(); err != nil {
				return nil, fmt.Errorf("make superuser: %w\n%s", err, out)
			}
		}
		if _, err := one.start(dir); err != nil {
			return nil, err
		}
		defer one.stop()
	}
	seen, err := look(s, web, f)
	if err != nil {
		return nil, err
	}
	return judge(seen), nil
}

// site is what the browser is told of a server.
type site struct {
	Login    string   `json:"login"`
	Email    string   `json:"email"`
	Password string   `json:"password"`
	Pages    []string `json:"pages"`
}

// sight is what was measured of a page, an entry a round.
type sight struct{ LCP, Shift, Task []float64 }

// look visits the pages, those of both servers in turn.
func look(s settings, web string, f *fleet) (seen [2][]sight, err error) {
	ours, theirs := "http://"+f.reference.addr+"/", "http://"+f.pocketbase.addr+"/_/"
	sites := [2]site{{ours, email, password, nil}, {theirs, email, password, []string{theirs + "#/collections"}}}
	for _, screen := range screens {
		sites[0].Pages = append(sites[0].Pages, ours+screen)
	}
	told, err := json.Marshal(sites)
	if err != nil {
		return seen, err
	}
	script, err := filepath.Abs("page.mjs")
	if err != nil {
		return seen, err
	}
	cmd := exec.Command("node", script, fmt.Sprint(s.rounds), string(told))
	cmd.Dir = web // whose playwright-core it is
	out, err := cmd.Output()
	if err != nil {
		if e, ok := errors.AsType[*exec.ExitError](err); ok {
			err = fmt.Errorf("%w\n%s", err, e.Stderr)
		}
		return seen, err
	}
	if err := json.Unmarshal(out, &seen); err != nil {
		return seen, fmt.Errorf("%w in %s", err, out)
	}
	return seen, nil
}

func judge(seen [2][]sight) []result {
	const peer, lcp = "PocketBase", "largest contentful paint, slow 4G, CPU / 4: "
	ours, theirs := seen[0], seen[1]
	paint := func(work string, ours, theirs sight) result {
		return result{work: lcp + work, ours: median(ours.LCP), theirs: median(theirs.LCP), unit: "ms", peer: peer, bar: 0.75}
	}
	results := []result{paint("sign-in", ours[0], theirs[0])}
	var shift, task float64
	for i, one := range ours {
		if i > 0 {
			results = append(results, paint("/"+screens[i-1], one, theirs[1]))
		}
		shift, task = max(shift, median(one.Shift)), max(task, median(one.Task))
	}
	var theirShift, theirTask float64
	for _, one := range theirs {
		theirShift, theirTask = max(theirShift, median(one.Shift)), max(theirTask, median(one.Task))
	}
	return append(results,
		result{work: "layout shift, the worst page", ours: shift, theirs: theirShift, unit: "CLS", peer: peer, bar: 0.01, absolute: true},
		result{work: "longest task, not throttled, the worst page", ours: task, theirs: theirTask, unit: "ms", peer: peer, bar: 200, absolute: true})
}
