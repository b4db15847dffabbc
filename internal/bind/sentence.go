package bind

import (
	"reflect"
	"strings"

	"github.com/go-playground/validator/v10"

	"github.com/modular-dashboard/dashboard/internal/spelling"
)

// sentence says what a failed rule wanted, for a person. It never repeats the value.
func sentence(fe validator.FieldError) string {
	tag, param := fe.Tag(), fe.Param()
	if s, ok := plainSentence(tag); ok {
		return s
	}
	switch tag {
	case "min", "gte":
		return bound(fe, "at least ")
	case "max", "lte":
		return bound(fe, "at most ")
	case "gt":
		return bound(fe, "more than ")
	case "lt":
		return bound(fe, "less than ")
	case "len":
		return bound(fe, "exactly ")
	case "eq":
		return "must be " + param
	case "ne":
		return "must not be " + param
	case "oneof", "oneofci":
		return "must be one of " + strings.ReplaceAll(strings.Join(spelling.Choices(param), ", "), "'", "")
	case "eqfield":
		return "must be the same as " + param
	case "nefield":
		return "must differ from " + param
	case "gtfield":
		return "must be more than " + param
	case "gtefield":
		return "must not be less than " + param
	case "ltfield":
		return "must be less than " + param
	case "ltefield":
		return "must not be more than " + param
	case "startswith":
		return "must begin with " + param
	case "endswith":
		return "must end with " + param
	case "contains", "containsany":
		return "must contain " + param
	case "excludes", "excludesall", "excludesrune":
		return "must not contain " + param
	case "datetime":
		return "must be a time written like " + param
	}
	if strings.HasPrefix(tag, "required_") {
		return "must be given here"
	}
	if strings.HasPrefix(tag, "excluded_") {
		return "must not be given here"
	}
	if param != "" {
		return "must satisfy " + tag + "=" + param
	}
	return "must satisfy " + tag
}

// bound words a limit on a number, a length or a duration.
func bound(fe validator.FieldError, how string) string {
	param := fe.Param()
	if fe.Type() == durationType {
		return "must be " + how + param
	}
	if fe.Type() == timeType {
		if strings.HasPrefix(how, "at least") || strings.HasPrefix(how, "more") {
			return "must be in the future"
		}
		return "must be in the past"
	}
	var unit string
	switch fe.Kind() {
	case reflect.String:
		unit = " character"
	case reflect.Slice, reflect.Array, reflect.Map:
		unit = " item"
	default:
		return "must be " + how + param
	}
	if param != "1" {
		unit += "s"
	}
	if fe.Kind() == reflect.String {
		return "must be " + how + param + unit + " long"
	}
	return "must have " + how + param + unit
}

// plainSentence words the rules that take no parameter.
func plainSentence(tag string) (string, bool) {
	switch tag {
	case "required":
		return "must not be empty", true
	case "email":
		return "must be an email address", true
	case "url", "http_url", "https_url":
		return "must be a URL", true
	case "uri":
		return "must be a URI", true
	case "uuid", "uuid3", "uuid4", "uuid5", "uuid_rfc4122", "uuid4_rfc4122":
		return "must be a UUID", true
	case "alpha":
		return "must have letters only", true
	case "alphanum":
		return "must have letters and digits only", true
	case "numeric", "number":
		return "must be a number", true
	case "boolean":
		return "must be true or false", true
	case "lowercase":
		return "must be in lower case", true
	case "uppercase":
		return "must be in upper case", true
	case "ascii", "printascii":
		return "must have ASCII characters only", true
	case "hostname", "hostname_rfc1123", "fqdn":
		return "must be a host name", true
	case "hostname_port":
		return "must be a host name and port", true
	case "ip", "ip_addr":
		return "must be an IP address", true
	case "ipv4":
		return "must be an IPv4 address", true
	case "ipv6":
		return "must be an IPv6 address", true
	case "cidr":
		return "must be an address range such as 10.0.0.0/8", true
	case "port":
		return "must be a port from 1 to 65535", true
	case "json":
		return "must be JSON", true
	case "base64", "base64url", "base64rawurl":
		return "must be base64", true
	case "hexcolor", "iscolor", "rgb", "rgba", "hsl", "hsla":
		return "must be a color", true
	case "timezone":
		return "must be a time zone such as Europe/Berlin", true
	case "cron":
		return "must be a cron schedule", true
	case "e164":
		return "must be a phone number such as +491701234567", true
	case "semver":
		return "must be a version such as 1.2.3", true
	case "unique":
		return "must not have duplicates", true
	case "isdefault":
		return "must not be given", true
	}
	return "", false
}
