package openapi

import (
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/modular-dashboard/dashboard/internal/spelling"
)

// narrow adds to a schema what validator rules say about the value. Rules that JSON Schema
// cannot say (such as eqfield) are left to the server. Answers are not validated, so only
// the closed lists of oneof hold for them too.
func narrow(s *jsonschema.Schema, t reflect.Type, rules string, dir direction) {
	if rules == "" || rules == "-" {
		return
	}
	target := s
	container, containerType := s, t
	for rule := range strings.SplitSeq(rules, ",") {
		name, param, _ := strings.Cut(rule, "=")
		param = strings.NewReplacer("0x2C", ",", "0x7C", "|").Replace(param)
		switch {
		case rule == "dive":
			if t.Kind() != reflect.Slice && t.Kind() != reflect.Array && t.Kind() != reflect.Map {
				return
			}
			container, containerType = target, t
			target = elements(target)
			if target == nil {
				return
			}
			t = deref(t.Elem())
		case rule == "keys":
			target, t = &jsonschema.Schema{Type: "string"}, containerType.Key()
			if dir == input {
				container.PropertyNames = target
			}
		case rule == "endkeys":
			target, t = elements(container), deref(containerType.Elem())
		case dir == input || name == "oneof":
			apply(target, t, name, param)
		}
	}
}

func elements(s *jsonschema.Schema) *jsonschema.Schema {
	if s.Items != nil {
		return s.Items
	}
	return s.AdditionalProperties
}

func deref(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// apply adds one rule.
func apply(s *jsonschema.Schema, t reflect.Type, name, param string) {
	if s.Ref != "" {
		return
	}
	switch name {
	case "required":
		notEmpty(s, t)
	case "min", "gte":
		atLeast(s, t, param, false)
	case "gt":
		atLeast(s, t, param, true)
	case "max", "lte":
		atMost(s, t, param, false)
	case "lt":
		atMost(s, t, param, true)
	case "len":
		if isNumber(t) {
			s.Const = literal(t, param)
			return
		}
		atLeast(s, t, param, false)
		atMost(s, t, param, false)
	case "eq":
		if isNumber(t) || t.Kind() == reflect.String {
			s.Const = literal(t, param)
		}
	case "ne":
		if isNumber(t) || t.Kind() == reflect.String {
			s.Not = &jsonschema.Schema{Const: literal(t, param)}
		}
	case "oneof":
		s.Enum = nil
		for _, value := range spelling.Choices(param) {
			s.Enum = append(s.Enum, *literal(t, strings.Trim(value, "'")))
		}
	case "unique":
		if param == "" && (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) {
			s.UniqueItems = true
		}
	default:
		if t.Kind() == reflect.String {
			textRule(s, name, param)
		}
	}
}

// textRule adds a rule about the form of a string.
func textRule(s *jsonschema.Schema, name, param string) {
	switch name {
	case "email":
		s.Format = "email"
	case "url", "http_url", "https_url", "uri":
		s.Format = "uri"
	case "uuid", "uuid3", "uuid4", "uuid5", "uuid_rfc4122", "uuid4_rfc4122":
		s.Format = "uuid"
	case "hostname", "hostname_rfc1123", "fqdn":
		s.Format = "hostname"
	case "ipv4":
		s.Format = "ipv4"
	case "ipv6":
		s.Format = "ipv6"
	case "json":
		s.ContentMediaType = "application/json"
	case "base64":
		s.ContentEncoding = "base64"
	case "alpha":
		s.Pattern = "^[a-zA-Z]+$"
	case "alphanum":
		s.Pattern = "^[a-zA-Z0-9]+$"
	case "lowercase":
		s.Pattern = "^[^A-Z]+$"
	case "uppercase":
		s.Pattern = "^[^a-z]+$"
	case "startswith":
		s.Pattern = "^" + regexp.QuoteMeta(param)
	case "endswith":
		s.Pattern = regexp.QuoteMeta(param) + "$"
	case "contains":
		s.Pattern = regexp.QuoteMeta(param)
	}
}

// notEmpty adds "required", which for the validator means: not the zero value.
func notEmpty(s *jsonschema.Schema, t reflect.Type) {
	switch {
	case s.Type == "boolean":
		s.Const = new(any(true))
	case s.Type == "string" && t.Kind() == reflect.String:
		if s.MinLength == nil || *s.MinLength < 1 {
			s.MinLength = new(1)
		}
	case isNumber(t) && s.Type != "string":
		s.Not = &jsonschema.Schema{Const: new(any(0))}
	}
}

func isNumber(t reflect.Type) bool {
	return t.Kind() >= reflect.Int && t.Kind() <= reflect.Float64 && t != durationType
}

// literal returns a rule's parameter as a value of the type.
func literal(t reflect.Type, param string) *any {
	if isNumber(t) {
		if f, err := strconv.ParseFloat(param, 64); err == nil {
			return new(any(f))
		}
	}
	return new(any(param))
}

// atLeast adds a lower limit: of a number, or of a length.
func atLeast(s *jsonschema.Schema, t reflect.Type, param string, exclusive bool) {
	if isExtra(t) {
		extra(s, t, "x-minimum", param)
		return
	}
	f, err := strconv.ParseFloat(param, 64)
	if err != nil {
		return
	}
	n := int(f)
	if exclusive {
		n++
	}
	switch {
	case isNumber(t) && exclusive:
		s.ExclusiveMinimum = &f
	case isNumber(t):
		s.Minimum = &f
	case s.Type == "string":
		s.MinLength = &n
	case s.Type == "array":
		s.MinItems = &n
	case t.Kind() == reflect.Map:
		s.MinProperties = &n
	}
}

// atMost adds an upper limit: of a number, or of a length.
func atMost(s *jsonschema.Schema, t reflect.Type, param string, exclusive bool) {
	if isExtra(t) {
		extra(s, t, "x-maximum", param)
		return
	}
	f, err := strconv.ParseFloat(param, 64)
	if err != nil {
		return
	}
	n := int(f)
	if exclusive {
		n--
	}
	switch {
	case isNumber(t) && exclusive:
		s.ExclusiveMaximum = &f
	case isNumber(t):
		s.Maximum = &f
	case s.Type == "string":
		s.MaxLength = &n
	case s.Type == "array":
		s.MaxItems = &n
	case t.Kind() == reflect.Map:
		s.MaxProperties = &n
	}
}

// isExtra reports whether a type's limits have no keyword: durations, times, and binary data, whose
// length is not that of its text.
func isExtra(t reflect.Type) bool {
	return t == durationType || t == timeType || t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8
}

// extra adds a duration's limit as an extension, for forms.
func extra(s *jsonschema.Schema, t reflect.Type, keyword, param string) {
	if t != durationType {
		return
	}
	if _, err := time.ParseDuration(param); err != nil {
		n, err := strconv.ParseInt(param, 10, 64)
		if err != nil {
			return
		}
		param = time.Duration(n).String()
	}
	if s.Extra == nil {
		s.Extra = map[string]any{}
	}
	s.Extra[keyword] = param
}
