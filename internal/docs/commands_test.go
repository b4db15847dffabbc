package docs_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A rule says how a command of the documents is proved where it is not run here:
// because it is what runs now, or needs more than Go, or takes minutes.
type rule struct {
	command *regexp.Regexp
	prove   func(t *testing.T, words []string) error
}

func rules() []rule {
	match := func(pattern string, prove func(t *testing.T, words []string) error) rule {
		return rule{regexp.MustCompile("^" + pattern + "$"), prove}
	}
	return []rule{
		match(`go run \./examples/server`, func(*testing.T, []string) error { return nil }),                            // TestReferenceServer
		match(`go test \./\.\.\.`, func(*testing.T, []string) error { return nil }),                                    // this is part of it
		match(`go test -race (\S+)`, hasTests),                                                                         // .ci/run race
		match(`go test -fuzz (\w+) -fuzztime \S+ (\S+)`, hasFuzzTarget),                                                // its corpus is run by go test
		match(`go test (\./internal/architecture) -update`, hasUpdate),                                                 // writes into the tree
		match(`go get -C internal/tools -tool (\S+)@VERSION`, isTool),                                                  // .ci/run lint
		match(`go tool -modfile=internal/tools/go\.mod (\w+) \./\.\.\.`, isTool),                                       // .ci/run lint
		match(`\.ci/run(?: (-l|[a-z ]+))?`, hasSteps),                                                                  // what runs this
		match(`(CGO_ENABLED=0 go build -tags \w+ -trimpath) -ldflags="-s -w" -o server \./examples/server`, isShipped), // .ci/run size
		match(`cd (internal/ui/web)`, func(_ *testing.T, words []string) error { return isFolder(words[1]) }),
		match(`npm ci`, func(_ *testing.T, _ []string) error { return isFolder("internal/ui/web/package-lock.json") }),
		match(`npm (?:run )?([\w-]+)(?: -- --account)?`, isScript), // .ci/run ui and browser
	}
}

// shell proves each command of a block.
func shell(t *testing.T, b block) error {
	t.Helper()
	var errs []error
	for line := range strings.Lines(b.text) {
		line, _, _ = strings.Cut(line, "#")
		for command := range strings.SplitSeq(line, "&&") {
			if command = strings.TrimSpace(command); command != "" {
				errs = append(errs, proved(t, command))
			}
		}
	}
	if len(errs) == 0 {
		return errors.New("the block is empty")
	}
	return errors.Join(errs...)
}

func proved(t *testing.T, command string) error {
	t.Helper()
	for _, r := range rules() {
		if words := r.command.FindStringSubmatch(command); words != nil {
			if err := r.prove(t, words); err != nil {
				return fmt.Errorf("%s: %w", command, err)
			}
			return nil
		}
	}
	return fmt.Errorf("%s: no rule covers this command", command)
}

func hasTests(_ *testing.T, words []string) error {
	found, err := filepath.Glob(filepath.Join(top, words[1], "*_test.go"))
	if err != nil || len(found) == 0 {
		return fmt.Errorf("there are no tests (%w)", err)
	}
	return nil
}

func hasFuzzTarget(t *testing.T, words []string) error {
	t.Helper()
	return inTests(t, words[2], "func "+words[1]+"(f *testing.F)")
}

func hasUpdate(t *testing.T, words []string) error {
	t.Helper()
	return inTests(t, words[1], `flag.Bool("update"`)
}

// inTests looks for text in the tests of a package.
func inTests(t *testing.T, folder, text string) error {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(top, folder, "*_test.go"))
	for _, file := range files {
		name, err := filepath.Rel(top, file)
		if err != nil {
			return err
		}
		if strings.Contains(read(t, name), text) {
			return nil
		}
	}
	return fmt.Errorf("there is no %s in the tests of %s (%w)", text, folder, err)
}

func isTool(t *testing.T, words []string) error {
	t.Helper()
	tools, _, _ := strings.Cut(read(t, "internal/tools/go.mod"), "\n)")
	if !regexp.MustCompile(`(?m)^\t(\S*/)?` + regexp.QuoteMeta(words[1]) + `$`).MatchString(tools) {
		return errors.New("internal/tools/go.mod does not name it")
	}
	return nil
}

func hasSteps(t *testing.T, words []string) error {
	t.Helper()
	script := read(t, ".ci/run")
	if words[1] == "-l" {
		return contains(script, `"${1:-}" = -l`)
	}
	for step := range strings.FieldsSeq(words[1]) {
		if err := contains(script, "\nstep_"+step+"() {"); err != nil {
			return err
		}
	}
	return nil
}

// isShipped looks whether the reference server that CI tests is built this way.
func isShipped(t *testing.T, words []string) error {
	t.Helper()
	return contains(read(t, ".ci/run"), words[1])
}

func isFolder(name string) error {
	_, err := os.Stat(filepath.Join(top, name))
	return err
}

func isScript(t *testing.T, words []string) error {
	t.Helper()
	var file struct{ Scripts map[string]string }
	if err := json.Unmarshal([]byte(read(t, "internal/ui/web/package.json")), &file); err != nil {
		return err
	}
	if file.Scripts[words[1]] == "" {
		return errors.New("internal/ui/web/package.json has no such script")
	}
	return nil
}

func TestShellRules(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"go test ./...  # all\n":      "",
		"npm run check && npm test\n": "",
		"\n":                          "empty",
		"rm -r data\n":                "no rule covers",
		"go test ./... && make\n":     "no rule covers",
		"npm run nothing\n":           "no such script",
		".ci/run nothing\n":           "not there any more",
		"go test -race ./nothing\n":   "no tests",
		"go test -fuzz FuzzNothing -fuzztime 1m ./auth\n":   "there is no",
		"go get -C internal/tools -tool nothing@VERSION\n":  "does not name it",
		"go test ./internal/architecture -update   # all\n": "",
	} {
		err := shell(t, block{language: "sh", text: text})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

// The command of the README: it needs nothing, and prints an address and a link.
func TestReferenceServer(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "server")
	build(t, top, "./examples/server", binary, nil)
	folder := t.TempDir()
	p := start(t, folder, binary, []string{"DASHBOARD_ADDR=localhost:0", "DASHBOARD_DATA=" + filepath.Join(folder, "data")})
	base := ""
	p.until(t, "no address was printed", func() (bool, string) {
		found := regexp.MustCompile(`Dashboard at (http://\S+/)\n`).FindStringSubmatch(p.output.String())
		if found != nil {
			base = found[1]
		}
		return found != nil, ""
	})
	if !strings.Contains(p.output.String(), base+"setup#") {
		t.Errorf("no link to open was printed:\n%s", &p.output)
	}
	p.until(t, "it is not ready", func() (bool, string) {
		body, _, err := call{method: "GET", target: base + "readyz"}.send(t.Context(), client())
		return err == nil && strings.Contains(body, `"status":"ok"`), body + fmt.Sprint(err)
	})
	if code := p.stop(t); code != 0 {
		t.Errorf("it ended with code %d\n%s", code, &p.output)
	}
}
