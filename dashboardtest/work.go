package dashboardtest

import (
	"bufio"
	"maps"
	"net/http"
	"strings"
	"testing" //nolint:depguard // it is for tests
	"time"
)

// shortJob is how long a job may take to be waited for; one that takes longer
// is cut off when its module is disabled.
const shortJob = 5 * time.Second

// jobsAndStreams runs every job, follows every stream and disables the module
// meanwhile.
func jobsAndStreams(t *testing.T, s *subject) {
	jobs := s.jobs()
	for _, name := range jobs {
		if a := s.Owner().Do(http.MethodPost, s.jobPath(name)+"/run", nil); a.Status != http.StatusAccepted && a.Status != http.StatusConflict {
			t.Errorf("run job %s: got status %d: %s", name, a.Status, a.Body)
		}
	}
	for _, name := range jobs {
		s.awaitJob(name)
	}
	ended := map[string]<-chan struct{}{}
	for _, o := range s.operations() {
		if o.stream && o.method == http.MethodGet {
			if done := s.follow(o.at("1")); done != nil {
				ended[o.path] = done
			}
		}
	}
	s.Act(s.id, "disable", "installed")
	s.awaitEnds(ended)
	for _, name := range jobs {
		switch outcome, text := s.lastRun(name); {
		case outcome == "running":
			t.Errorf("job %s goes on after its module was disabled", name)
		case strings.HasPrefix(text, "panic"):
			t.Errorf("job %s: %s", name, text)
		}
	}
}

// awaitEnds waits for streams to end, which disabling has waited for already: for
// five seconds, and for as long as a slow machine takes for some answers.
func (s *subject) awaitEnds(ended map[string]<-chan struct{}) {
	s.t.Helper()
	tick := time.NewTicker(shortJob / 100)
	defer tick.Stop()
	for range 100 {
		maps.DeleteFunc(ended, func(_ string, done <-chan struct{}) bool {
			select {
			case <-done:
				return true
			default:
				return false
			}
		})
		if len(ended) == 0 {
			return
		}
		<-tick.C
		s.State(s.id)
	}
	for path := range ended {
		s.t.Fatalf("stream %s goes on after its module was disabled", path)
	}
}

// jobs lists the names of the module's jobs.
func (s *subject) jobs() (names []string) {
	s.t.Helper()
	var list struct {
		Items []struct{ Module, Name string }
	}
	s.Owner().Get("/api/v1/jobs").Want(http.StatusOK).JSON(&list)
	for _, j := range list.Items {
		if j.Module == s.id {
			names = append(names, j.Name)
		}
	}
	return names
}

func (s *subject) jobPath(name string) string { return "/api/v1/jobs/" + s.id + "/" + name }

// lastRun returns how the last run of a job ended, or "running".
func (s *subject) lastRun(name string) (outcome, text string) {
	s.t.Helper()
	var list struct {
		Items []struct{ Outcome, Error string }
	}
	s.Owner().Get(s.jobPath(name) + "/runs?limit=1").Want(http.StatusOK).JSON(&list)
	if len(list.Items) == 0 {
		return "", ""
	}
	return list.Items[0].Outcome, list.Items[0].Error
}

// awaitJob waits until a job has ended, unless it takes long.
func (s *subject) awaitJob(name string) {
	s.t.Helper()
	deadline := time.NewTimer(shortJob)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if outcome, _ := s.lastRun(name); outcome != "running" {
			return
		}
		select {
		case <-deadline.C:
			return
		case <-tick.C:
		}
	}
}

// follow opens a stream and returns a channel that is closed when it has ended;
// nil where the path has no stream to offer.
func (s *subject) follow(path string) <-chan struct{} {
	s.t.Helper()
	c := s.Owner()
	res, err := s.http.Do(c.request(http.MethodGet, path, nil, nil)) //nolint:bodyclose // it is, when the stream has ended
	if err != nil {
		s.t.Fatalf("follow %s: %v", path, err)
	}
	if res.StatusCode != http.StatusOK {
		_ = res.Body.Close() // there is nothing to read
		return nil
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { _ = res.Body.Close() }() // it was read to its end
		for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		}
	}()
	return done
}
