package dashboard_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"time"

	"github.com/modular-dashboard/dashboard"
)

// PayIn names what is paid.
type PayIn struct {
	ID     string `path:"id"`
	Amount int    `json:"amount" validate:"min=1"`
}

// pay fails in every way there is.
func pay(_ context.Context, in PayIn) (struct{}, error) {
	switch in.ID {
	case "closed": // a status and a code that programs can rely on
		return struct{}{}, dashboard.Errorf(http.StatusConflict, "order-closed", "Order %s is closed.", in.ID)
	case "small": // a rule that tags cannot express
		return struct{}{}, dashboard.Invalid(dashboard.FieldError{Pointer: "/amount", Code: "too-small", Detail: "The order costs more."})
	case "busy": // with a cause for the log, which nobody else sees
		return struct{}{}, &dashboard.Error{Status: http.StatusServiceUnavailable, Code: "bank-busy",
			Detail: "The bank does not answer.", RetryAfter: 30 * time.Second, Err: errors.New("dial tcp 10.0.0.7:443: refused")}
	}
	// Any other error is ours: 500, and its text stays in the log.
	return struct{}{}, errors.New("column \"paid\" does not exist")
}

// Errors become problem documents (RFC 9457). What is for people and programs
// is in an Error; everything else stays private.
func ExampleError() {
	write := dashboard.NewPermission("order.pay", "Pay orders")
	d, stop := startDemo(dashboard.Func(dashboard.Manifest{
		ID: "orders", Version: "1.0.0", Permissions: []dashboard.Permission{write},
	}, func(r *dashboard.Router) error {
		dashboard.Post(r, "/orders/{id}/pay", pay, dashboard.Require(write), dashboard.Answers(http.StatusConflict))
		return nil
	}))
	defer stop()

	var a *httptest.ResponseRecorder
	for _, order := range []string{"closed", "small", "broken", "busy"} {
		a = d.show(d.owner, "POST", "/api/v1/m/orders/orders/"+order+"/pay", `{"amount":1}`)
	}
	fmt.Println("Retry-After:", a.Header().Get("Retry-After"))

	var document map[string]any // the last one, whole
	err := json.Unmarshal(a.Body.Bytes(), &document)
	for _, member := range slices.Sorted(maps.Keys(document)) {
		if member != "request_id" { // finds the cause in the log
			fmt.Printf("%s: %v\n", member, document[member])
		}
	}
	fmt.Println(err)
	// Output:
	// 409 order-closed: Order closed is closed.
	// 422 invalid-input: The request was understood, but some of its values cannot be accepted.
	//     /amount The order costs more.
	// 500 internal: Something went wrong here. The request id finds it in the log.
	// 503 bank-busy: The bank does not answer.
	// Retry-After: 30
	// detail: The bank does not answer.
	// status: 503
	// title: Service Unavailable
	// type: urn:dashboard:problem:bank-busy
	// <nil>
}
