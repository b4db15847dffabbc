package dashboard

import (
	"context"
	"encoding/json"
	"reflect"
	"time"

	"github.com/modular-dashboard/dashboard/internal/openapi"
)

// panelKind says how the UI draws a panel.
type panelKind string

const (
	kindStat       panelKind = "stat"
	kindTimeseries panelKind = "timeseries"
	kindTable      panelKind = "table"
	kindBar        panelKind = "bar"
	kindMarkdown   panelKind = "markdown"
	kindForm       panelKind = "form"
)

// Units that the UI formats. Any other text is shown as it is after the number.
const (
	UnitPercent        = "percent" // 0 to 100
	UnitBytes          = "bytes"
	UnitBytesPerSecond = "bytes_per_second"
	UnitSeconds        = "seconds"
	UnitCount          = "count"
)

// A Panel is a piece of a module's page and of the overview, made by [Stat],
// [Timeseries], [Table], [Bar], [Markdown] or [Form] and registered with
// [Router.Panel].
type Panel struct {
	id, title string
	kind      panelKind
	config    panelConfig
	in, out   reflect.Type
	serve     serveFunc
	submit    func(r *Router, path string, rule AccessOption) // forms only
	access    access                                          // resolved at registration
}

type panelConfig struct {
	access  []access
	flags   []string // all must be on
	timeout *time.Duration
	refresh time.Duration
	width   int
	unit    string
	about   string
	ranges  []time.Duration
}

// A PanelOption adjusts a [Panel]; see [Require], [Flag], [Timeout], [Refresh], [Width], [Unit],
// [About] and [Ranges].
type PanelOption interface{ applyPanel(*panelConfig) }

type panelOption func(*panelConfig)

func (f panelOption) applyPanel(c *panelConfig) { f(c) }

// Refresh asks the UI to read the panel again this often while it is on screen.
// The default is 30 s, the least 1 s.
func Refresh(every time.Duration) PanelOption {
	return panelOption(func(c *panelConfig) { c.refresh = max(every, time.Second) })
}

// Width asks for a number of the four columns of the page. The default is 1 for
// stats and 2 for the rest.
func Width(columns int) PanelOption {
	return panelOption(func(c *panelConfig) { c.width = min(max(columns, 1), 4) })
}

// Unit names the unit of the panel's numbers; see [UnitPercent] and its friends.
func Unit(unit string) PanelOption {
	return panelOption(func(c *panelConfig) { c.unit = unit })
}

// About adds a sentence that says what the panel shows.
func About(text string) PanelOption {
	return panelOption(func(c *panelConfig) { c.about = text })
}

// StatData is one number, with where it comes from.
type StatData struct {
	Value float64 `json:"value"`
	// Text is shown in place of Value where it is not empty.
	Text string `json:"text,omitempty"`
	Unit string `json:"unit,omitempty"`
	// Delta is the change in percent against an earlier time; nil hides it.
	Delta *float64 `json:"delta,omitempty"`
	// DeltaGood is "up" or "down": the direction that is good news.
	DeltaGood string `json:"delta_good,omitempty"`
	// Spark is a short series drawn small, oldest first.
	Spark []float64 `json:"spark"`
	// Note is a few words below the number.
	Note string    `json:"note,omitempty"`
	AsOf time.Time `json:"as_of"`
}

// TimeseriesData is columns of numbers over one column of times.
type TimeseriesData struct {
	Unit string `json:"unit,omitempty"`
	// Times are seconds since 1970, ascending.
	Times  []float64 `json:"times"`
	Series []Series  `json:"series"`
	AsOf   time.Time `json:"as_of"`
}

// Series is one line of a [TimeseriesData]. A nil value is a gap.
type Series struct {
	Name   string     `json:"name"`
	Values []*float64 `json:"values"`
}

// TableData is rows under columns.
type TableData struct {
	Columns []Column         `json:"columns"`
	Rows    []map[string]any `json:"rows"`
	AsOf    time.Time        `json:"as_of"`
}

// Column is a column of a [TableData]: the key of its values in each row, its
// title, and how values are shown: "text" (default), "number", "bytes",
// "percent", "time" (RFC 3339) or "duration" (seconds).
type Column struct {
	Key   string `json:"key"`
	Title string `json:"title"`
	Kind  string `json:"kind,omitempty"`
}

// BarData is labeled bars.
type BarData struct {
	Unit string     `json:"unit,omitempty"`
	Bars []BarValue `json:"bars"`
	AsOf time.Time  `json:"as_of"`
}

// BarValue is one bar of a [BarData].
type BarValue struct {
	Label string  `json:"label"`
	Value float64 `json:"value"`
	// Max is the value of a full bar; zero means the largest of the panel.
	Max float64 `json:"max,omitempty"`
}

// MarkdownData is text. HTML in it stays text.
type MarkdownData struct {
	Markdown string `json:"markdown"`
}

// Stat returns a panel with one number.
func Stat(id, title string, data func(context.Context) (StatData, error), opts ...PanelOption) Panel {
	return newPanel(id, title, kindStat, data, opts)
}

// Timeseries returns a panel with lines over time.
func Timeseries(id, title string, data func(context.Context) (TimeseriesData, error), opts ...PanelOption) Panel {
	return newPanel(id, title, kindTimeseries, data, opts)
}

// Table returns a panel with a table.
func Table(id, title string, data func(context.Context) (TableData, error), opts ...PanelOption) Panel {
	return newPanel(id, title, kindTable, data, opts)
}

// Bar returns a panel with horizontal bars.
func Bar(id, title string, data func(context.Context) (BarData, error), opts ...PanelOption) Panel {
	return newPanel(id, title, kindBar, data, opts)
}

// Markdown returns a panel with text.
func Markdown(id, title string, data func(context.Context) (MarkdownData, error), opts ...PanelOption) Panel {
	return newPanel(id, title, kindMarkdown, data, opts)
}

func newPanel[T any](id, title string, kind panelKind, data func(context.Context) (T, error), opts []PanelOption) Panel {
	p := Panel{id: id, title: title, kind: kind, in: reflect.TypeFor[struct{}](), out: reflect.TypeFor[T](),
		config: panelConfig{refresh: 30 * time.Second, width: 2}}
	if data != nil {
		p.serve = serveTyped(func(ctx context.Context, _ struct{}) (T, error) { return data(ctx) })
	}
	if kind == kindStat {
		p.config.width = 1
	}
	for _, o := range opts {
		o.applyPanel(&p.config)
	}
	if data != nil && len(p.config.ranges) > 0 {
		p.in, p.serve = reflect.TypeFor[rangeIn](), serveTyped(withRange(p.config.ranges, data))
	}
	return p
}

// FormResult is what a submitted form answers.
type FormResult struct {
	// Message is shown to the person.
	Message string `json:"message"`
}

// FormData is what a form panel answers: the JSON Schema of its fields (draft
// 2020-12) and the values it starts with.
type FormData[In any] struct {
	Schema json.RawMessage `json:"schema"`
	Values In              `json:"values"`
}

// Form returns a panel with a form. Its fields come from In (JSON tags,
// validator tags, title and doc tags); values gives what it starts with, and
// submit gets what the person sent, validated.
func Form[In any](id, title string, values func(context.Context) (In, error),
	submit func(context.Context, In) (FormResult, error), opts ...PanelOption) Panel {
	if values == nil || submit == nil {
		return newPanel[FormData[In]](id, title, kindForm, nil, opts)
	}
	var schema json.RawMessage
	form, err := openapi.SchemaFor(*new(In))
	if err == nil {
		schema, err = json.Marshal(form)
	}
	p := newPanel(id, title, kindForm, func(ctx context.Context) (FormData[In], error) {
		v, err := values(ctx)
		return FormData[In]{Schema: schema, Values: v}, err
	}, opts)
	p.submit = func(r *Router, path string, rule AccessOption) {
		if err != nil {
			r.fail("panel %q: schema of %s: %w", id, reflect.TypeFor[In](), err)
			return
		}
		Post(r, path, submit, rule, Summary("Submit "+title), ID("panel-"+id+"-submit"))
	}
	return p
}
