package redact

import (
	"log/slog"
	"net/http"
	"net/url"
	"reflect"
	"strings"
)

// dirty reports whether v holds a secret, or is too large to be sure. What is
// not exported counts as long as it is inline: handlers that print with fmt show
// it. Behind a pointer they do not, and reading it could race.
func (w *walk) dirty(key string, v reflect.Value, inline bool) bool {
	if w.spent() {
		return true
	}
	if !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() || v.Kind() == reflect.Interface && v.IsNil() {
		return false
	}
	kind := w.r.keyKind(key)
	if kind != keyOpen && hidden(kind, v) || keyBytes(key) && isBytes(v) && v.Len() > 0 {
		return true
	}
	t := w.r.trait(v.Type())
	switch {
	case t == traitPlain:
		return false
	case t == traitSecret:
		return !v.IsZero()
	case t == traitValuer && v.CanInterface():
		return true // the handlers resolve it at the top of a record only
	case special(v):
		return true
	case t == traitText:
		for _, text := range printed(v) {
			if _, changed := w.r.text(text); changed {
				return true
			}
		}
	}
	w.depth++
	defer func() { w.depth-- }()
	return w.dirtyInside(v, inline)
}

func (w *walk) dirtyInside(v reflect.Value, inline bool) bool {
	switch v.Kind() {
	case reflect.String:
		_, changed := w.r.text(v.String())
		return changed
	case reflect.Pointer:
		return w.dirty("", v.Elem(), inline && w.depth <= 1)
	case reflect.Interface:
		return w.dirty("", v.Elem(), inline)
	case reflect.Slice, reflect.Array:
		if isBytes(v) {
			_, changed := w.r.text(string(bytesOf(v)))
			return changed
		}
		for i := range v.Len() {
			if w.dirty("", v.Index(i), inline) {
				return true
			}
		}
	case reflect.Map:
		for i := v.MapRange(); i.Next(); {
			if w.dirty("", i.Key(), inline) || w.dirty(keyText(i.Key()), i.Value(), inline) {
				return true
			}
		}
	case reflect.Struct:
		for f, value := range v.Fields() {
			if (f.IsExported() || inline) && (w.dirty(f.Name, value, inline) || f.Tag != "" && w.r.Key(jsonName(f)) && !value.IsZero()) {
				return true
			}
		}
	}
	return false
}

// keyText is the key of a map as text, "" where it is none.
func keyText(k reflect.Value) string {
	if k.Kind() == reflect.Interface {
		k = k.Elem()
	}
	if k.Kind() != reflect.String {
		return ""
	}
	return k.String()
}

// clean returns a copy of v without secrets, made of maps, lists and text.
func (w *walk) clean(key string, v reflect.Value) any {
	if w.spent() {
		return "…"
	}
	if !v.IsValid() || (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) && v.IsNil() {
		return nil
	}
	kind := w.r.keyKind(key)
	if kind != keyOpen && hidden(kind, v) || keyBytes(key) && isBytes(v) && v.Len() > 0 {
		return Mark
	}
	if out, ok := w.special(v); ok {
		return out
	}
	switch w.r.trait(v.Type()) {
	case traitPlain:
		if v.CanInterface() {
			return v.Interface()
		}
		return plain(v)
	case traitSecret:
		return Mark
	case traitValuer:
		if valuer, ok := asValuer(v); ok {
			return w.valuer(key, valuer)
		}
	case traitText:
		if texts := printed(v); len(texts) > 0 {
			return w.r.Text(texts[0]) // its author decided what to show
		}
	}
	w.depth++
	defer func() { w.depth-- }()
	return w.cleanInside(v)
}

func (w *walk) cleanInside(v reflect.Value) any {
	switch v.Kind() {
	case reflect.String:
		return w.r.Text(v.String())
	case reflect.Pointer, reflect.Interface:
		return w.clean("", v.Elem())
	case reflect.Slice, reflect.Array:
		if isBytes(v) {
			return w.r.Text(string(bytesOf(v)))
		}
		out := make([]any, 0, min(v.Len(), max(w.left, 0)))
		for i := range v.Len() {
			if w.left <= 0 {
				return append(out, "…")
			}
			out = append(out, w.clean("", v.Index(i)))
		}
		return out
	case reflect.Map:
		out := map[string]any{}
		for i := v.MapRange(); i.Next() && w.left > 0; {
			name := w.mapKey(i.Key())
			out[name] = w.clean(name, i.Value())
		}
		return out
	case reflect.Struct:
		out := map[string]any{}
		for f, value := range v.Fields() {
			name := jsonName(f)
			if !f.IsExported() || name == "-" {
				continue // not shown at all: JSON would not
			}
			if w.r.Key(f.Name) && !value.IsZero() && value.Kind() != reflect.Bool {
				out[name] = Mark
				continue
			}
			out[name] = w.clean(name, value)
		}
		return out
	}
	return plain(v)
}

func (w *walk) mapKey(k reflect.Value) string {
	switch text := w.clean("", k).(type) {
	case string:
		return text
	default:
		return w.r.Text(plain(reflect.ValueOf(text)))
	}
}

// valuer resolves what slog would at the top of a record.
func (w *walk) valuer(key string, v slog.LogValuer) any {
	w.depth++
	defer func() { w.depth-- }()
	value, _ := w.r.value(key, slog.AnyValue(v), w.depth)
	return ungroup(value)
}

func ungroup(v slog.Value) any {
	if v.Kind() != slog.KindGroup {
		return v.Any()
	}
	out := map[string]any{}
	for _, a := range v.Group() {
		out[a.Key] = ungroup(a.Value)
	}
	return out
}

func asValuer(v reflect.Value) (slog.LogValuer, bool) {
	if !v.CanInterface() {
		return nil, false
	}
	if valuer, ok := reflect.TypeAssert[slog.LogValuer](v); ok {
		return valuer, true
	}
	if v.CanAddr() {
		valuer, ok := reflect.TypeAssert[slog.LogValuer](v.Addr())
		return valuer, ok
	}
	return nil, false
}

// special reports the types of net/http and net/url that carry secrets.
func special(v reflect.Value) bool {
	if !v.CanInterface() {
		return false
	}
	switch v.Interface().(type) {
	case http.Request, http.Response, *http.Request, *http.Response, http.Cookie, *http.Cookie:
		return true
	}
	return false
}

func (w *walk) special(v reflect.Value) (any, bool) {
	if !v.CanInterface() {
		return nil, false
	}
	switch v := v.Interface().(type) {
	case *http.Request:
		return w.r.request(v), true
	case *http.Response:
		return w.r.response(v), true
	case http.Request, http.Response:
		return Mark, true
	case http.Cookie:
		return v.Name + "=" + Mark, true
	case *http.Cookie:
		return v.Name + "=" + Mark, true
	case url.URL:
		return w.r.address(v), true
	case *url.URL:
		return w.r.address(*v), true
	}
	return nil, false
}

// hidden is hides for values that slog has not seen.
func hidden(k keyKind, v reflect.Value) bool {
	for v.Kind() == reflect.Interface && !v.IsNil() {
		v = v.Elem()
	}
	if v.IsZero() {
		return false
	}
	switch v.Kind() {
	case reflect.Bool, reflect.Func, reflect.Chan:
		return false
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8,
		reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr, reflect.Float32, reflect.Float64:
		return k != keyPlural && v.Type().PkgPath() != "time"
	case reflect.Struct:
		return v.Type().PkgPath() != "time"
	}
	return true
}

func isBytes(v reflect.Value) bool {
	return (v.Kind() == reflect.Slice || v.Kind() == reflect.Array) && v.Type().Elem().Kind() == reflect.Uint8
}

func bytesOf(v reflect.Value) []byte {
	if v.Kind() == reflect.Slice {
		return v.Bytes()
	}
	out := make([]byte, v.Len())
	for i := range out {
		out[i] = byte(v.Index(i).Uint())
	}
	return out
}

func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	if name == "" {
		return f.Name
	}
	return name
}
