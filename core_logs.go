package dashboard

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/modular-dashboard/dashboard/internal/logring"
	"github.com/modular-dashboard/dashboard/internal/query"
)

func (d *Dashboard) routeLogs(r *Router) {
	read := Require(permSystemRead)
	Get(r, "/system/logs", d.listLogs, read, ID("logs"), Summary("The latest log records of this instance, newest first"), Answers(400),
		Description("Held in memory, bounded: the records that the program's log shows, and in any case those from info on. Secrets are taken out before."))
	register(r, http.MethodGet, "/system/logs/stream", reflect.TypeFor[logStreamIn](), reflect.TypeFor[Stream](), d.serveLogStream, []EndpointOption{
		read, ID("log-stream"), Summary("Log records of this instance as they come"), Answers(429),
		Description("Server-sent events: log, with a record as in the list, and dropped, with the count of records that went by before this reader could take them.")})
}

// logFilter chooses records, for the list and the stream alike.
type logFilter struct {
	Level     string `query:"level" default:"info" validate:"oneof=debug info warn error" doc:"The least level shown."`
	Module    string `query:"module" validate:"max=40" doc:"The id of a module."`
	RequestID string `query:"request_id" validate:"max=100"`
	Q         string `query:"q" validate:"max=200" doc:"Text to find in the message or an attribute."`
}

func (f logFilter) filter() logring.Filter {
	out := logring.Filter{Module: f.Module, RequestID: f.RequestID, Text: f.Q}
	_ = out.Level.UnmarshalText([]byte(f.Level)) // one of the four that validation lets pass
	return out
}

// canonical is what a cursor is bound to.
func (f logFilter) canonical() string {
	raw, _ := json.Marshal(f) // strings never fail
	return string(raw)
}

type logsIn struct {
	logFilter
	Limit  int    `query:"limit" default:"50" validate:"min=1,max=200"`
	Cursor string `query:"cursor" validate:"max=2048"`
}

type logStreamIn struct {
	logFilter
	After *uint64 `query:"after" doc:"Continue after the record of this number; without it, begin with what comes next."`
}

type logInfo struct {
	Seq       uint64          `json:"seq" doc:"Counts the records of this process from 1."`
	Time      time.Time       `json:"time"`
	Level     string          `json:"level" doc:"debug, info, warn or error, or one of them with a number added, such as info+2."`
	Message   string          `json:"message"`
	Module    string          `json:"module,omitempty"`
	RequestID string          `json:"request_id,omitempty"`
	TraceID   string          `json:"trace_id,omitempty"`
	Attrs     json.RawMessage `json:"attrs" doc:"An object."`
}

func logInfoOf(e *logring.Entry) logInfo {
	return logInfo{Seq: e.Seq, Time: e.Time.UTC(), Level: strings.ToLower(e.Level.String()), Message: e.Message,
		Module: e.Module, RequestID: e.RequestID, TraceID: e.TraceID, Attrs: e.Attrs}
}

// logsList names the list in cursors, with the key that this process made: the
// records of another process have other numbers.
const logsList = "system/logs"

func newestFirst() query.Sort {
	return query.Sort{{Field: query.Field{Name: "seq", Kind: query.Integer}, Desc: true}}
}

func (d *Dashboard) listLogs(_ context.Context, in logsIn) (Page[logInfo], error) {
	before, err := query.Open(d.logsKey, logsList, in.canonical(), in.Cursor, newestFirst())
	if err != nil {
		return Page[logInfo]{}, errBadCursor
	}
	var at uint64
	if len(before) == 1 {
		seq, _ := before[0].(int64)
		at = uint64(max(seq, 1))
	}
	list, more := d.logs.List(in.filter(), at, in.Limit)
	out := Page[logInfo]{Items: make([]logInfo, len(list))}
	for i, e := range list {
		out.Items[i] = logInfoOf(e)
	}
	if more {
		last := int64(list[len(list)-1].Seq)
		out.NextCursor, err = query.Seal(d.logsKey, logsList, in.canonical(), []any{last})
	}
	return out, err
}

type droppedInfo struct {
	Count uint64 `json:"count"`
}

// serveLogStream takes its place among those who follow before it answers, so
// that one too many gets an answer that says so.
func (d *Dashboard) serveLogStream(w http.ResponseWriter, r *http.Request, e *endpoint) error {
	var in logStreamIn
	if err := e.plan.Decode(r, &in, e.config.bodyLimit); err != nil {
		return err
	}
	if r.Method == http.MethodHead {
		return headOfStream(w)
	}
	follower, err := d.logs.Follow(in.filter(), in.After)
	if err != nil {
		return errTooManyStreams
	}
	defer follower.Close()
	return e.stream(w, r, func(ctx context.Context, send func(event string, data any) error) error {
		return sendLogs(ctx, follower, send)
	})
}

// sendLogs returns nil where ctx ends: it tells why itself.
func sendLogs(ctx context.Context, follower *logring.Follower, send func(event string, data any) error) error {
	for {
		list, dropped, err := follower.Next(ctx)
		if err != nil {
			return nil //nolint:nilerr // see above
		}
		if dropped > 0 {
			if err := send("dropped", droppedInfo{dropped}); err != nil {
				return err
			}
		}
		for _, e := range list {
			if err := send("log", logInfoOf(e)); err != nil {
				return err
			}
		}
	}
}

// keepLogs puts the ring and redaction before the host's logger: what leaves
// the dashboard, by whatever way, has passed both.
func (d *Dashboard) keepLogs(host *slog.Logger) {
	d.logsKey = make([]byte, 32)
	_, _ = rand.Read(d.logsKey) // never fails
	d.logs = logring.New(logring.Options{})
	kept := d.logs.Handler(host.Handler(), slog.LevelInfo)
	d.log = slog.New(stampLogs(d.redactor.Handler(kept)))
}
