package docs_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
)

// nginx plays a server of https://ops.example.com with the location that the
// block configures.
func (r *reader) nginx(b block) error {
	if r.proxy != nil {
		return errors.New("there is a proxy already")
	}
	var target *url.URL
	headers := map[string]func(*http.Request) string{}
	for line := range strings.Lines(b.text) {
		words := strings.Fields(strings.TrimSuffix(strings.TrimSpace(line), ";"))
		var err error
		switch {
		case len(words) == 2 && words[0] == "proxy_pass":
			_, port, _ := net.SplitHostPort(r.listen)
			target, err = url.Parse(regexp.MustCompile(`:8080$`).ReplaceAllString(words[1], ":"+port))
		case len(words) == 3 && words[0] == "proxy_set_header":
			headers[words[1]], err = nginxVariable(words[2])
		case len(words) == 2 && (words[0] == "proxy_http_version" || words[0] == "proxy_buffering"):
			// net/http/httputil does both.
		case len(words) == 0 || words[0] == "}" || strings.Join(words, " ") == "location / {":
		default:
			err = errors.New("nothing plays this")
		}
		if err != nil {
			return fmt.Errorf("%s: %w", strings.TrimSpace(line), err)
		}
	}
	if target == nil {
		return errors.New("it passes nothing on")
	}
	r.proxy = httptest.NewTLSServer(&httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
		p.SetURL(target) // and the host of the target, as nginx does
		for name, value := range headers {
			if p.Out.Header.Set(name, value(p.In)); name == "Host" {
				p.Out.Host = value(p.In)
			}
		}
	}})
	r.t.Cleanup(r.proxy.Close)
	return nil
}

func nginxVariable(name string) (func(*http.Request) string, error) {
	switch name {
	case "$host":
		return func(in *http.Request) string { return in.Host }, nil
	case "$remote_addr":
		return func(*http.Request) string { return "203.0.113.7" }, nil
	case "$scheme":
		return func(*http.Request) string { return "https" }, nil
	}
	return nil, errors.New("nothing plays this variable")
}
