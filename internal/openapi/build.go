package openapi

import (
	"cmp"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/modular-dashboard/dashboard/internal/bind/shape"
	"github.com/modular-dashboard/dashboard/internal/problem"
)

// Document is a built OpenAPI document. It is immutable.
type Document struct {
	json    []byte
	ops     []*operation
	schemas map[string]*jsonschema.Schema
}

// JSON returns the document. The caller must not change it.
func (d *Document) JSON() []byte { return d.json }

// Build makes the document. The same input gives the same bytes, whatever the order of ops. It
// fails on types that have no schema, two operations with one method and path, and two with
// one id.
func Build(info Info, ops []Operation) (*Document, error) {
	b := &builder{info: info, gen: newGenerator(false), responses: map[int]bool{}}
	sorted := slices.Clone(ops)
	slices.SortStableFunc(sorted, func(x, y Operation) int {
		return cmp.Or(strings.Compare(templatePath(x.Path), templatePath(y.Path)), methodRank(x.Method)-methodRank(y.Method))
	})
	d := &Document{}
	for i := range sorted {
		o, err := b.operation(&sorted[i])
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", sorted[i].Method, sorted[i].Path, err)
		}
		d.ops = append(d.ops, o)
	}
	if err := unite(d.ops); err != nil {
		return nil, err
	}
	if err := nameOperations(d.ops); err != nil {
		return nil, err
	}
	d.schemas = b.gen.nameComponents("Problem", "ProblemField")
	d.schemas["Problem"], d.schemas["ProblemField"] = problemSchemas()
	d.json = b.document(d)
	return d, nil
}

// operation is an Operation with everything worked out.
type operation struct {
	*Operation
	id      string
	path    string // as OpenAPI writes it
	params  []param
	body    *jsonschema.Schema // nil: none
	bodyReq bool
	answers []answer
	errors  []int
}

// param is a parameter of an operation.
type param struct {
	name, in string
	schema   *jsonschema.Schema
	required bool
	form     bool // all other query parameters
}

type answer struct {
	status      int
	description string
	schema      *jsonschema.Schema
	contentType string
	headers     []Header
}

type builder struct {
	info      Info
	gen       *generator
	responses map[int]bool // problems that operations answer
}

func (b *builder) operation(op *Operation) (*operation, error) {
	o := &operation{Operation: op, id: op.ID, path: templatePath(op.Path)}
	if methodRank(op.Method) == 0 {
		return nil, fmt.Errorf("method %q is not one of OpenAPI's", op.Method)
	}
	if op.In != nil {
		if err := b.input(o); err != nil {
			return nil, err
		}
	}
	if op.Idempotent && !slices.ContainsFunc(o.params, func(p param) bool { return p.in == "header" && p.name == "Idempotency-Key" }) {
		o.params = append(o.params, idempotencyKey())
	}
	if err := b.answers(o); err != nil {
		return nil, err
	}
	o.errors = problemStatuses(o)
	for _, status := range o.errors {
		b.responses[status] = true
	}
	return o, nil
}

// input works out parameters and body.
func (b *builder) input(o *operation) error {
	in, err := shape.Of(o.In)
	if err != nil {
		return err
	}
	for i := range in.Params {
		p, err := b.param(&in.Params[i])
		if err != nil {
			return fmt.Errorf("parameter %s: %w", in.Params[i].Name, err)
		}
		o.params = append(o.params, p)
	}
	switch {
	case in.Whole != nil:
		if o.body, err = b.gen.property(in.Whole, input, use{}); err != nil {
			return err
		}
		k := in.Whole.Type.Kind()
		o.bodyReq = k != reflect.Pointer && (k != reflect.Struct || b.gen.requiredIn(in.Whole, input))
	case len(in.Body) > 0:
		if o.body, err = b.gen.of(o.In, input, use{}); err != nil {
			return err
		}
		o.bodyReq = slices.ContainsFunc(in.Body, func(f shape.Field) bool { return b.gen.requiredIn(&f, input) })
	}
	return nil
}

// idempotencyKey is the parameter of operations that run once for a key.
func idempotencyKey() param {
	return param{name: "Idempotency-Key", in: "header", schema: &jsonschema.Schema{
		Type: "string", MinLength: new(1), MaxLength: new(255), Pattern: "^[ -~]+$",
		Description: "Runs once for this key: a repetition within a day answers what the first request was answered.",
	}}
}

func (b *builder) param(f *shape.Field) (param, error) {
	if f.Source == shape.QueryAll {
		return param{name: "other", in: "query", form: true, schema: &jsonschema.Schema{
			Type: "object", AdditionalProperties: &jsonschema.Schema{Type: "string"},
		}}, nil
	}
	s, err := b.gen.property(f, input, use{})
	if err != nil {
		return param{}, err
	}
	in := map[shape.Source]string{shape.Path: "path", shape.Query: "query", shape.Header: "header"}[f.Source]
	return param{name: f.Name, in: in, schema: s, required: f.Source == shape.Path || b.gen.requiredIn(f, input)}, nil
}

// answers works out the answers of success.
func (b *builder) answers(o *operation) error {
	status := o.Status
	if status == 0 {
		if status = http.StatusOK; o.Out == nil && o.ContentType == "" {
			status = http.StatusNoContent
		}
	}
	all := append([]Answer{{Status: status, Out: o.Out}}, o.Also...)
	slices.SortStableFunc(all, func(x, y Answer) int { return x.Status - y.Status })
	for _, a := range all {
		if slices.ContainsFunc(o.answers, func(x answer) bool { return x.status == a.Status }) {
			return fmt.Errorf("answer %d is given twice", a.Status)
		}
		out := answer{status: a.Status, description: cmp.Or(a.Description, http.StatusText(a.Status)), headers: o.Headers}
		if a.Out != nil {
			s, err := b.gen.of(a.Out, output, use{})
			if err != nil {
				return err
			}
			out.schema, out.contentType = s, "application/json"
		}
		if a.Status == status {
			if o.ContentType != "" {
				out.contentType = o.ContentType
				out.schema = cmp.Or(out.schema, &jsonschema.Schema{Type: "string"})
			}
			if o.Stream {
				out.contentType = "text/event-stream"
			}
		}
		o.answers = append(o.answers, out)
	}
	return nil
}

// problemStatuses returns the errors an operation can answer: those that its declaration
// implies, and those it names.
func problemStatuses(o *operation) []int {
	statuses := slices.Clone(o.Errors)
	if o.Idempotent {
		statuses = append(statuses, http.StatusConflict)
	}
	if !o.Public {
		statuses = append(statuses, http.StatusUnauthorized)
	}
	if o.Permission != "" {
		statuses = append(statuses, http.StatusForbidden)
	}
	if o.In != nil {
		statuses = append(statuses, http.StatusBadRequest)
		if o.body != nil || len(o.params) > 0 {
			statuses = append(statuses, http.StatusUnprocessableEntity)
		}
		if o.body != nil {
			statuses = append(statuses, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
		}
	}
	slices.Sort(statuses)
	return slices.Compact(statuses)
}

// unite gives paths that differ only in the names of their parameters the names of the first,
// because OpenAPI takes them for the same path, and refuses operations that are there twice.
func unite(ops []*operation) error {
	first := map[string]*operation{}
	seen := map[string]bool{}
	for _, o := range ops {
		shapeOf, names := pathShape(o.path)
		if seen[o.Method+shapeOf] {
			return fmt.Errorf("%s %s is there twice", o.Method, o.Path)
		}
		seen[o.Method+shapeOf] = true
		if first[shapeOf] == nil {
			first[shapeOf] = o
			continue
		}
		_, want := pathShape(first[shapeOf].path)
		for i, name := range names {
			for j := range o.params {
				if p := &o.params[j]; p.in == "path" && p.name == name {
					p.name = want[i]
					break
				}
			}
		}
		o.path = first[shapeOf].path
	}
	slices.SortStableFunc(ops, func(x, y *operation) int {
		return cmp.Or(strings.Compare(x.path, y.path), methodRank(x.Method)-methodRank(y.Method))
	})
	return nil
}

// pathShape returns a path without the names of its parameters, and the names.
func pathShape(path string) (string, []string) {
	var names []string
	segments := strings.Split(path, "/")
	for i, s := range segments {
		if strings.HasPrefix(s, "{") {
			names = append(names, strings.Trim(s, "{}"))
			segments[i] = "{}"
		}
	}
	return strings.Join(segments, "/"), names
}

// templatePath writes a ServeMux path as OpenAPI does.
func templatePath(path string) string {
	return strings.ReplaceAll(strings.TrimSuffix(path, "{$}"), "...}", "}")
}

var methods = []string{"", "GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"}

func methodRank(method string) int { return max(0, slices.Index(methods, method)) }

// nameOperations makes ids where none are given: getInvoicesById.
func nameOperations(ops []*operation) error {
	taken := map[string]bool{}
	for _, o := range ops {
		if o.id != "" && taken[o.id] {
			return fmt.Errorf("%s %s: operation id %q is taken", o.Method, o.Path, o.id)
		}
		taken[o.id] = true
	}
	for _, o := range ops {
		if o.id != "" {
			continue
		}
		base := operationID(o.Method, o.Path)
		for o.id = base; taken[o.id]; {
			o.id += "_"
		}
		taken[o.id] = true
	}
	return nil
}

func operationID(method, path string) string {
	var b strings.Builder
	b.WriteString(strings.ToLower(method))
	for segment := range strings.SplitSeq(strings.TrimPrefix(templatePath(path), "/api/v1"), "/") {
		if strings.HasPrefix(segment, "{") {
			b.WriteString("By")
		}
		for word := range strings.FieldsFuncSeq(segment, func(r rune) bool {
			return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
		}) {
			b.WriteString(capital(word))
		}
	}
	return b.String()
}

// problemSchemas describes what internal/problem writes.
func problemSchemas() (document, field *jsonschema.Schema) {
	text := func(doc string) *jsonschema.Schema { return &jsonschema.Schema{Type: "string", Description: doc} }
	field = &jsonschema.Schema{
		Type: "object",
		Properties: map[string]*jsonschema.Schema{"pointer": text("JSON pointer into the body, or #/query/name, #/path/name, #/header/name"), "code": text("what is wrong, for programs"), "detail": text("what is wrong, for a person"), "params": {Type: "object", AdditionalProperties: &jsonschema.Schema{Type: "string"},
			Description: "the values that detail speaks of, such as value and of; present where detail is the usual sentence for the code and them, which may be said in another language"}},
		PropertyOrder: []string{"pointer", "code", "detail", "params"},
		Required:      []string{"pointer", "code", "detail"},
	}
	document = &jsonschema.Schema{
		Type:        "object",
		Description: "An error (RFC 9457). Some types have further members.",
		Properties: map[string]*jsonschema.Schema{
			"type":       {Type: "string", Format: "uri", Description: "stable identifier of the kind of error", Examples: []any{problem.URI("not-found")}},
			"title":      text("what kind of error"),
			"status":     {Type: "integer", Minimum: new(400.0), Maximum: new(599.0)},
			"detail":     text("what happened"),
			"request_id": text("names the request in the server's log"),
			"errors":     {Type: "array", Items: &jsonschema.Schema{Ref: "#/components/schemas/ProblemField"}},
		},
		PropertyOrder: []string{"type", "title", "status", "detail", "request_id", "errors"},
		Required:      []string{"type", "title", "status"},
	}
	return document, field
}

// responseName names the shared response of a status: NotFound.
func responseName(status int) string {
	if text := http.StatusText(status); text != "" {
		return legal(text)
	}
	return "Status" + strconv.Itoa(status)
}
