package featureflag_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/open-feature/go-sdk/openfeature"
	"github.com/open-feature/go-sdk/openfeature/memprovider"

	"github.com/modular-dashboard/dashboard/featureflag"
)

const remoteBench = `{"flags":{
  "static":{"state":"ENABLED","variants":{"on":true,"off":false},"defaultVariant":"on"},
  "rule":{"state":"ENABLED","variants":{"on":true,"off":false},"defaultVariant":"off","targeting":{"if":[{"and":[
    {"==":[{"var":"plan"},"paid"]},{"in":[{"var":"country"},["CA","DE","FR"]]},{">=":[{"var":"age"},18]},
    {"ends_with":[{"var":"email"},"@example.com"]},{"sem_ver":[{"var":"version"},">=","2.1.0"]}]},"on"]}},
  "split":{"state":"ENABLED","variants":{"on":true,"off":false},"defaultVariant":"off","targeting":{"fractional":[["on",30],["off",70]]}}}}`

// Through OpenFeature, beside its own in-memory provider, which is the floor.
func BenchmarkProvider(b *testing.B) {
	floor := memprovider.NewInMemoryProvider(map[string]memprovider.InMemoryFlag{
		"static": {Key: "static", State: memprovider.Enabled, DefaultVariant: "on", Variants: map[string]any{"on": true, "off": false}},
	})
	evalCtx := openfeature.NewEvaluationContext("user-123", map[string]any{
		"plan": "paid", "country": "DE", "age": 42, "email": "a@example.com", "version": "2.3.1",
	})
	for _, run := range []struct {
		name     string
		provider openfeature.FeatureProvider
		key      string
	}{
		{"memory", floor, "static"},
		{"static", featureflag.NewProvider(parsed(b, remoteBench)), "static"},
		{"rule", featureflag.NewProvider(parsed(b, remoteBench)), "rule"},
		{"split", featureflag.NewProvider(parsed(b, remoteBench)), "split"},
	} {
		b.Run(run.name, func(b *testing.B) {
			_, client := registered(b, run.provider)
			b.ReportAllocs()
			for b.Loop() {
				client.Boolean(context.Background(), run.key, false, evalCtx)
			}
		})
	}
}

// discard is an answer that nobody reads.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header       { return d.header }
func (*discard) Write(p []byte) (int, error) { return len(p), nil }
func (*discard) WriteHeader(int)             {}

func BenchmarkOFREP(b *testing.B) {
	var many strings.Builder
	many.WriteString(`{"flags":{`)
	for i := range 1000 {
		if i > 0 {
			many.WriteByte(',')
		}
		many.WriteString(`"flag-` + strconv.Itoa(i) + `":{"state":"ENABLED","variants":{"on":true,"off":false},"defaultVariant":"off"`)
		switch i % 3 {
		case 1:
			many.WriteString(`,"targeting":{"fractional":[["on",30],["off",70]]}`)
		case 2:
			many.WriteString(`,"targeting":{"if":[{"ends_with":[{"var":"email"},"@example.com"]},"on"]}`)
		}
		many.WriteByte('}')
	}
	many.WriteString(`}}`)
	body := `{"context":{"targetingKey":"user-123","email":"a@example.com"}}`
	for _, run := range []struct{ name, path, flags string }{
		{"single", single + "flag-1", many.String()}, {"bulk1000", bulk, many.String()},
	} {
		b.Run(run.name, func(b *testing.B) {
			handler := remote(b, parsed(b, run.flags))
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest(http.MethodPost, run.path, strings.NewReader(body))
				r.Header.Set("Content-Type", "application/json")
				handler.ServeHTTP(&discard{header: http.Header{}}, r)
			}
		})
	}
}
