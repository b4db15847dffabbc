package main

import (
	"errors"
	"flag"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestFlagsWinOverVariables(t *testing.T) {
	env := map[string]string{"DASHBOARD_ADDR": "localhost:1", "DASHBOARD_PREFIX": "/env", "DASHBOARD_DATA": ""}
	c, err := parse([]string{"-prefix", "/flag"}, func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	if got, want := []string{c.addr, c.prefix, c.data, c.logFormat}, []string{"localhost:1", "/flag", "./data", "text"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestUsage(t *testing.T) {
	if _, err := parse([]string{"-h"}, func(string) string { return "" }); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("-h: got %v, want flag.ErrHelp", err)
	}
	text := usageText()
	for _, s := range settings() {
		if !strings.Contains(text, "-"+s.name) || !strings.Contains(text, s.env) {
			t.Errorf("the usage does not name -%s and %s", s.name, s.env)
		}
	}
}

func TestParseFile(t *testing.T) {
	full := fileConfig{Title: "Ops", TrustedProxies: []string{"10.0.0.0/8"}, Forwarded: true, LogLevel: "warn",
		DrainTimeout: 3 * time.Second, StopTimeout: time.Minute, Modules: []string{"hello"}}
	tests := []struct {
		name, text string
		want       fileConfig
		err        string
	}{
		{"empty", "", defaultFile(), ""},
		{"comment", "# nothing\n", defaultFile(), ""},
		{"full", "title: Ops\ntrusted_proxies: [10.0.0.0/8]\nforwarded: true\nlog_level: warn\ndrain_timeout: 3s\nstop_timeout: 1m\nmodules: [hello]\n", full, ""},
		{"unknown key", "titel: Ops\n", fileConfig{}, "line 1: key titel is unknown"},
		{"two mistakes", "titel: Ops\nstop_timeout: soon\n", fileConfig{}, "line 1: key titel is unknown; line 2: cannot unmarshal"},
		{"twice", "title: a\ntitle: b\n", fileConfig{}, "already"},
		{"no proxy", "forwarded: true\n", fileConfig{}, "no proxy is trusted"},
		{"level", "log_level: loud\n", fileConfig{}, `log_level "loud" is not debug, info, warn or error`},
		{"timeout", "stop_timeout: 0s\n", fileConfig{}, "must be above zero"},
		{"module", "modules: [billing]\n", fileConfig{}, `there is no module "billing"`},
		{"module twice", "modules: [hello, hello]\n", fileConfig{}, `"hello" is listed twice`},
		{"cache", "model_cache:\n  ttl: 10m\n  shared: true\n  semantic:\n    model: openai/e\n    threshold: 0.97\n", func() fileConfig {
			c := defaultFile()
			c.ModelCache = cacheConfig{TTL: 10 * time.Minute, Shared: true, Semantic: semanticConfig{Model: "openai/e", Threshold: 0.97}}
			return c
		}(), ""},
		{"redaction", "model_redaction: {secrets: true, personal: true, reversible: true}\nmodel_prices: prices.json\n", func() fileConfig {
			c := defaultFile()
			c.ModelRedaction, c.ModelPrices = redactConfig{Secrets: true, Personal: true, Reversible: true}, "prices.json"
			return c
		}(), ""},
		{"redaction of persons alone", "model_redaction: {personal: true}", fileConfig{}, "model_redaction.secrets"},
		{"cache without end", "model_cache: {ttl: -1s}", fileConfig{}, "model_cache.ttl"},
		{"meaning without a cache", "model_cache: {semantic: {model: openai/e}}", fileConfig{}, "model_cache.semantic"},
		{"threshold", "model_cache: {ttl: 1m, semantic: {model: openai/e, threshold: 2}}", fileConfig{}, "model_cache.semantic.threshold"},
		{"two documents", "title: a\n---\ntitle: b\n", fileConfig{}, "more than one YAML document"},
		{"no mapping", "- a\n", fileConfig{}, "cannot unmarshal"},
		{"syntax", "title: [\n", fileConfig{}, "yaml"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseFile([]byte(tt.text))
			if tt.err == "" && (err != nil || !reflect.DeepEqual(got, tt.want)) {
				t.Errorf("got %+v, %v, want %+v", got, err, tt.want)
			}
			if tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
				t.Errorf("got error %v, want one with %q", err, tt.err)
			}
		})
	}
}

func FuzzParseFile(f *testing.F) {
	f.Add([]byte("title: Ops\nmodules: [system, hello]\nstop_timeout: 1m\n"))
	f.Add([]byte("a: &a [*a]\n"))
	f.Add([]byte("title: a\n---\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := parseFile(text)
		if err != nil {
			return
		}
		if _, err := c.level(); err != nil || c.StopTimeout <= 0 || c.DrainTimeout <= 0 {
			t.Errorf("took %+v", c)
		}
		for _, id := range c.Modules {
			if builtIn(id) == nil {
				t.Errorf("took the module %q", id)
			}
		}
	})
}
