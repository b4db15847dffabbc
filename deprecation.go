package dashboard

import (
	"errors"
	"net/http"
	"strconv"
	"time"
)

// Deprecated marks the endpoint as deprecated since a time, which may lie ahead:
// in OpenAPI, and by the header Deprecation of its answers (RFC 9745).
func Deprecated(since time.Time) EndpointOption {
	return endpointOption(func(c *endpointConfig) { c.deprecation.since = &since })
}

// Sunset says when the endpoint may stop to answer: in OpenAPI, and by the
// header Sunset of its answers (RFC 8594). It goes on answering after that time:
// to remove it is up to the module.
func Sunset(at time.Time) EndpointOption {
	return endpointOption(func(c *endpointConfig) { c.deprecation.sunset = &at })
}

// deprecation is what an endpoint says of its own end.
type deprecation struct {
	since, sunset *time.Time
	headers       [2]struct{ name, value string } // made once, at registration
}

// prepare checks the times and makes the headers.
func (d *deprecation) prepare() error {
	if d.since != nil {
		if d.since.IsZero() {
			return errors.New("deprecated since no time")
		}
		d.headers[0].name, d.headers[0].value = "Deprecation", "@"+strconv.FormatInt(d.since.Unix(), 10)
	}
	if d.sunset == nil {
		return nil
	}
	switch {
	case d.sunset.IsZero():
		return errors.New("sunset at no time")
	case d.since != nil && d.sunset.Before(*d.since): // RFC 9745, section 4
		return errors.New("sunset before it is deprecated")
	}
	d.headers[1].name, d.headers[1].value = "Sunset", d.sunset.UTC().Format(http.TimeFormat)
	return nil
}

func (d *deprecation) setHeaders(h http.Header) {
	for _, header := range d.headers {
		if header.name != "" {
			h.Set(header.name, header.value)
		}
	}
}

func timeOr(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}
