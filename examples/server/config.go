package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strings"

	"github.com/modular-dashboard/dashboard"
)

// config is everything the server is told from outside.
type config struct {
	addr      string
	data      string // folder
	publicURL string
	prefix    string
	redis     string // URL; it may hold a password
	logFormat string
	account   account
	keys      []dashboard.MasterKey // none: a key file in the data folder
	models    dashboard.Option      // of providers that the environment names
	file      fileConfig
}

// account is the first one, made unattended.
type account struct{ email, password string }

// setting is one flag with the environment variable of the same meaning.
type setting struct {
	name, env, fallback, usage string
}

// Names of the flags.
const (
	flagAddr      = "addr"
	flagData      = "data"
	flagDatabase  = "database"
	flagRedis     = "redis"
	flagPublicURL = "public-url"
	flagPrefix    = "prefix"
	flagConfig    = "config"
	flagLogFormat = "log-format"
)

func settings() []setting {
	return []setting{
		{flagAddr, "DASHBOARD_ADDR", "localhost:8080", "address to listen on, `host:port`"},
		{flagData, "DASHBOARD_DATA", "./data", "`folder` for the database and the key file; made where it is missing"},
		{flagDatabase, "DASHBOARD_DATABASE_URL", "", "`URL` of a database server; empty means SQLite in the data folder"},
		{flagRedis, "DASHBOARD_REDIS_URL", "", "`URL` of a Redis or Valkey server on which instances share rate limits, with a database number of their own where it serves other dashboards; empty means each counts for itself"},
		{flagPublicURL, "DASHBOARD_PUBLIC_URL", "", "`URL` at which people reach this server, such as https://ops.example.com"},
		{flagPrefix, "DASHBOARD_PREFIX", "", "`path` below which the dashboard is mounted, such as /admin"},
		{flagConfig, "DASHBOARD_CONFIG", "", "YAML `file` for everything else"},
		{flagLogFormat, "DASHBOARD_LOG_FORMAT", "text", "`format` of the log on standard error: text or json"},
	}
}

// Variables without a flag: secrets do not belong on a command line.
const (
	envEmail     = "DASHBOARD_ADMIN_EMAIL"
	envPassword  = "DASHBOARD_ADMIN_PASSWORD"
	envMasterKey = "DASHBOARD_MASTER_KEY"
)

func newFlags(getenv func(string) string) (*flag.FlagSet, map[string]*string) {
	flags := flag.NewFlagSet("server", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	values := map[string]*string{}
	for _, s := range settings() {
		value := s.fallback
		if given := getenv(s.env); given != "" {
			value = given
		}
		values[s.name] = flags.String(s.name, value, s.usage+" ("+s.env+")")
	}
	return flags, values
}

// usageText lists flags and variables with their defaults.
func usageText() string {
	var b strings.Builder
	b.WriteString("Usage: server [flags]\n\nServes the dashboard. Flags win over environment variables, given in brackets.\n\n")
	flags, _ := newFlags(func(string) string { return "" })
	flags.SetOutput(&b)
	flags.PrintDefaults()
	b.WriteString("\nThe first account is made without a set-up link from " + envEmail + " and " + envPassword + ".\n" +
		"Secrets are encrypted with " + envMasterKey + " (32 bytes, base64; several with commas,\nnewest first), or with a key file made in the data folder.\n\n" +
		"Models of OpenAI, Anthropic, Gemini and Ollama are asked at /ai/v1 where OPENAI_API_KEY,\nANTHROPIC_API_KEY, GEMINI_API_KEY or OLLAMA_HOST are set, to one key or\nseveral separated by commas, used in turn; OPENAI_BASE_URL and the like name other servers. The\nconfiguration file names several models as one, below models.\n")
	return b.String()
}

// parse reads flags, variables and the file that they name. The error is one
// line for the person who started the server.
func parse(args []string, getenv func(string) string) (config, error) {
	flags, values := newFlags(getenv)
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return config{}, err
		}
		return config{}, fmt.Errorf("%w (-h lists the flags)", err)
	}
	if flags.NArg() > 0 {
		return config{}, fmt.Errorf("unexpected argument %q (-h lists the flags)", flags.Arg(0))
	}
	c := config{
		addr: *values[flagAddr], data: *values[flagData], publicURL: *values[flagPublicURL],
		prefix: *values[flagPrefix], redis: *values[flagRedis], logFormat: *values[flagLogFormat],
		account: account{email: getenv(envEmail), password: getenv(envPassword)},
		file:    defaultFile(),
	}
	if err := errors.Join(
		refuseURL(flagDatabase, *values[flagDatabase]),
		c.check(), c.readKeys(getenv(envMasterKey)),
	); err != nil {
		return config{}, err
	}
	if name := *values[flagConfig]; name != "" {
		text, err := os.ReadFile(name)
		if err != nil {
			return config{}, fmt.Errorf("configuration: %w", err)
		}
		if c.file, err = parseFile(text); err != nil {
			return config{}, fmt.Errorf("configuration %s: %w", name, err)
		}
	}
	if err := c.readModels(getenv); err != nil {
		return config{}, err
	}
	return c, nil
}

// refuseURL refuses servers that this build cannot talk to. A URL may hold a
// password, so only its scheme is repeated.
func refuseURL(name, url string) error {
	if url == "" {
		return nil
	}
	scheme, _, ok := strings.Cut(url, "://")
	if !ok {
		return fmt.Errorf("-%s is not a URL", name)
	}
	return fmt.Errorf("-%s: %s is not supported by this build yet; leave it empty", name, scheme+"://")
}

func (c *config) check() error {
	switch {
	case c.logFormat != "text" && c.logFormat != "json":
		return fmt.Errorf("-%s %q is neither text nor json", flagLogFormat, c.logFormat)
	case (c.account.email == "") != (c.account.password == ""):
		return fmt.Errorf("%s and %s go together: one of them is empty", envEmail, envPassword)
	case c.data == "":
		return fmt.Errorf("-%s is empty", flagData)
	}
	if _, _, err := net.SplitHostPort(c.addr); err != nil {
		return fmt.Errorf("-%s %q is not of the form host:port", flagAddr, c.addr)
	}
	return nil
}

// readKeys takes one key, or several separated by commas, newest first. A key is
// named by its hash, so that a changed one is told from the one before.
func (c *config) readKeys(text string) error {
	if text == "" {
		return nil
	}
	for one := range strings.SplitSeq(text, ",") {
		key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(one))
		if err != nil || len(key) != 32 {
			return fmt.Errorf("%s is not 32 bytes of base64", envMasterKey)
		}
		sum := sha256.Sum256(key)
		c.keys = append(c.keys, dashboard.MasterKey{ID: hex.EncodeToString(sum[:4]), Key: key})
	}
	return nil
}

func (c *config) readModels(getenv func(string) string) (err error) {
	c.models, err = openModels(getenv, c.file.Models)
	return err
}
