package shape

import (
	"reflect"
	"strings"
	"time"

	"github.com/go-playground/validator/v10"
)

// Needed reports whether an input is refused when the field is absent: its zero value breaks its
// own rules, or those of the fields inside it, and it has no default. Rules that
// compare fields are not asked.
func (f *Field) Needed(v *validator.Validate) bool {
	if _, ok := f.Tag.Lookup("default"); ok || f.Tag.Get("validate") == "-" {
		return false
	}
	rules := ownRules(f.Rules())
	if f.Type.Kind() == reflect.Struct && f.Type != reflect.TypeFor[time.Time]() {
		first, _, _ := strings.Cut(rules, ",")
		return first == "required" || !strings.HasPrefix(first, "omit") && fails(func() error { return v.Struct(reflect.New(f.Type).Interface()) })
	}
	return rules != "" && fails(func() error { return v.Var(reflect.Zero(f.Type).Interface(), rules) })
}

// fails reports whether a check fails; a bad rule, which panics, is not its business.
func fails(check func() error) (failed bool) {
	defer func() {
		if recover() != nil {
			failed = false
		}
	}()
	return check() != nil
}

// ownRules drops the rules that look at other fields.
func ownRules(rules string) string {
	var own []string
	for rule := range strings.SplitSeq(rules, ",") {
		name, _, _ := strings.Cut(rule, "=")
		if strings.HasPrefix(name, "required_") || strings.HasPrefix(name, "excluded_") || strings.HasPrefix(name, "skip_unless") ||
			strings.HasSuffix(name, "field") {
			continue
		}
		own = append(own, rule)
	}
	return strings.Join(own, ",")
}
