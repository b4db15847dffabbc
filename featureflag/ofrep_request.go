package featureflag

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"strings"
	"time"
)

const (
	// maxContextDepth is how deep lists and objects of a context may nest.
	maxContextDepth = 32
	// maxTargetingKey is how many bytes a targeting key may have: each split of a
	// bulk request reads all of it.
	maxTargetingKey = 4096
	// bodyWait is how long a request's body may take to arrive.
	bodyWait = 10 * time.Second
)

// read takes the context of a request, and what the server knows of it. It calls
// arrived once there is nothing left to read.
func (o *OFREP) read(w http.ResponseWriter, r *http.Request, arrived func()) (*Context, error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return nil, &failure{status: http.StatusUnsupportedMediaType, Code: CodeParse, Details: "the body must be application/json"}
	}
	body, err := o.readBody(w, r)
	if err != nil {
		return nil, err
	}
	arrived()
	c, err := parseContext(body)
	if err != nil {
		return nil, err
	}
	if o.config.fixed != nil {
		fixed, err := o.config.fixed(r)
		if err != nil {
			return nil, err
		}
		if fixed.TargetingKey != "" {
			c.TargetingKey = fixed.TargetingKey
		}
		maps.Copy(c.Attributes, fixed.Attributes)
	}
	if o.config.needKey && c.TargetingKey == "" {
		return nil, &failure{status: http.StatusBadRequest, Code: CodeTargetingKeyMissing, Details: "the context has no targetingKey"}
	}
	return c, nil
}

// boundBody gives a request's body a deadline, unless the host's server has set
// one of its own: also net/http waits for what nobody has read. The function it
// returns lifts it, as net/http then waits for the client to leave.
func boundBody(w http.ResponseWriter, r *http.Request) (arrived func()) {
	server, _ := r.Context().Value(http.ServerContextKey).(*http.Server)
	control := http.NewResponseController(w)
	if server != nil && server.ReadTimeout > 0 || control.SetReadDeadline(time.Now().Add(bodyWait)) != nil {
		return func() {}
	}
	return func() { _ = control.SetReadDeadline(time.Time{}) } // it fails where the connection is gone
}

func (o *OFREP) readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, o.config.bodyLimit))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, &failure{
			status: http.StatusRequestEntityTooLarge, Code: CodeParse, Details: fmt.Sprintf("the body has more than %d bytes", large.Limit),
		}
	case err != nil:
		return nil, &failure{status: http.StatusBadRequest, Code: CodeParse, Details: "the body did not arrive"}
	}
	return body, nil
}

// parseContext reads {"context": {"targetingKey": …}}. Members it does not know
// are left, as the protocol may gain some.
func parseContext(body []byte) (*Context, error) {
	if !json.Valid(body) {
		return nil, &failure{status: http.StatusBadRequest, Code: CodeParse, Details: "the body is not JSON"}
	}
	if depth(body) > maxContextDepth {
		return nil, &failure{status: http.StatusBadRequest, Code: CodeInvalidContext, Details: fmt.Sprintf("the body nests deeper than %d", maxContextDepth)}
	}
	var request map[string]json.RawMessage
	if err := json.Unmarshal(body, &request); err != nil || request == nil {
		return nil, &failure{status: http.StatusBadRequest, Code: CodeParse, Details: "the body is not an object"}
	}
	invalid := func(detail string) error {
		return &failure{status: http.StatusBadRequest, Code: CodeInvalidContext, Details: detail}
	}
	given, ok := request["context"]
	if !ok {
		return nil, invalid("the body has no context")
	}
	var attributes map[string]any
	if err := json.Unmarshal(given, &attributes); err != nil || attributes == nil {
		if err != nil && strings.HasPrefix(string(given), "{") {
			return nil, invalid("the context has a number that is too large")
		}
		return nil, invalid("the context is not an object")
	}
	c := &Context{Attributes: attributes}
	if value, ok := attributes["targetingKey"]; ok {
		if c.TargetingKey, ok = value.(string); !ok {
			return nil, invalid("the context's targetingKey is not a string")
		}
		if len(c.TargetingKey) > maxTargetingKey {
			return nil, invalid(fmt.Sprintf("the context's targetingKey has more than %d bytes", maxTargetingKey))
		}
		delete(attributes, "targetingKey")
	}
	return c, nil
}

// depth is how deep the lists and objects of a valid JSON text nest.
func depth(text []byte) int {
	deepest, open, quoted := 0, 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			open++
			deepest = max(deepest, open)
		case c == '}' || c == ']':
			open--
		}
	}
	return deepest
}

// A failure is an answer that holds no evaluation.
type failure struct {
	status  int
	Key     *string   `json:"key,omitempty"`
	Code    ErrorCode `json:"errorCode,omitempty"`
	Details string    `json:"errorDetails,omitempty"`
}

// Error implements error.
func (f *failure) Error() string { return f.Details }

// refuse writes a failure.
func refuse(w http.ResponseWriter, f failure) {
	body, err := json.Marshal(f)
	if err != nil {
		body = []byte("{}") // it holds only texts
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(f.status)
	_, _ = w.Write(body)
}
