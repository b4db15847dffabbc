package lifecycle_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/internal/lifecycle"
)

// document is docs/state-machine.md.
func document(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("../../docs/state-machine.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// documented returns the rows of the document's table of transitions.
func documented(t *testing.T) []lifecycle.Transition {
	t.Helper()
	_, text, found := strings.Cut(document(t), "| from | of | event | to |\n|---|---|---|---|\n")
	if !found {
		t.Fatal("the document has no table of transitions")
	}
	var rows []lifecycle.Transition
	for line := range strings.Lines(text) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 4 {
			break
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows = append(rows, lifecycle.Transition{From: lifecycle.State(cells[0]), Of: cells[1],
			Event: lifecycle.Event(cells[2]), To: lifecycle.State(cells[3])})
	}
	return rows
}

// TestDocument compares the code's table with the document's.
func TestDocument(t *testing.T) {
	want := documented(t)
	got := lifecycle.Transitions()
	for _, row := range got {
		if !slices.Contains(want, row) {
			t.Errorf("the document lacks %+v", row)
		}
	}
	for _, row := range want {
		if !slices.Contains(got, row) {
			t.Errorf("the code lacks %+v", row)
		}
	}
	if len(got) != len(want) {
		t.Errorf("transitions: got %d, want the document's %d", len(got), len(want))
	}
}

var edge = regexp.MustCompile(`(?m)^    (\w+) --> (\w+): (.+)$`)

// TestDiagram compares the drawing with the code's table.
func TestDiagram(t *testing.T) {
	type arrow struct {
		from, to lifecycle.State
		event    lifecycle.Event
	}
	drawn := make(map[arrow]bool)
	for _, m := range edge.FindAllStringSubmatch(document(t), -1) {
		for event := range strings.SplitSeq(m[3], ", ") {
			drawn[arrow{lifecycle.State(m[1]), lifecycle.State(m[2]), lifecycle.Event(event)}] = true
		}
	}
	want := make(map[arrow]bool)
	for _, tr := range lifecycle.Transitions() {
		a := arrow{tr.From, tr.To, tr.Event}
		want[a] = true
		if !drawn[a] {
			t.Errorf("the diagram lacks %+v", a)
		}
	}
	for a := range drawn {
		if !want[a] {
			t.Errorf("the diagram has %+v, the code does not", a)
		}
	}
}

// TestEveryPair asks for every event in every state, with everything a state
// can remember, and wants an answer exactly where the document has a row.
func TestEveryPair(t *testing.T) {
	rows := documented(t)
	ofs := map[lifecycle.State][]string{
		lifecycle.Upgrading: {"installed", "enabled"},
		lifecycle.Blocked:   {"available", "installed"},
		lifecycle.Failed:    {"install", "enable", "disable", "uninstall", "upgrade from installed", "upgrade from enabled"},
	}
	edges := 0
	for _, state := range lifecycle.States() {
		if ofs[state] == nil {
			ofs[state] = []string{""}
		}
		for _, of := range ofs[state] {
			for _, event := range lifecycle.Events() {
				var want lifecycle.State
				for _, row := range rows {
					if row.From == state && row.Of == of && row.Event == event {
						want = row.To
						edges++
					}
				}
				got, ok := lifecycle.Next(state, of, event)
				if got != want || ok != (want != "") {
					t.Errorf("%s (%s) %s: got %q, %v, want %q", state, of, event, got, ok, want)
				}
			}
		}
	}
	if edges != len(rows) {
		t.Errorf("edges: got %d, want %d; a row names a state, memory or event that there is not", edges, len(rows))
	}
}

// TestDocumentedSteps compares the steps of the operations.
func TestDocumentedSteps(t *testing.T) {
	text := document(t)
	work := lifecycle.Work{Migrations: []int{3}, Drain: true, Hook: true, Purge: true}
	for _, op := range []lifecycle.Op{lifecycle.OpInstall, lifecycle.OpUpgrade, lifecycle.OpUninstall, lifecycle.OpEnable, lifecycle.OpDisable} {
		row := regexp.MustCompile(`(?m)^\| ` + string(op) + ` \| (.*) \|$`).FindStringSubmatch(text)
		if row == nil {
			t.Errorf("the document lacks the steps of %s", op)
			continue
		}
		var got []string
		for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[1], -1) {
			got = append(got, strings.Replace(m[1], "<version>", "3", 1))
		}
		if want := lifecycle.Steps(op, work); !slices.Equal(got, want) {
			t.Errorf("steps of %s: got %v, want %v", op, got, want)
		}
	}
}
