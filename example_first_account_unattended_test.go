package dashboard_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

// An installation without a person at hand makes its owner at the first start,
// of what the environment says. Later starts leave all accounts as they are.
func ExampleWithFirstAccount() {
	email, password := "ada@example.com", "correct horse battery staple" // from os.Getenv

	db, err := sqlite.Open(":memory:")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	d, err := dashboard.New(db, dashboard.WithFirstAccount(email, password),
		dashboard.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		log.Fatal(err)
	}
	defer d.Shutdown(context.Background())
	if err := d.Start(context.Background()); err != nil { // rather than at the first request
		log.Fatal(err)
	}

	server := httptest.NewServer(d)
	defer server.Close()
	body, _ := json.Marshal(map[string]string{"email": email, "password": password})
	res, err := server.Client().Post(server.URL+"/api/v1/auth/login", "application/json", strings.NewReader(string(body)))
	if err != nil {
		log.Fatal(err)
	}
	defer res.Body.Close()
	var out struct {
		User struct {
			Email string
			Roles []string
		}
	}
	err = json.NewDecoder(res.Body).Decode(&out)
	fmt.Println(res.StatusCode == http.StatusOK, out.User.Email, out.User.Roles, err)
	// Output:
	// true ada@example.com [owner] <nil>
}
