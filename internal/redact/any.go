package redact

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
)

// any redacts a value that slog has no kind for. It returns the value itself
// where it holds no secret, so that handlers print it as they would have, and a
// copy made of maps, lists and text where it does. A value that panics while it
// is looked at is replaced.
func (r *Redactor) any(key string, v any) (out any, changed bool) {
	defer func() {
		if recover() != nil {
			out, changed = Mark, true
		}
	}()
	switch v := v.(type) {
	case nil:
		return nil, false
	case error:
		return r.failure(v)
	case []byte:
		if keyBytes(key) && len(v) > 0 {
			return Mark, true
		}
		text, changed := r.text(string(v))
		if !changed {
			return v, false
		}
		return text, true
	case *http.Request:
		return r.request(v), true
	case *http.Response:
		return r.response(v), true
	}
	w := &walk{r: r, left: maxNodes}
	if !w.dirty(key, reflect.ValueOf(v), true) {
		return v, false
	}
	w = &walk{r: r, left: maxNodes}
	return w.clean(key, reflect.ValueOf(v)), true
}

// failure redacts an error. What other methods of it would print, in %+v or in
// JSON, counts too: where that holds a secret, the message alone is left.
func (r *Redactor) failure(err error) (out any, changed bool) {
	text, changed := r.text(err.Error())
	if changed {
		return errors.New(text), true
	}
	if speaks(err) {
		for _, other := range printed(reflect.ValueOf(err)) {
			if _, dirty := r.text(other); dirty {
				return errors.New(text + " " + Mark), true
			}
		}
	}
	return err, false
}

// speaks reports whether an error is not always printed by its Error.
func speaks(err error) bool {
	switch err.(type) { //nolint:errorlint // what it wraps is not asked to print itself
	case fmt.Formatter, json.Marshaler, encoding.TextMarshaler:
		return true
	}
	return false
}

// keyBytes reports whether bytes under this key are key material.
func keyBytes(key string) bool {
	key = fold(key)
	return strings.HasSuffix(key, "key") || strings.HasSuffix(key, "seed") || strings.HasSuffix(key, "salt")
}

// request shows of a request what identifies it, and its headers.
func (r *Redactor) request(v *http.Request) any {
	if v == nil {
		return nil
	}
	out := map[string]any{"method": v.Method, "host": v.Host, "header": r.header(v.Header)}
	if v.URL != nil {
		out["url"] = r.address(*v.URL)
	}
	return out
}

func (r *Redactor) response(v *http.Response) any {
	if v == nil {
		return nil
	}
	return map[string]any{"status": v.StatusCode, "header": r.header(v.Header)}
}

func (r *Redactor) header(h http.Header) map[string][]string {
	out := make(map[string][]string, len(h))
	for name, values := range h {
		if r.keyKind(name) != keyOpen {
			values = []string{Mark}
		}
		clean := make([]string, len(values))
		for i, v := range values {
			clean[i] = r.Text(v)
		}
		out[name] = clean
	}
	return out
}

// address hides the password of an address and what its query calls a secret.
func (r *Redactor) address(u url.URL) string {
	fragment := u.Fragment
	u.Fragment, u.RawFragment = "", ""
	text := r.Text(u.Redacted())
	if fragment != "" {
		text += "#" + Mark // where set-up and log-in links carry tokens
	}
	return text
}

// maxNodes bounds how much of one value is looked at.
const maxNodes = 2000

// trait is what is known of a type once for all its values.
type trait uint8

const (
	traitPlain  trait = 1 << iota // numbers and times: nothing to look at
	traitSecret                   // it says so itself
	traitValuer                   // slog.LogValuer
	traitText                     // error, fmt.Stringer, fmt.Formatter, or a marshaler
)

type secret interface{ IsSecret() bool }

func (r *Redactor) trait(t reflect.Type) trait {
	if known, ok := r.types.Load(t); ok {
		return known.(trait)
	}
	found := traitOf(t)
	r.types.Store(t, found)
	return found
}

func traitOf(t reflect.Type) trait {
	pointer := t
	if t.Kind() != reflect.Pointer && t.Kind() != reflect.Interface {
		pointer = reflect.PointerTo(t)
	}
	has := func(i reflect.Type) bool { return t.Implements(i) || pointer.Implements(i) }
	switch {
	case has(reflect.TypeFor[secret]()):
		return traitSecret
	case t.PkgPath() == "time" || t.PkgPath() == "net/netip" || t.PkgPath() == "math/big":
		return traitPlain
	case has(reflect.TypeFor[slog.LogValuer]()):
		return traitValuer
	}
	switch t.Kind() {
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8,
		reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr, reflect.Float32, reflect.Float64,
		reflect.Complex64, reflect.Complex128, reflect.Chan, reflect.Func, reflect.UnsafePointer:
		return traitPlain
	}
	if slices.ContainsFunc([]reflect.Type{reflect.TypeFor[error](), reflect.TypeFor[fmt.Stringer](), reflect.TypeFor[fmt.Formatter](),
		reflect.TypeFor[json.Marshaler](), reflect.TypeFor[encoding.TextMarshaler]()}, has) {
		return traitText
	}
	return 0
}

// walk looks at one value, bounded by left and depth.
type walk struct {
	r     *Redactor
	left  int
	depth int
}

func (w *walk) spent() bool {
	w.left--
	return w.left < 0 || w.depth > maxDepth
}

// printed is all that the methods of a value would print. It is empty for values
// whose methods may not be called: those of fields that are not exported, which
// fmt prints without them too.
func printed(v reflect.Value) []string {
	if !v.CanInterface() {
		return nil
	}
	if v.Kind() == reflect.Pointer && v.IsNil() {
		return nil
	}
	var out []string
	if e, ok := reflect.TypeAssert[error](v); ok {
		out = append(out, e.Error())
	}
	if s, ok := reflect.TypeAssert[fmt.Stringer](v); ok {
		out = append(out, s.String())
	}
	if f, ok := reflect.TypeAssert[fmt.Formatter](v); ok {
		out = append(out, fmt.Sprintf("%+v", f))
	}
	if m, ok := reflect.TypeAssert[json.Marshaler](v); ok {
		if text, err := m.MarshalJSON(); err == nil {
			out = append(out, string(text))
		}
	}
	if m, ok := reflect.TypeAssert[encoding.TextMarshaler](v); ok {
		if text, err := m.MarshalText(); err == nil {
			out = append(out, string(text))
		}
	}
	return out
}

// plain prints a value that has no text of its own to hide.
func plain(v reflect.Value) string {
	if !v.IsValid() {
		return ""
	}
	switch v.Kind() {
	case reflect.Func, reflect.Chan, reflect.UnsafePointer:
		return v.Type().String()
	}
	return fmt.Sprint(v)
}
