package dashboard

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"strings"

	"github.com/modular-dashboard/dashboard/internal/openapi"
)

// An EndpointInfo is an endpoint that the caller may call; see [Host.Endpoints].
type EndpointInfo struct {
	Module  string // its id; "dashboard" for the dashboard's own
	ID      string // of the operation, within its module
	Method  string
	Path    string // below the module's own, parameters in braces
	Summary string
	Details string // the paragraph of its documentation, often empty
	// Permission is the full name of what it requires, empty where it is enough to
	// be signed in.
	Permission string
	// Arguments is the JSON Schema of what [Host.Call] takes: an object whose members
	// are the parameters of path, query and header, and "body".
	Arguments json.RawMessage
	// Writes says that a call may change something: every method but GET.
	Writes bool
}

// Endpoints lists what the caller of the request that ctx belongs to may call right
// now with [Host.Call]: typed endpoints and panels of enabled modules for which the
// caller has the permission and whose flags are on, and those endpoints of the
// dashboard itself that only read. Streams, files and plain handlers are left out.
// Outside of a request, and without credentials, there are none. The order is that
// of the modules and of their registration.
func (h *Host) Endpoints(ctx context.Context) []EndpointInfo {
	s := stateOf(ctx)
	if s == nil || s.principal == nil {
		return nil
	}
	d := h.d
	var out []EndpointInfo
	for _, m := range d.order {
		slot := m.live()
		if slot == nil || !m.visible(s.principal) || !d.here(ctx, m) {
			continue
		}
		for _, e := range slot.endpoints {
			if e.callable() && d.permit(e, m, s.principal) == nil && d.allOn(ctx, e.config.flags) {
				out = d.appendInfo(out, e)
			}
		}
	}
	for _, e := range d.coreAPI {
		if e.callable() && d.permit(e, nil, s.principal) == nil && d.allOn(ctx, e.config.flags) {
			out = d.appendInfo(out, e)
		}
	}
	return out
}

// callable reports whether an endpoint answers once, in JSON, and takes arguments
// that are described. Of the dashboard's own only what reads: accounts, keys, roles
// and settings are changed by people, not by modules in their name.
func (e *endpoint) callable() bool {
	if e.out == nil || e.config.stream || e.out == reflect.TypeFor[Blob]() || e.out == reflect.TypeFor[Stream]() {
		return false
	}
	return e.module != coreModule || e.method == http.MethodGet && e.path != "/openapi.json" && e.access.kind != accessPublic
}

// appendInfo leaves out what cannot be described: arguments of one name.
func (d *Dashboard) appendInfo(list []EndpointInfo, e *endpoint) []EndpointInfo {
	arguments, err := d.argumentsOf(e.in)
	if err != nil {
		return list
	}
	return append(list, EndpointInfo{
		Module: e.module, ID: e.config.id, Method: e.method, Path: strings.TrimSuffix(e.path, "{$}"), Summary: e.config.summary,
		Details: e.config.details, Permission: e.permissionName(), Arguments: arguments, Writes: e.method != http.MethodGet,
	})
}

// argumentsOf keeps the schema of each type: there are no more than endpoints.
func (d *Dashboard) argumentsOf(in reflect.Type) (json.RawMessage, error) {
	if found, ok := d.arguments.Load(in); ok {
		schema, _ := found.(json.RawMessage)
		return schema, nil
	}
	schema, err := openapi.Arguments(in)
	if err == nil {
		d.arguments.Store(in, schema)
	}
	return schema, err
}

// find returns the endpoint that an info is of, where it may still be called.
func (d *Dashboard) find(info EndpointInfo) *endpoint {
	list := d.coreAPI
	if info.Module != coreModule {
		m := d.modules[info.Module]
		if m == nil {
			return nil
		}
		slot := m.live()
		if slot == nil {
			return nil
		}
		list = slot.endpoints
	}
	for _, e := range list {
		if e.method == info.Method && strings.TrimSuffix(e.path, "{$}") == info.Path && e.callable() {
			return e
		}
	}
	return nil
}
