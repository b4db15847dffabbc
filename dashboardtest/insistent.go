package dashboardtest

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"time"
)

// again is for how long a request is sent again.
const again = 20 * time.Second

// insistent sends a request again that was not let in because the machine is so
// busy that no change of accounts was read for seconds.
type insistent struct{ *http.Transport }

// RoundTrip implements [http.RoundTripper].
func (i insistent) RoundTrip(r *http.Request) (*http.Response, error) {
	for began := time.Now(); ; {
		res, err := i.Transport.RoundTrip(r)
		if err != nil || res.StatusCode != http.StatusServiceUnavailable || time.Since(began) > again {
			return res, err
		}
		body, err := io.ReadAll(res.Body)
		if err := errors.Join(err, res.Body.Close()); err != nil {
			return nil, err
		}
		if res.Body = io.NopCloser(bytes.NewReader(body)); !bytes.Contains(body, []byte("Sign-in cannot be checked")) {
			return res, nil
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
		if r = r.Clone(r.Context()); r.GetBody != nil {
			if r.Body, err = r.GetBody(); err != nil {
				return nil, err
			}
		}
	}
}

var _ http.RoundTripper = insistent{}
