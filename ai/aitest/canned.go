package aitest

import (
	"bytes"
	"io"
	"net/http"
	"testing"

	"github.com/modular-dashboard/dashboard/ai"
)

// Canned is a transport without a network: every request is answered 200 with a
// body of a media type.
func Canned(contentType string, body []byte) http.RoundTripper {
	return canned{contentType, body}
}

type canned struct {
	contentType string
	body        []byte
}

// RoundTrip implements [http.RoundTripper].
func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		if err := r.Body.Close(); err != nil {
			return nil, err
		}
	}
	return &http.Response{Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {c.contentType}}, Body: io.NopCloser(bytes.NewReader(c.body)), ContentLength: int64(len(c.body))}, nil
}

// Fuzz gives an adapter bodies of every kind. Whatever comes, the sequence keeps
// the rules of [ai.Model], and the adapter does not panic.
func Fuzz(f *testing.F, format Format, newModel func(http.RoundTripper) (ai.Model, error)) {
	f.Helper()
	w := formats[format]
	for _, fault := range append(Faults(), None) {
		r := Reply{Fault: fault, Reasoning: []string{"hm"}, Calls: []ai.ToolCall{{ID: "1", Name: "f", Arguments: []byte(`{"a":1}`)}}}.filled()
		if fault == LongLine {
			continue
		}
		var stream []byte
		for _, p := range w.stream(r) {
			stream = append(stream, w.spell(p, fault)...)
		}
		f.Add(stream, false)
		f.Add(w.whole(r), true)
	}
	f.Fuzz(func(t *testing.T, body []byte, whole bool) {
		contentType := w.contentType
		if whole {
			contentType = "application/json"
		}
		model, err := newModel(Canned(contentType, body))
		if err != nil {
			t.Fatal(err)
		}
		request := &ai.Request{Model: "m", Messages: []ai.Message{ai.User("Hi")}, Whole: whole}
		answer, err := ai.Collect(Ordered(t, model.Generate(t.Context(), request)))
		if answer == nil || err == nil && answer.Provider == "" {
			t.Errorf("got %+v, want who answered", answer)
		}
	})
}

var _ http.RoundTripper = canned{}
