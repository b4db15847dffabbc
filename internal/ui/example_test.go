package ui_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/modular-dashboard/dashboard/internal/ui"
)

// A caller that knows its mount hands the handler what is below it.
func ExampleHandler_Serve() {
	screens, err := ui.New(ui.Config{Title: "Back office"})
	if err != nil {
		fmt.Println(err)
		return
	}
	mount := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		screens.Serve(w, r, ui.Page{
			Base: "/admin/",
			Path: strings.TrimPrefix(r.URL.Path, "/admin/"),
			Host: r.Host,
		})
	})

	for _, path := range []string{"/admin/login", "/admin/assets/gone-12345678.js"} {
		answer := httptest.NewRecorder()
		mount.ServeHTTP(answer, httptest.NewRequest("GET", "http://example.test"+path, nil))
		fmt.Println(path, answer.Code, answer.Header().Get("Cache-Control"))
	}
	// Output:
	// /admin/login 200 no-cache
	// /admin/assets/gone-12345678.js 404 no-store
}
