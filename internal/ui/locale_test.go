package ui_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/internal/ui"
)

func TestLocale(t *testing.T) {
	h := handler(t, ui.Config{})
	for _, test := range []struct {
		lines []string
		want  string
	}{
		{nil, "en"},
		{[]string{"Accept-Language: de"}, "de"},
		{[]string{"Accept-Language: de-AT, en;q=0.5"}, "de"},
		{[]string{"Accept-Language: DE-ch"}, "de"},
		{[]string{"Accept-Language: fr, de;q=0.5, en;q=0.7"}, "en"},
		{[]string{"Accept-Language: fr, de;q=0.5"}, "de"},
		{[]string{"Accept-Language: fr"}, "en"},
		{[]string{"Accept-Language: de;q=0"}, "en"},
		{[]string{"Accept-Language: en, de"}, "en"},
		{[]string{"Accept-Language: de, en"}, "de"},
		{[]string{"Accept-Language: de;q=NaN"}, "en"},
		{[]string{"Accept-Language: de;q=2, *"}, "en"},
		{[]string{"Accept-Language: den"}, "en"},
		{[]string{"Accept-Language: fr", "Accept-Language: de"}, "de"},
		{[]string{"Accept-Language: " + strings.Repeat("fr,", 16) + "de"}, "en"},
		{[]string{"Accept-Language: en", "Cookie: dashboard-locale=de"}, "de"},
		{[]string{"Accept-Language: de", "Cookie: dashboard-locale=en"}, "en"},
		{[]string{"Accept-Language: de", "Cookie: dashboard-locale=tlh"}, "de"},
		{[]string{`Cookie: dashboard-locale="><script>`}, "en"},
	} {
		response := request(t, h, ui.Page{}, "GET", test.lines...)
		page := body(t, response)
		if !strings.Contains(page, `<html lang="`+test.want+`" data-theme="auto">`) || config(t, page)["locale"] != test.want {
			t.Errorf("%q: want locale %s in\n%s", test.lines, test.want, page)
		}
		if got := response.Header.Get("Vary"); got != "Cookie, Accept-Language" {
			t.Errorf("Vary: got %q", got)
		}
	}
}

// Only who speaks a language loads its words, and before the script asks.
func TestFirstWordsArePreloaded(t *testing.T) {
	links := `<link rel="modulepreload" data-locale="de" crossorigin href="./assets/core-12345678.js">` +
		`<link rel="modulepreload" data-locale="eo" crossorigin href="./assets/core-87654321.js"></head>`
	dist := build(t)
	dist["index.html.gz"] = gz(t, strings.Replace(indexSource, "</head>", links, 1))
	h := handler(t, ui.Config{Dist: dist})
	english := body(t, request(t, h, ui.Page{Base: "/a/"}, "GET"))
	if strings.Contains(english, "preload") {
		t.Errorf("English preloads other words:\n%s", english)
	}
	german := body(t, request(t, h, ui.Page{Base: "/a/"}, "GET", "Accept-Language: de"))
	if want := `<link rel="modulepreload" crossorigin href="/a/assets/core-12345678.js">`; strings.Count(german, "preload") != 1 || !strings.Contains(german, want) {
		t.Errorf("German lacks %s:\n%s", want, german)
	}
}

// Any header gets a language the build speaks.
func FuzzAcceptLanguage(f *testing.F) {
	for _, seed := range []string{"", "de-AT,de;q=0.9,en;q=0.8", "*", ";q=1,,", "de;q=1e999", "en;Q=0.5,de ; q = .6"} {
		f.Add(seed)
	}
	h := handler(f, ui.Config{})
	f.Fuzz(func(t *testing.T, accept string) {
		page := body(t, request(t, h, ui.Page{}, "GET", "Accept-Language: "+accept))
		if got := config(t, page)["locale"]; !slices.Contains([]string{"en", "de"}, got) || !strings.Contains(page, `<html lang="`+got+`"`) {
			t.Errorf("%q: got locale %q in\n%s", accept, got, page)
		}
	})
}
