package dashboard_test

import (
	"net/http"
	"testing"

	"github.com/modular-dashboard/dashboard"
)

// If-Match means the same wherever something is changed (RFC 9110, section
// 13.1.1): a list holds what may be there, weak tags and what is no tag match
// nothing, * whatever there is.
func TestConditionsOfChanges(t *testing.T) {
	t.Parallel()
	s := newServer(t, dashboard.WithModules(&shop{}, &mailer{}))
	s.waitState("shop", "enabled")
	s.waitState("mailer", "enabled")
	ada := s.customer("Ada", nil)
	s.owner().do("PUT", "/api/v1/roles/clerk", map[string]any{"permissions": []string{"shop.customer.read"}}).wantStatus(http.StatusNoContent)
	s.owner().do("PUT", "/api/v1/auth/me/layout", map[string]any{"items": []overviewItem{}}).wantStatus(http.StatusOK)
	setting := func(n int) any {
		return map[string]any{"values": map[string]any{"every": "5s", "sender": "a@example.com", "limit": 20 + n}}
	}
	for _, tt := range []struct {
		name, read, method, path string
		body                     func(n int) any
	}{
		{"item", customers + "/" + ada.ID, "PATCH", "", func(n int) any { return map[string]any{"balance": n} }},
		{"role as a whole", "/api/v1/roles/clerk", "PUT", "", func(int) any { return map[string]any{"permissions": []string{"shop.customer.read"}} }},
		{"role", "/api/v1/roles/clerk", "PATCH", "", func(int) any { return map[string]any{"title": "Clerk"} }},
		{"layout", "/api/v1/auth/me/layout", "PUT", "", func(int) any { return map[string]any{"items": []overviewItem{}} }},
		{"settings", settingsPath, "PUT", "", setting},
		{"module", "/api/v1/modules/shop", "POST", "/enable", func(int) any { return nil }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for n, c := range []struct {
				header func(tag string) string
				passes bool
			}{
				{func(tag string) string { return tag }, true},
				{func(tag string) string { return `"none", ` + tag }, true},
				{func(tag string) string { return tag + `,"none"` }, true},
				{func(string) string { return "*" }, true},
				{func(tag string) string { return "W/" + tag }, false},
				{func(tag string) string { return tag[1 : len(tag)-1] }, false},
				{func(tag string) string { return tag + ", *" }, false},
				{func(string) string { return `"none"` }, false},
				{func(string) string { return `"none", "nothing"` }, false},
				{func(string) string { return `"9223372036854775808"` }, false},
				{func(string) string { return "" }, false},
			} {
				tag := s.owner().get(tt.read).wantStatus(http.StatusOK).header.Get("ETag")
				header := c.header(tag)
				a := s.owner().do(tt.method, tt.read+tt.path, tt.body(n), "If-Match", header)
				if c.passes != (a.status < 300) || !c.passes && a.status != http.StatusPreconditionFailed {
					t.Errorf("with %q of %s: got %d: %s", header, tag, a.status, a.body)
				}
			}
		})
	}
}

// If-None-Match is compared weakly (section 13.1.2).
func TestConditionsOfReads(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	at := customers + "/" + s.customer("Ada", nil).ID
	tag := s.owner().get(at).header.Get("ETag")
	for header, want := range map[string]int{
		tag: http.StatusNotModified, "W/" + tag: http.StatusNotModified, `"x", W/` + tag: http.StatusNotModified, "*": http.StatusNotModified,
		`"x"`: http.StatusOK, `"x,` + tag + `,y"`: http.StatusOK, "": http.StatusOK, "1": http.StatusOK,
	} {
		a := s.owner().do("GET", at, nil, "If-None-Match", header)
		if a.status != want || a.status == http.StatusNotModified && (len(a.body) > 0 || a.header.Get("ETag") != tag) {
			t.Errorf("with %q: got %d, tag %s, body %q, want %d", header, a.status, a.header.Get("ETag"), a.body, want)
		}
	}
}
