package bind

import (
	"reflect"
	"strings"

	"github.com/go-playground/validator/v10"

	"github.com/modular-dashboard/dashboard/internal/spelling"
)

// sentence says what a failed rule wanted, for a person, and the values it speaks of; nil where it is no
// more than the rule's name. It never repeats the value.
func sentence(fe validator.FieldError) (detail string, params map[string]string) {
	tag, param := fe.Tag(), fe.Param()
	if s, ok := plainSentence(tag); ok {
		return s, map[string]string{}
	}
	if how, ok := bounds[tag]; ok {
		return bound(fe, how)
	}
	if strings.HasPrefix(tag, "required_") {
		return "must be given here", map[string]string{}
	}
	if strings.HasPrefix(tag, "excluded_") {
		return "must not be given here", map[string]string{}
	}
	if strings.HasPrefix(tag, "oneof") {
		param = strings.ReplaceAll(strings.Join(spelling.Choices(param), ", "), "'", "")
	}
	if start, ok := valueSentences[tag]; ok {
		return start + param, map[string]string{"value": param}
	}
	if param != "" {
		return "must satisfy " + tag + "=" + param, nil
	}
	return "must satisfy " + tag, nil
}

// bounds are the rules that bound words.
var bounds = map[string]string{
	"min": "at least ", "gte": "at least ", "max": "at most ", "lte": "at most ", "gt": "more than ", "lt": "less than ", "len": "exactly ",
}

// valueSentences are how the sentences of rules begin that end with their parameter.
var valueSentences = map[string]string{
	"eq":           "must be ",
	"ne":           "must not be ",
	"oneof":        "must be one of ",
	"oneofci":      "must be one of ",
	"eqfield":      "must be the same as ",
	"nefield":      "must differ from ",
	"gtfield":      "must be more than ",
	"gtefield":     "must not be less than ",
	"ltfield":      "must be less than ",
	"ltefield":     "must not be more than ",
	"startswith":   "must begin with ",
	"endswith":     "must end with ",
	"contains":     "must contain ",
	"containsany":  "must contain ",
	"excludes":     "must not contain ",
	"excludesall":  "must not contain ",
	"excludesrune": "must not contain ",
	"datetime":     "must be a time written like ",
}

// bound words a limit on a number, a length or a duration.
func bound(fe validator.FieldError, how string) (detail string, params map[string]string) {
	param := fe.Param()
	if fe.Type() == timeType {
		if how == "at least " || how == "more than " {
			return "must be in the future", map[string]string{"of": "time"}
		}
		return "must be in the past", map[string]string{"of": "time"}
	}
	params = map[string]string{"value": param}
	plural := "s"
	if param == "1" {
		plural = ""
	}
	switch fe.Kind() {
	case reflect.String:
		params["of"] = "characters"
		return "must be " + how + param + " character" + plural + " long", params
	case reflect.Slice, reflect.Array, reflect.Map:
		params["of"] = "items"
		return "must have " + how + param + " item" + plural, params
	default:
		return "must be " + how + param, params
	}
}

// usual returns the parameters of a finding that is no rule's, nil where the sentence is one of its own.
func usual(code, detail string) map[string]string {
	if of, ok := kinds[detail]; ok && code == "type" {
		return map[string]string{"of": of}
	}
	if code == "missing" || code == "duplicate" {
		return map[string]string{}
	}
	return nil
}

// kinds names what sentences about types ask for.
var kinds = map[string]string{
	"must be an integer":    "integer",
	"must be a number":      "number",
	"must be a string":      "string",
	"must be true or false": "boolean",
	timeSentence:            "time",
	durationSentence:        "duration",
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
