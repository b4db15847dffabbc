package docs_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// call is what a curl command asks for.
type call struct {
	method, target, body string
	header               http.Header
}

// curl reads the words after "curl", as far as the documents use it.
func curl(words []string) (call, error) {
	c := call{header: http.Header{}}
	var data []string
	query := false
	for i := 0; i < len(words); i++ {
		flag := words[i]
		value := func() string {
			if i++; i < len(words) {
				return words[i]
			}
			return ""
		}
		switch flag {
		case "-s":
		case "-G":
			query = true
		case "-X":
			c.method = value()
		case "-H":
			name, text, _ := strings.Cut(value(), ":")
			c.header.Set(name, strings.TrimSpace(text))
		case "-d":
			data = append(data, value())
		case "--data-urlencode":
			name, text, _ := strings.Cut(value(), "=")
			data = append(data, name+"="+url.QueryEscape(text))
		case "--json":
			c.body = value()
			c.header.Set("Content-Type", "application/json")
			c.header.Set("Accept", "application/json")
		default:
			if strings.HasPrefix(flag, "-") || c.target != "" {
				return call{}, fmt.Errorf("curl: %q is not read", flag)
			}
			c.target = flag
		}
	}
	if c.target == "" || len(data) > 0 && !query {
		return call{}, errors.New("curl: no address, or data without -G")
	}
	if len(data) > 0 {
		c.target += "?" + strings.Join(data, "&")
	}
	if !strings.Contains(c.target, "://") {
		c.target = "http://" + c.target
	}
	if c.method == "" {
		c.method = http.MethodGet
		if c.body != "" {
			c.method = http.MethodPost
		}
	}
	return c, nil
}

// send does what the command says. The answer may take a while to be the one
// that is wanted; final tells that asking again would be another act.
func (c call) send(ctx context.Context, client *http.Client) (body string, final bool, err error) {
	r, err := http.NewRequestWithContext(ctx, c.method, c.target, strings.NewReader(c.body))
	if err != nil {
		return "", true, err
	}
	r.Header = c.header.Clone()
	if host := r.Header.Get("Host"); host != "" {
		r.Host = host
	}
	a, err := client.Do(r)
	if err != nil {
		return "", true, err
	}
	defer func() { _ = a.Body.Close() }() // it was read to its end
	raw, err := io.ReadAll(a.Body)
	// What is not there yet has done nothing.
	starting := a.StatusCode == http.StatusNotFound || a.StatusCode == http.StatusServiceUnavailable
	return string(raw), c.method != http.MethodGet && !starting, err
}

func TestCurl(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		words []string
		want  call
	}{
		{[]string{"-s", "localhost/a"}, call{method: "GET", target: "http://localhost/a"}},
		{[]string{"-X", "PUT", "--json", "{}", "https://x/a"}, call{method: "PUT", target: "https://x/a", body: "{}"}},
		{[]string{"--json", "{}", "x"}, call{method: "POST", target: "http://x", body: "{}"}},
		{[]string{"-G", "-d", "q=a", "--data-urlencode", "f=a = b", "x"}, call{method: "GET", target: "http://x?q=a&f=a+%3D+b"}},
	} {
		got, err := curl(tc.words)
		if err != nil || got.method != tc.want.method || got.target != tc.want.target || got.body != tc.want.body {
			t.Errorf("%q: got %+v, %v, want %+v", tc.words, got, err, tc.want)
		}
	}
	for _, words := range []string{"", "-v x", "x y", "-d a x"} {
		if got, err := curl(slices.Collect(strings.FieldsSeq(words))); err == nil {
			t.Errorf("%q: got %+v, want an error", words, got)
		}
	}
}
