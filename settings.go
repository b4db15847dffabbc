package dashboard

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"sync"

	"github.com/modular-dashboard/dashboard/internal/bind"
	"github.com/modular-dashboard/dashboard/internal/openapi"
	"github.com/modular-dashboard/dashboard/internal/problem"
	"github.com/modular-dashboard/dashboard/internal/settings"
	"github.com/modular-dashboard/dashboard/internal/spelling"
)

// Settings are a module's typed settings; see [SettingsOf] and [Configurable].
type Settings struct {
	defaults any // a pointer to a T
	in       reflect.Type
	apply    func(ctx context.Context, value any) error
}

// SettingsOf returns settings of the struct type T. Fields are described by
// json tags, validator tags (checked before anything is stored) and the tags
// title and doc (shown in the form). A field of type [Secret] is encrypted at
// rest and never returned; a [time.Duration] is written as in "2s".
//
// Apply is called with the effective settings before the module is enabled and,
// in place, whenever they change, on every instance and one call at a time. An
// error refuses the change as a whole; the settings before it are applied again.
func SettingsOf[T any](defaults T, apply func(ctx context.Context, settings T) error) Settings {
	s := Settings{defaults: &defaults, in: reflect.TypeFor[T]()}
	if apply != nil {
		s.apply = func(ctx context.Context, value any) error { return apply(ctx, *value.(*T)) }
	}
	return s
}

// Secret is text that is never shown: it prints, logs and encodes as nothing of
// itself. [Secret.Reveal] returns it.
type Secret struct{ text string }

// NewSecret returns text as a Secret.
func NewSecret(text string) Secret { return Secret{text} }

// Reveal returns the text.
func (s Secret) Reveal() string { return s.text }

// IsSecret marks the type for schemas.
func (Secret) IsSecret() bool { return true }

// String returns "[secret]", or "" where there is none.
func (s Secret) String() string {
	if s.text == "" {
		return ""
	}
	return "[secret]"
}

// GoString returns what String does.
func (s Secret) GoString() string { return s.String() }

// LogValue returns what String does.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalJSON encodes an empty string, always.
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`""`), nil }

// UnmarshalJSON takes a JSON string.
func (s *Secret) UnmarshalJSON(data []byte) error {
	if err := json.Unmarshal(data, &s.text); err != nil {
		return errors.New("a secret must be a string")
	}
	return nil
}

// registerSettings prepares the settings of a module: plan, schema, secrets.
func (d *Dashboard) registerSettings(m *hosted) error {
	s := m.settings
	if s.in == nil || s.in.Kind() != reflect.Struct || s.apply == nil {
		return errors.New("settings: make them with SettingsOf, of a struct type and an apply function")
	}
	body, err := d.binder.CompileBody(s.in)
	if err != nil {
		return fmt.Errorf("settings %s: %w", s.in, err)
	}
	if err := body.Validate(s.defaults); err != nil {
		return fmt.Errorf("settings %s: the defaults are invalid: %w", s.in, err)
	}
	encoder, err := d.binder.CompileOut(s.in)
	if err != nil {
		return fmt.Errorf("settings %s: %w", s.in, err)
	}
	defaults, err := encoder.Append(nil, s.defaults, 0)
	if err != nil {
		return fmt.Errorf("settings %s: encode defaults: %w", s.in, err)
	}
	schema, err := openapi.SchemaFor(s.defaults)
	if err != nil {
		return fmt.Errorf("settings %s: %w", s.in, err)
	}
	m.schema = sync.OnceValues(func() (json.RawMessage, error) { return json.Marshal(schema) })
	secrets, err := secretPointers(s.in, "")
	if err != nil {
		return fmt.Errorf("settings %s: %w", s.in, err)
	}
	if err := noSecretDefaults(reflect.ValueOf(s.defaults).Elem()); err != nil {
		return fmt.Errorf("settings %s: %w", s.in, err)
	}
	return d.settings.Register(m.id, settings.Spec{
		Defaults: defaults,
		Type:     s.in,
		Secrets:  secrets,
		Validate: func(raw json.RawMessage) ([]problem.Field, error) { return validateSettings(body, s.in, raw) },
		Apply: func(ctx context.Context, raw json.RawMessage) error {
			value := reflect.New(s.in)
			if err := body.Decode(raw, value.Interface()); err != nil {
				return err
			}
			d.redactor.Know("settings of "+m.id, secretsIn(value.Elem())...)
			return s.apply(ctx, value.Interface())
		},
	})
}

func validateSettings(body *bind.Body, in reflect.Type, raw json.RawMessage) ([]problem.Field, error) {
	err := body.Decode(raw, reflect.New(in).Interface())
	if err == nil {
		return nil, nil
	}
	if e, ok := errors.AsType[*bind.Error](err); ok && len(e.Fields) > 0 {
		return e.Fields, nil
	}
	return nil, err
}

// secretPointers finds the JSON pointers of the Secret fields of a struct.
func secretPointers(t reflect.Type, at string) ([]string, error) {
	var out []string
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" || !f.IsExported() {
			continue
		}
		if name == "" {
			name = f.Name
		}
		pointer := at + "/" + spelling.PointerToken(name)
		if f.Anonymous && f.Tag.Get("json") == "" {
			pointer = at
		}
		switch {
		case f.Type == reflect.TypeFor[Secret]():
			out = append(out, pointer)
		case f.Type.Kind() == reflect.Struct:
			inner, err := secretPointers(f.Type, pointer)
			if err != nil {
				return nil, err
			}
			out = append(out, inner...)
		case holdsSecret(f.Type):
			return nil, fmt.Errorf("field %s: a Secret must be a field of a struct, not inside %s", f.Name, f.Type)
		}
	}
	return out, nil
}

// noSecretDefaults refuses a secret in the defaults: it would be in the code of
// every instance and in no vault.
func noSecretDefaults(v reflect.Value) error {
	for f, value := range v.Fields() {
		if !f.IsExported() {
			continue
		}
		if secret, ok := reflect.TypeAssert[Secret](value); ok {
			if secret.text != "" {
				return fmt.Errorf("field %s: a Secret has no default", f.Name)
			}
			continue
		}
		if value.Kind() == reflect.Struct {
			if err := noSecretDefaults(value); err != nil {
				return err
			}
		}
	}
	return nil
}

// secretsIn returns the secrets that settings hold, for the log to leave out.
func secretsIn(v reflect.Value) (out []string) {
	for f, value := range v.Fields() {
		if !f.IsExported() {
			continue
		}
		if secret, ok := reflect.TypeAssert[Secret](value); ok {
			out = append(out, secret.text)
		} else if value.Kind() == reflect.Struct {
			out = append(out, secretsIn(value)...)
		}
	}
	return out
}

func holdsSecret(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		e := t.Elem()
		if e == reflect.TypeFor[Secret]() {
			return true
		}
		if e.Kind() == reflect.Struct {
			inner, err := secretPointers(e, "")
			return err != nil || len(inner) > 0
		}
		return holdsSecret(e)
	}
	return false
}

// applySettings brings the stored settings into effect before an enable.
func (d *Dashboard) applySettings(ctx context.Context, m *hosted) error {
	if m.settings == nil {
		return nil
	}
	if err := d.settings.Attach(ctx, m.id); err != nil {
		return fmt.Errorf("settings of module %s: %w", m.id, err)
	}
	return nil
}

// releaseSettings ends what applySettings began: changes are stored only.
func (d *Dashboard) releaseSettings(ctx context.Context, m *hosted) {
	if m.settings == nil {
		return
	}
	if err := d.settings.Detach(ctx, m.id); err != nil {
		d.log.WarnContext(ctx, "settings of a disabled module are still being applied", "module", m.id, "error", err)
	}
}

var _ openapi.Secret = Secret{}
