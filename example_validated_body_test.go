package dashboard_test

import (
	"context"
	"net/http"
	"time"

	"github.com/modular-dashboard/dashboard"
)

// Booking is read from a JSON body. Members that it does not know are refused,
// as are values that its tags do not allow.
type Booking struct {
	Room   string        `json:"room" validate:"required,oneof=attic cellar"`
	Guests []string      `json:"guests" validate:"min=1,max=8,dive,email"`
	For    time.Duration `json:"for" validate:"min=15m,max=8h"`
}

// A body is decoded strictly and validated as a whole: the answer names every
// field that is wrong.
func ExamplePost() {
	write := dashboard.NewPermission("booking.write", "Book rooms")
	rooms := dashboard.Func(dashboard.Manifest{
		ID: "rooms", Version: "1.0.0", Permissions: []dashboard.Permission{write},
	}, func(r *dashboard.Router) error {
		dashboard.Post(r, "/bookings", func(_ context.Context, in Booking) (Booking, error) {
			return in, nil // a real one would store it
		}, dashboard.Require(write), dashboard.Status(http.StatusCreated))
		return nil
	})

	d, stop := startDemo(rooms)
	defer stop()
	d.show(d.owner, "POST", "/api/v1/m/rooms/bookings", `{"room":"attic","guests":["bo@example.com"],"for":"90m"}`)
	d.show(d.owner, "POST", "/api/v1/m/rooms/bookings", `{"room":"roof","guests":["bo"],"for":"90m"}`)
	// Output:
	// 201 {"room":"attic","guests":["bo@example.com"],"for":"1h30m0s"}
	// 422 invalid-input: The request was understood, but some of its values cannot be accepted.
	//     /room must be one of attic, cellar
	//     /guests/0 must be an email address
}
