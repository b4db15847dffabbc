package dashboard

import (
	"maps"
	"os"
	"regexp"
	"testing"
)

// TestCatalogHasTitles holds the catalog of the UI's words, which other languages
// translate, to what the dashboard declares.
func TestCatalogHasTitles(t *testing.T) {
	source, err := os.ReadFile("internal/ui/web/src/strings/en/titles.ts")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, m := range regexp.MustCompile(`'((?:permission|limit)\.[\w.-]+)':\s*'([^']*)'`).FindAllStringSubmatch(string(source), -1) {
		got[m[1]] = m[2]
	}
	want := map[string]string{"limit.module": titleOfModuleLimit}
	for _, p := range corePermissions() {
		want["permission."+p.Name()] = p.Title()
	}
	for _, l := range coreLimits() {
		want["limit."+l.Policy.Name] = l.Title
	}
	if !maps.Equal(got, want) {
		t.Errorf("\n got %q\nwant %q", got, want)
	}
}
