package ai

import "net/http"

// An Endpoint is where and how an adapter reaches its provider. The zero value is
// the provider's own address.
type Endpoint struct {
	// BaseURL is where the API is, such as http://localhost:8000/v1: what comes
	// before the paths that the adapter adds. Where a provider has none of these an
	// error says that it may be this which is wrong. Redirects are not followed, since
	// they would carry the key elsewhere.
	BaseURL string
	// Name is what errors, traces and metrics call the provider; empty: the
	// package's name.
	Name string
	// Header is added to every request, and wins over what the adapter sets.
	Header http.Header
	// Transport sends the requests; nil: a copy of http.DefaultTransport that
	// keeps up to 64 idle connections.
	Transport http.RoundTripper
	// MaxPiece and MaxAnswer bound what is read, in bytes: of one event or of an
	// answer in one piece, and of a stream in total. Zero: 16 MiB and 256 MiB.
	MaxPiece, MaxAnswer int64
}
