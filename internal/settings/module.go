package settings

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/modular-dashboard/dashboard/internal/problem"
)

// unknownVersion marks that nobody can say what is in effect, for example after an Apply that hung.
const unknownVersion int64 = -1

// module is a registered module.
type module struct {
	id       string
	spec     Spec
	defaults object
	shape    *shape
	secrets  []secretField

	// lane is the right to work on this module: to change, apply or follow. An Apply that hangs keeps it.
	lane chan struct{}

	mu       sync.Mutex
	attached bool
	applied  int64     // the version in effect, unknownVersion when nobody knows
	effect   candidate // what is in effect, while applied is known
	failure  *failure  // why the stored version is not in effect
	hangs    time.Time // since when Apply has overrun its time; zero while it does not
}

// failure remembers a version that could not be put in effect.
type failure struct {
	version int64
	err     error
	since   time.Time
	attempt int
	retry   time.Time
}

type secretField struct {
	pointer string
	path    []string
}

// name is how a secret is called outside, as in Change.Field.
func (f secretField) name() string { return strings.Join(f.path, ".") }

func newModule(id string, spec Spec, opts Options) (*module, error) {
	if id == "" {
		return nil, errors.New("no id")
	}
	defaults, err := parse(spec.Defaults)
	if err != nil {
		return nil, fmt.Errorf("defaults: %w", err)
	}
	m := &module{id: id, spec: spec, defaults: defaults, lane: make(chan struct{}, 1)}
	if spec.Type == nil {
		m.shape = shapeOf(defaults)
	} else if m.shape = shapeOfType(spec.Type); m.shape.fields == nil {
		return nil, fmt.Errorf("type %v is not a struct with fields", spec.Type)
	}
	if len(spec.Secrets) > 0 && opts.Box == nil {
		return nil, errors.New("secrets need a master key")
	}
	if err := m.declareSecrets(spec.Secrets); err != nil {
		return nil, err
	}
	if extra := unknownFields(defaults, m.shape, ""); len(extra) > 0 {
		return nil, fmt.Errorf("defaults: %s %s", extra[0].Pointer, extra[0].Detail)
	}
	raw, err := encode(defaults)
	if err != nil {
		return nil, fmt.Errorf("defaults: %w", err)
	}
	if err := m.validate(raw, m.redactor(defaults)); err != nil {
		return nil, fmt.Errorf("defaults: %w", err)
	}
	return m, nil
}

func (m *module) declareSecrets(pointers []string) error {
	for _, pointer := range pointers {
		path, err := parsePointer(pointer)
		if err != nil {
			return fmt.Errorf("secret: %w", err)
		}
		for _, other := range m.secrets {
			if strings.HasPrefix(pointer+"/", other.pointer+"/") || strings.HasPrefix(other.pointer+"/", pointer+"/") {
				return fmt.Errorf("secrets %s and %s overlap", other.pointer, pointer)
			}
		}
		if m.shape.at(path).fields != nil {
			return fmt.Errorf("secret %s is not a string field", pointer)
		}
		if _, value, ok := take(m.defaults, path); ok {
			if _, isString := value.(string); !isString {
				return fmt.Errorf("secret %s is not a string field", pointer)
			}
		}
		m.secrets = append(m.secrets, secretField{pointer: pointer, path: path})
	}
	return nil
}

// validate asks the module and turns what it says into an error without secrets.
func (m *module) validate(values json.RawMessage, redact *strings.Replacer) (err error) {
	if m.spec.Validate == nil {
		return nil
	}
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("validate settings of module %q: panic: %s", m.id, redact.Replace(fmt.Sprint(v)))
		}
	}()
	fields, err := m.spec.Validate(values)
	if err != nil {
		return fmt.Errorf("validate settings of module %q: %s", m.id, redact.Replace(err.Error()))
	}
	if len(fields) == 0 {
		return nil
	}
	clean := make([]problem.Field, len(fields))
	for i, f := range fields {
		f.Detail = redact.Replace(f.Detail)
		clean[i] = f
	}
	return &InvalidError{Module: m.id, Fields: clean}
}

// redactor cuts the secrets of values out of a text, also where the text quotes them in a usual way. Very short ones are
// left: cutting them would garble the text and tell more than it hides.
func (m *module) redactor(values ...object) *strings.Replacer {
	var forms []string
	for _, o := range values {
		for _, f := range m.secrets {
			_, v, _ := take(o, f.path)
			plain, ok := v.(string)
			if !ok || len(plain) < 4 {
				continue
			}
			quoted := strconv.Quote(plain)
			forms = append(forms, plain, quoted[1:len(quoted)-1], url.QueryEscape(plain), url.PathEscape(plain))
		}
	}
	// A replacer takes the first form that matches: the longest must come first.
	slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) })
	pairs := make([]string, 0, 2*len(forms))
	for _, form := range forms {
		pairs = append(pairs, form, "[secret]")
	}
	return strings.NewReplacer(pairs...)
}

func (m *module) isHanging() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return !m.hangs.IsZero()
}

func (m *module) isAttached() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.attached
}

// inEffect notes what Apply has taken.
func (m *module) inEffect(c candidate) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.applied, m.effect, m.failure = c.row.version, c, nil
}

// former returns what is in effect, if that is known.
func (m *module) former() (c candidate, known bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.effect, m.applied != unknownVersion
}

// inDoubt notes that nobody knows what is in effect.
func (m *module) inDoubt() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.applied, m.effect = unknownVersion, candidate{}
}

// notInEffect notes why a stored version is not in effect, and when to try again: after 1 s, then twice as long each time,
// up to a minute.
func (m *module) notInEffect(version int64, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	next := failure{version: version, since: now}
	if m.failure != nil && m.failure.version == version {
		next = *m.failure
	}
	next.err = err
	next.retry = now.Add(min(time.Second<<min(next.attempt, 6), time.Minute))
	next.attempt++
	m.failure = &next
}

// due says whether the follower should put version in effect now.
func (m *module) due(version int64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.attached || m.applied == version {
		return false
	}
	return m.failure == nil || m.failure.version != version || !time.Now().Before(m.failure.retry)
}
