package ai

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Gateway answers in OpenAI's wire format for any [Model], such as a [Directory],
// so that clients and official SDKs of that format work with any provider:
//
//	POST chat/completions   whole and streamed, with tools, images and schemas
//	POST responses          the same; answers are not stored, so below it is nothing
//	POST embeddings         of texts, as numbers or base64
//	GET  models             what may be asked for
//	GET  models/{name}      one of them
//
// Mount it below a prefix that is stripped, and put authentication around it: it
// has none. What a request asks for and this gateway has no place for is refused
// with the name of the field, never left out. The request's field Cache-Control
// may say no-cache and no-store, as [CacheControl] has it. It is safe for
// concurrent use.
type Gateway struct {
	// Model answers. Requests name what they want, as it understands names.
	Model Model
	// Models is what may be asked for, as clients see it. Nil: where Model is a
	// [Directory], its aliases.
	Models func(context.Context) ([]ModelInfo, error)
	// MaxBody bounds a request, in bytes. Zero: 32 MiB, since images are in it.
	MaxBody int64
	// WriteTimeout is how long a client may take to read a piece. Zero: 30 s.
	WriteTimeout time.Duration
	// Log is told of answers that failed for a reason of ours or the provider's;
	// never of content. Nil: slog.Default.
	Log *slog.Logger
	// OnError may change what clients are told. Nil: nothing.
	OnError func(*Error)
	// Ended says what clients are told of an answer that is ended from this side: cause
	// is that of the request's context, and not context.Canceled, which is a client that
	// left. Nil: status 504 after a deadline, else 503.
	Ended func(cause error) Denial
}

const (
	gatewayBody  = 32 << 20
	gatewayWrite = 30 * time.Second
)

// ServeHTTP implements [http.Handler].
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r = cacheHeader(r)
	switch path := r.URL.Path; {
	case path == "/chat/completions":
		if allowMethod(w, r, http.MethodPost) {
			g.chat(w, r)
		}
	case path == "/responses":
		if allowMethod(w, r, http.MethodPost) {
			g.responses(w, r)
		}
	case strings.HasPrefix(path, "/responses/"):
		writeFault(w, http.StatusNotFound, fault{Message: "Answers are not stored here.", Type: "invalid_request_error", Code: "response_not_found"}, 0)
	case path == "/embeddings":
		if allowMethod(w, r, http.MethodPost) {
			g.embeddings(w, r)
		}
	case path == "/models":
		if allowMethod(w, r, http.MethodGet) {
			g.models(w, r, "")
		}
	case len(path) > len("/models/") && path[:len("/models/")] == "/models/":
		if allowMethod(w, r, http.MethodGet) {
			g.models(w, r, path[len("/models/"):])
		}
	default:
		writeFault(w, http.StatusNotFound, fault{Message: "There is nothing here.", Type: "invalid_request_error", Code: "not_found"}, 0)
	}
}

// A Denial is an answer of whoever is around a [Gateway], in its format.
type Denial struct {
	Status        int // of HTTP
	Code, Message string
	RetryAfter    time.Duration
}

// Deny writes a denial.
func (g *Gateway) Deny(w http.ResponseWriter, r Denial) {
	writeFault(w, r.Status, r.fault(), r.RetryAfter)
}

func (r *Denial) fault() fault {
	kind := "invalid_request_error"
	if r.Status >= http.StatusInternalServerError {
		kind = "server_error"
	}
	return fault{Message: r.Message, Type: kind, Code: r.Code}
}

func allowMethod(w http.ResponseWriter, r *http.Request, method string) bool {
	if r.Method == method || method == http.MethodGet && r.Method == http.MethodHead {
		return true
	}
	w.Header().Set("Allow", method)
	writeFault(w, http.StatusMethodNotAllowed, fault{Message: "Use " + method + " here.", Type: "invalid_request_error", Code: "method_not_allowed"}, 0)
	return false
}

// models answers with all models, or with the one that is named.
func (g *Gateway) models(w http.ResponseWriter, r *http.Request, name string) {
	infos, err := g.list(r.Context())
	if err != nil {
		status, f := g.failed(name, typed(err))
		writeFault(w, status, f, typed(err).RetryAfter)
		return
	}
	if name == "" {
		out := modelList{Object: "list", Data: make([]modelEntry, 0, len(infos))}
		for _, m := range infos {
			out.Data = append(out.Data, m.entry())
		}
		writeJSON(w, http.StatusOK, out)
		return
	}
	i := slices.IndexFunc(infos, func(m ModelInfo) bool { return m.Name == name })
	if i < 0 {
		writeFault(w, http.StatusNotFound, fault{Message: "The model does not exist.", Type: "invalid_request_error", Code: "model_not_found"}, 0)
		return
	}
	writeJSON(w, http.StatusOK, infos[i].entry())
}

func (g *Gateway) list(ctx context.Context) ([]ModelInfo, error) {
	if g.Models != nil {
		return g.Models(ctx)
	}
	if d, ok := g.Model.(*Directory); ok {
		return d.Models(ctx)
	}
	return nil, nil
}

type modelEntry struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Created int64  `json:"created"`
	OwnedBy string `json:"owned_by"`
}

type modelList struct {
	Object string       `json:"object"`
	Data   []modelEntry `json:"data"`
}

func (m ModelInfo) entry() modelEntry {
	return modelEntry{ID: m.Name, Object: "model", Created: max(0, m.Created.Unix()), OwnedBy: cmp.Or(m.Provider, "dashboard")}
}

func (g *Gateway) chat(w http.ResponseWriter, r *http.Request) {
	body, ok := g.body(w, r)
	if !ok {
		return
	}
	asked, bad := readChat(body)
	if bad != nil {
		writeFault(w, http.StatusBadRequest, *bad, 0)
		return
	}
	out := chatWriter{eventStream: g.eventStream(w), g: g, asked: asked, created: time.Now().Unix()}
	if asked.stream {
		out.stream(r.Context())
		return
	}
	out.whole(r.Context())
}

// body reads a request; false: it is answered, or who sent it has left.
func (g *Gateway) body(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	limit := cmp.Or(max(0, g.MaxBody), gatewayBody)
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if err == nil {
		return body, true
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		writeFault(w, http.StatusRequestEntityTooLarge, fault{Message: "The request is larger than " + strconv.FormatInt(limit, 10) + " bytes.",
			Type: "invalid_request_error", Code: "request_too_large"}, 0)
	}
	return nil, false
}

// failed tells the client and the log what went wrong.
func (g *Gateway) failed(r string, e *Error) (int, fault) {
	status, f := faultOf(e)
	if g.OnError != nil {
		told := *e
		g.OnError(&told)
		status, f = faultOf(&told)
	}
	if status >= http.StatusInternalServerError {
		cmp.Or(g.Log, slog.Default()).Warn("model did not answer", "model", r, "provider", e.Provider, "kind", e.Kind.String(), "status", e.Status,
			"provider_request_id", e.RequestID, "error", e)
	}
	return status, f
}
