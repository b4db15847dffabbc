package openapi

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/modular-dashboard/dashboard/internal/problem"
)

// mergePatch is what a PATCH takes beside JSON (RFC 7396).
const mergePatch = "application/merge-patch+json"

// document writes the whole document.
func (b *builder) document(d *Document) []byte {
	w := &writer{b: make([]byte, 0, 4096+1024*len(d.ops))}
	w.object(func() {
		w.key("openapi").string("3.1.0")
		w.key("info").object(func() {
			w.key("title").string(cmp.Or(b.info.Title, "API"))
			w.text("description", b.info.Description)
			w.key("version").string(cmp.Or(b.info.Version, "0"))
		})
		w.key("servers").array(func() {
			w.object(func() { w.key("url").string(cmp.Or(b.info.Server, "/")) })
		})
		w.key("security").array(func() {
			for _, name := range b.schemes() {
				w.object(func() { w.key(name).array(func() {}) })
			}
		})
		b.tags(w, d)
		w.key("paths").object(func() {
			for i := 0; i < len(d.ops); {
				i = b.path(w, d.ops, i)
			}
		})
		w.key("components").object(func() { b.components(w, d) })
	})
	return trimComma(w.b)
}

// tags writes the declared tags in their order, then those only operations name.
func (b *builder) tags(w *writer, d *Document) {
	tags := slices.Clone(b.info.Tags)
	var names []string
	for _, o := range d.ops {
		names = append(names, o.Tags...)
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if !slices.ContainsFunc(tags, func(t Tag) bool { return t.Name == name }) {
			tags = append(tags, Tag{Name: name})
		}
	}
	if len(tags) == 0 {
		return
	}
	w.key("tags").array(func() {
		for _, t := range tags {
			w.object(func() {
				w.key("name").string(t.Name)
				w.text("description", t.Description)
			})
		}
	})
}

// path writes the operations of the path of ops[i] and returns the index behind them.
func (b *builder) path(w *writer, ops []*operation, i int) int {
	path := ops[i].path
	w.key(path).object(func() {
		for ; i < len(ops) && ops[i].path == path; i++ {
			w.key(strings.ToLower(ops[i].Method)).object(func() { b.write(w, ops[i]) })
		}
	})
	return i
}

// write writes one operation.
func (b *builder) write(w *writer, o *operation) {
	w.key("operationId").string(o.id)
	w.text("summary", o.Summary)
	w.text("description", o.Description)
	if len(o.Tags) > 0 {
		w.key("tags").array(func() {
			for _, t := range o.Tags {
				w.string(t)
			}
		})
	}
	if o.Deprecated {
		w.key("deprecated").bool(true)
	}
	w.time("x-deprecated-since", o.DeprecatedSince)
	w.time("x-sunset", o.Sunset)
	w.text("x-permission", o.Permission)
	if o.Public {
		w.key("security").array(func() {})
	}
	if len(o.params) > 0 {
		w.key("parameters").array(func() {
			for _, p := range o.params {
				w.object(func() { p.write(w) })
			}
		})
	}
	if o.body != nil {
		w.key("requestBody").object(func() {
			w.key("required").bool(o.bodyReq)
			w.key("content").object(func() {
				w.key("application/json").object(func() { w.key("schema").schema(o.body) })
				if o.Method == http.MethodPatch {
					w.key(mergePatch).object(func() { w.key("schema").schema(o.body) })
				}
			})
		})
	}
	w.key("responses").object(func() { o.responses(w) })
}

func (p *param) write(w *writer) {
	w.key("name").string(p.name)
	w.key("in").string(p.in)
	schema := *p.schema
	w.text("description", schema.Description)
	schema.Description = ""
	if p.required {
		w.key("required").bool(true)
	}
	if p.form || schema.Type == "array" {
		w.key("style").string("form")
		w.key("explode").bool(true)
	}
	w.key("schema").schema(&schema)
}

func (o *operation) responses(w *writer) {
	for _, a := range o.answers {
		w.key(strconv.Itoa(a.status)).object(func() { a.write(w) })
	}
	for _, status := range o.errors {
		w.key(strconv.Itoa(status)).object(func() {
			w.key("$ref").string("#/components/responses/" + responseName(status))
		})
	}
	w.key("default").object(func() { w.key("$ref").string("#/components/responses/Problem") })
}

func (a *answer) write(w *writer) {
	w.key("description").string(cmp.Or(a.description, "Success"))
	if len(a.headers) > 0 {
		w.key("headers").object(func() {
			for _, h := range a.headers {
				w.key(h.Name).object(func() {
					w.text("description", h.Description)
					w.key("schema").object(func() { w.key("type").string("string") })
				})
			}
		})
	}
	if a.contentType == "" {
		return
	}
	w.key("content").object(func() {
		w.key(a.contentType).object(func() {
			if a.contentType == "text/event-stream" {
				w.key("schema").object(func() { w.key("type").string("string") })
				if a.schema != nil {
					w.key("x-event-data").schema(a.schema)
				}
				return
			}
			w.key("schema").schema(a.schema)
		})
	})
}

func (b *builder) components(w *writer, d *Document) {
	w.key("schemas").object(func() {
		for _, name := range sortedKeys(d.schemas) {
			w.key(name).schema(d.schemas[name])
		}
	})
	w.key("responses").object(func() {
		named := map[string]int{"Problem": 0}
		for status := range b.responses {
			named[responseName(status)] = status
		}
		for _, name := range sortedKeys(named) {
			w.key(name).object(func() { problemResponse(w, named[name]) })
		}
	})
	w.key("securitySchemes").object(func() { b.security(w) })
}

// problemResponse writes the shared response of a status; 0 is any other error.
func problemResponse(w *writer, status int) {
	w.key("description").string(cmp.Or(http.StatusText(status), "Any other error"))
	header := map[int]string{
		http.StatusUnauthorized: "WWW-Authenticate", http.StatusTooManyRequests: "Retry-After",
		http.StatusServiceUnavailable: "Retry-After",
	}[status]
	if header != "" {
		w.key("headers").object(func() {
			w.key(header).object(func() {
				w.key("schema").object(func() { w.key("type").string("string") })
			})
		})
	}
	w.key("content").object(func() {
		w.key(problem.ContentType).object(func() {
			w.key("schema").object(func() { w.key("$ref").string("#/components/schemas/Problem") })
		})
	})
}

// schemes returns the names of the ways to say who is calling.
func (b *builder) schemes() []string {
	names := []string{"bearer"}
	if b.info.APIKeyHeader != "" {
		names = append(names, "apiKey")
	}
	if b.info.AccessCookie != "" {
		names = append(names, "cookie")
	}
	return names
}

func (b *builder) security(w *writer) {
	for _, name := range b.schemes() {
		w.key(name).object(func() {
			switch name {
			case "bearer":
				w.key("type").string("http")
				w.key("scheme").string("bearer")
				w.key("bearerFormat").string("JWT")
			case "apiKey":
				w.key("type").string("apiKey")
				w.key("in").string("header")
				w.key("name").string(b.info.APIKeyHeader)
			case "cookie":
				w.key("type").string("apiKey")
				w.key("in").string("cookie")
				w.key("name").string(b.info.AccessCookie)
			}
		})
	}
}
