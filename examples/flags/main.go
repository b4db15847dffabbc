// Feature flags alone: definitions from a file, no database and no dashboard.
// Run it where the file is, edit the file, and ask again:
//
//	cd examples/flags && go run .
//	curl localhost:8080/ada
package main

import (
	"fmt"
	"log"
	"net/http"

	"github.com/modular-dashboard/dashboard/featureflag"
)

func main() {
	file, err := featureflag.Open("flags.json") // and again whenever it changes
	if err != nil {
		log.Fatal(err)
	}
	flags := file.Flags()
	http.HandleFunc("GET /{user}", func(w http.ResponseWriter, r *http.Request) {
		ctx := featureflag.WithContext(r.Context(), featureflag.Context{TargetingKey: r.PathValue("user")})
		_, _ = fmt.Fprintln(w, flags.String(ctx, "greeting", "Hello"))
	})
	log.Fatal(http.ListenAndServe("localhost:8080", nil))
}
