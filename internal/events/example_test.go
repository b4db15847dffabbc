package events_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"

	"github.com/modular-dashboard/dashboard/internal/events"
)

func ExampleHub() {
	hub := events.New(nil, events.Options{})
	defer hub.Shutdown(context.Background())
	sub, err := hub.Subscribe(events.Subscriber{User: "u1", Filter: func(e events.Event) bool {
		return e.Audience.Admits("u1", "s1", func(p string) bool { return p == "billing.read" }, nil)
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer sub.Close()
	ctx := context.Background()
	_ = hub.Publish(ctx, events.Event{Name: "invoice", Audience: events.Audience{Permission: "billing.write"}})
	_ = hub.Publish(ctx, events.Event{Name: "panel", Data: json.RawMessage(`{"panel":"revenue"}`)})
	e, err := sub.Next(ctx)
	fmt.Println(e.Name, string(e.Data), err)
	hub.End(events.ReasonSessionEnded, func(s events.Subscriber) bool { return s.User == "u1" })
	_, err = sub.Next(ctx)
	fmt.Println(err)
	// Output:
	// panel {"panel":"revenue"} <nil>
	// stream ended: session-ended
}

func ExampleWriter() {
	rec := httptest.NewRecorder() // in a handler: the http.ResponseWriter
	out, err := events.NewWriter(rec)
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = out.Send("token", []byte("two\nlines"))
	fmt.Print(rec.Body)
	// Output:
	// retry: 2000
	//
	// event: token
	// data: two
	// data: lines
}
