package featureflag

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/modular-dashboard/dashboard/internal/etag"
)

const (
	// configurationWait is how long a request that an event caused waits for the
	// flags that the event was about: another instance may have sent it.
	configurationWait = 1500 * time.Millisecond
	// maxWaiting bounds the requests that wait so.
	maxWaiting = 256
	// inactivityDelay is when a client that nobody looks at should hang up.
	inactivityDelay = 120
)

// serveFlag answers for one flag.
func (o *OFREP) serveFlag(w http.ResponseWriter, r *http.Request, key string, c *Context) {
	if state, _ := o.flags.SourceState(); state == SourceNotReady || state == SourceFatal {
		refuse(w, failure{status: http.StatusInternalServerError, Key: &key, Code: CodeGeneral, Details: "there are no flags yet"})
		return
	}
	e := o.flags.answer(r.Context(), key, KindNone, c)
	status := http.StatusOK
	switch {
	case e.Code == CodeFlagNotFound:
		status = http.StatusNotFound
	case e.Code == CodeProviderNotReady || e.Code == CodeProviderFatal:
		status = http.StatusInternalServerError
	case e.Code != "":
		status = http.StatusBadRequest
	}
	writeJSON(w, status, o.appendEvaluation(make([]byte, 0, 256), &e))
}

// serveAll answers for all flags.
func (o *OFREP) serveAll(w http.ResponseWriter, r *http.Request, caller string, c *Context) {
	query := r.URL.Query()
	event := query.Get("flagConfigEtag")
	if event != "" {
		o.await(r.Context(), event)
	}
	if state, _ := o.flags.SourceState(); state == SourceNotReady || state == SourceFatal || o.flags.resolver != nil {
		detail := "there are no flags yet"
		if o.flags.resolver != nil {
			detail = "the flag provider cannot list its flags"
		}
		refuse(w, failure{status: http.StatusInternalServerError, Code: CodeGeneral, Details: detail})
		return
	}
	set := o.flags.Snapshot()
	o.past.add(set.Hash())
	body := o.appendAll(r, caller, set, c)
	if r.Context().Err() != nil {
		return
	}
	tag, err := entityTag(set, caller, c, body)
	if err != nil { // a context that was JSON a moment ago
		refuse(w, failure{status: http.StatusBadRequest, Code: CodeInvalidContext, Details: "the context cannot be written as JSON"})
		return
	}
	w.Header().Set("ETag", tag)
	caused := event != "" || query.Has("flagConfigLastModified")
	known := etag.Parse(r.Header.Values("If-None-Match"))
	if !caused && !known.Any() && known.Has(tag) { // * names no values that the client could have
		w.WriteHeader(http.StatusNotModified)
		return
	}
	writeJSON(w, http.StatusOK, body)
}

// entityTag stands for everything that an answer depends on: the flags, who
// asks, for whom, and what came of it, as rules may ask for the time.
func entityTag(set *Set, caller string, c *Context, body []byte) (string, error) {
	canonical, err := json.Marshal([]any{set.Hash(), caller, c.TargetingKey, c.Attributes}) // it sorts keys
	if err != nil {
		return "", err
	}
	hash := sha256.New()
	for _, part := range [][]byte{canonical, body} {
		hash.Write(strconv.AppendInt(nil, int64(len(part)), 10))
		hash.Write([]byte{'\n'})
		hash.Write(part)
	}
	return `"` + base64.RawURLEncoding.EncodeToString(hash.Sum(nil)[:24]) + `"`, nil
}

// await waits a moment for the flags that an event was about.
func (o *OFREP) await(ctx context.Context, hash string) {
	if now := o.flags.Snapshot().Hash(); now == hash || o.past.has(hash) {
		return
	}
	select {
	case o.waiting <- struct{}{}:
		defer func() { <-o.waiting }()
	default:
		return
	}
	changed := make(chan struct{}, 1)
	stop := o.flags.Watch(func([]string) {
		select {
		case changed <- struct{}{}:
		default:
		}
	})
	defer stop()
	patience := time.NewTimer(configurationWait)
	defer patience.Stop()
	for o.flags.Snapshot().Hash() != hash {
		select {
		case <-changed:
		case <-patience.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// appendAll writes the body of a bulk answer.
func (o *OFREP) appendAll(r *http.Request, caller string, set *Set, c *Context) []byte {
	body := append(make([]byte, 0, 256+128*set.Len()), `{"flags":[`...)
	for i, key := range set.Keys() {
		if i > 0 {
			body = append(body, ',')
		}
		if i%64 == 0 && r.Context().Err() != nil { // nobody waits any more
			return nil
		}
		e := set.Evaluate(key, c)
		body = o.appendEvaluation(body, &e)
	}
	body = append(body, ']')
	if o.config.streams.Total > 0 {
		body = append(body, `,"eventStreams":[{"type":"sse","endpoint":{"requestUri":`...)
		body = appendText(body, o.streamAddress(r, caller))
		body = append(body, `},"inactivityDelaySec":`...)
		body = strconv.AppendInt(body, inactivityDelay, 10)
		body = append(body, `}]`...)
	}
	body = appendMetadata(body, set.Metadata())
	return append(body, '}')
}

// appendEvaluation writes an evaluation, or why there is none.
func (o *OFREP) appendEvaluation(b []byte, e *Evaluation) []byte {
	b = append(b, `{"key":`...)
	b = appendText(b, e.Key)
	if e.Code != "" {
		b = append(b, `,"errorCode":`...)
		b = appendText(b, string(wireCode(e.Code)))
		if e.Detail != "" {
			b = append(b, `,"errorDetails":`...)
			b = appendText(b, e.Detail)
		}
		return append(appendMetadata(b, e.Metadata), '}')
	}
	if !e.Value.IsNone() {
		b = append(b, `,"value":`...)
		b = e.Value.appendJSON(b)
	}
	b = append(b, `,"reason":`...)
	b = appendText(b, string(o.wireReason(e.Reason)))
	if e.Variant != "" {
		b = append(b, `,"variant":`...)
		b = appendText(b, e.Variant)
	}
	return append(appendMetadata(b, e.Metadata), '}')
}

// wireCode is an error code that the protocol has.
func wireCode(code ErrorCode) ErrorCode {
	switch code {
	case CodeFlagNotFound, CodeParse, CodeTargetingKeyMissing, CodeInvalidContext:
		return code
	}
	return CodeGeneral
}

func (o *OFREP) wireReason(reason Reason) Reason {
	switch reason {
	case ReasonStatic, ReasonTargetingMatch, ReasonSplit, ReasonDisabled, ReasonUnknown:
		return reason
	}
	if o.config.strict || reason == "" {
		return ReasonUnknown
	}
	return reason
}

// appendMetadata writes a member "metadata" unless there is none.
func appendMetadata(b []byte, m Metadata) []byte {
	if len(m) == 0 {
		return b
	}
	b = append(b, `,"metadata":{`...)
	for i, key := range slices.Sorted(maps.Keys(m)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendText(b, key), ':')
		switch value := m[key].(type) {
		case string:
			b = appendText(b, value)
		case bool:
			b = strconv.AppendBool(b, value)
		case float64:
			b = appendNumber(b, value)
		default:
			b = append(b, "null"...)
		}
	}
	return append(b, '}')
}

func writeJSON(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) //nolint:gosec // G705: it is JSON, and browsers are told not to guess
}
