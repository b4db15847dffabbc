package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// fileConfig is the YAML file. Durations are written as 15s or 2m.
type fileConfig struct {
	// Title names the dashboard in its pages.
	Title string `yaml:"title"`
	// TrustedProxies are addresses or CIDR prefixes whose X-Forwarded headers count.
	TrustedProxies []string `yaml:"trusted_proxies"`
	// Forwarded says that they write Forwarded, and no X-Forwarded headers count.
	Forwarded bool `yaml:"forwarded"`
	// LogLevel is debug, info, warn or error.
	LogLevel string `yaml:"log_level"`
	// DrainTimeout bounds the requests of a module that is disabled.
	DrainTimeout time.Duration `yaml:"drain_timeout"`
	// StopTimeout bounds everything between the signal and the end.
	StopTimeout time.Duration `yaml:"stop_timeout"`
	// Modules are the modules built in, by id.
	Modules []string `yaml:"modules"`
	// Flags are feature flags.
	Flags flagsConfig `yaml:"flags"`
	// Models are further names of models, such as one for several that can answer.
	Models map[string]aliasConfig `yaml:"models"`
	// ModelCache keeps answers of models.
	ModelCache cacheConfig `yaml:"model_cache"`
	// ModelRedaction takes secrets and personal data out of what models get.
	ModelRedaction redactConfig `yaml:"model_redaction"`
	// ModelPrices is a JSON file of what models cost, which goes before the prices
	// that are built in.
	ModelPrices string `yaml:"model_prices"`
}

type flagsConfig struct {
	// File holds definitions in flagd's format. It is read again when it changes,
	// and what is edited in the UI goes before it.
	File string `yaml:"file"`
	// Origins are those of web pages that may ask for flags at /ofrep/v1.
	Origins []string `yaml:"origins"`
}

func defaultFile() fileConfig {
	return fileConfig{
		Title: "Dashboard", LogLevel: "info", Modules: []string{"system", "traffic", "assistant"},
		DrainTimeout: 10 * time.Second, StopTimeout: 20 * time.Second,
	}
}

// parseFile reads the text of the file over the defaults. A key that is unknown
// or given twice is an error.
func parseFile(text []byte) (fileConfig, error) {
	c := defaultFile()
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&c); err != nil && !errors.Is(err, io.EOF) {
		return fileConfig{}, plain(err)
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return fileConfig{}, errors.New("more than one YAML document")
	}
	return c, c.check()
}

// typeName is what the YAML reader says of Go types.
var typeName = regexp.MustCompile(` in type main\.\w+`)

// plain turns the YAML reader's list of mistakes into one line without names of
// Go types.
func plain(err error) error {
	mistakes, ok := errors.AsType[*yaml.TypeError](err)
	if !ok {
		return err
	}
	lines := make([]string, len(mistakes.Errors))
	for i, line := range mistakes.Errors {
		line = typeName.ReplaceAllString(line, "")
		line = strings.ReplaceAll(line, "field ", "key ")
		lines[i] = strings.ReplaceAll(line, " not found", " is unknown")
	}
	return errors.New(strings.Join(lines, "; "))
}

func (c *fileConfig) check() error {
	if err := errors.Join(c.ModelCache.check(), c.ModelRedaction.check()); err != nil {
		return err
	}
	if _, err := c.level(); err != nil {
		return err
	}
	if c.DrainTimeout <= 0 || c.StopTimeout <= 0 {
		return errors.New("drain_timeout and stop_timeout must be above zero")
	}
	if c.Forwarded && len(c.TrustedProxies) == 0 {
		return errors.New("forwarded: no proxy is trusted, see trusted_proxies")
	}
	for i, id := range c.Modules {
		if builtIn(id) == nil {
			return fmt.Errorf("modules: there is no module %q", id)
		}
		if slices.Contains(c.Modules[:i], id) {
			return fmt.Errorf("modules: %q is listed twice", id)
		}
	}
	return nil
}

func (c *fileConfig) level() (slog.Level, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		return 0, fmt.Errorf("log_level %q is not debug, info, warn or error", c.LogLevel)
	}
	return level, nil
}
