package dashboard_test

import (
	"bufio"
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/modular-dashboard/dashboard"
)

// CountdownIn says where a countdown begins.
type CountdownIn struct {
	From int `query:"from" validate:"min=1,max=10"`
}

// countdown returns a stream: the function sends events until it returns or
// the context ends, because the client left or the module was disabled.
func countdown(_ context.Context, in CountdownIn) (dashboard.Stream, error) {
	return func(ctx context.Context, send func(event string, data any) error) error {
		for n := in.From; n > 0 && ctx.Err() == nil; n-- {
			if err := send("tick", map[string]int{"left": n}); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// An endpoint that returns a Stream answers server-sent events.
func ExampleStream() {
	read := dashboard.NewPermission("countdown.read", "Watch countdowns")
	d, stop := startDemo(dashboard.Func(dashboard.Manifest{
		ID: "launch", Version: "1.0.0", Permissions: []dashboard.Permission{read},
	}, func(r *dashboard.Router) error {
		dashboard.Get(r, "/countdown", countdown, dashboard.Require(read))
		return nil
	}))
	defer stop()
	server := httptest.NewServer(d)
	defer server.Close()

	req, err := http.NewRequest(http.MethodGet, server.URL+"/api/v1/m/launch/countdown?from=2", nil)
	if err != nil {
		log.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+d.owner)
	res, err := server.Client().Do(req)
	if err != nil {
		log.Fatal(err)
	}
	defer res.Body.Close()
	fmt.Println(res.Header.Get("Content-Type"))
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		fmt.Println(lines.Text())
	}
	// Output:
	// text/event-stream
	// retry: 2000
	//
	// event: tick
	// data: {"left":2}
	//
	// event: tick
	// data: {"left":1}
}
