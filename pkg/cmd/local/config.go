package main

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/stencil-auth/refresh-tokens/pkg/deploy/process"
	"github.com/stencil-auth/refresh-tokens/pkg/dpop"
	"github.com/stencil-auth/refresh-tokens/pkg/frame"
	"github.com/stencil-auth/refresh-tokens/pkg/hook"
	"github.com/stencil-auth/refresh-tokens/pkg/issuer"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// setting is a variable of the environment.
type setting struct{ name, fallback, meaning string }

func settings() []setting {
	return []setting{
		{"PORT", "3000", "where it listens, on 127.0.0.1 and ::1"},
		{"LOCAL_DIR", ".local", "the directory of its data, its keys and credentials.env"},
		{"DYNAMODB_ENDPOINT", "", "a DynamoDB-compatible endpoint instead of the embedded store: http://127.0.0.1:8000"},
		{process.Origins, "", "origins of pages beside those of this machine, as template.yaml's AllowedOrigins"},
		{process.Headers, "", "headers that pages may send beside the API's, as AllowedHeaders"},
		{process.Cookies, "", "the domain of cookies, as CookieDomain"},
		{process.Imported, "false", "true accepts imported refresh tokens of another system, as AcceptImported"},
		{process.ImportedAs, "", "what they match, as ImportedTokenPattern"},
		{process.HookURL, "", "the claims hook, asked by POST, as ClaimsHookArn"},
		{process.HookFailure, "keep", "keep or refuse, as ClaimsHookFailure"},
		{"LOG_LEVEL", "info", "debug, info, warn or error"},
		{"LOG_FORMAT", "", "text or json; without it text on a terminal and json elsewhere"},
		{"TEMPLATE", "", "a template.yaml with other routes than those that it was built with"},
	}
}

// help is what --help prints.
func help() string {
	var text strings.Builder
	text.WriteString("refresh-tokens, the whole service on this machine. These environment variables set it up:\n\n")
	for _, s := range settings() {
		fmt.Fprintf(&text, "  %-18s %s", s.name, s.meaning)
		if s.fallback != "" {
			fmt.Fprintf(&text, " (%s)", s.fallback)
		}
		text.WriteString("\n")
	}
	text.WriteString(`
An endpoint on another machine also needs AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.

  PORT=3001 LOCAL_DIR=/tmp/tokens make run
`)
	return text.String()
}

// config is the environment of the local service.
type config struct {
	port     int
	dir      string
	template string
	logLevel slog.Level
	// logFormat is text, json or "", which depends on where the log goes.
	logFormat string
	endpoint  string // of DynamoDB; "" for the embedded store
	origins   frame.Origins
	cookies   string // their domain
	hook      session.Hook
	imported  bool           // refresh tokens of another system are accepted,
	pattern   *regexp.Regexp // if they match
	getenv    func(string) string
}

// readConfig reads the settings. The error lists every mistake, in one line.
func readConfig(getenv func(string) string) (config, error) {
	values := map[string]string{}
	for _, s := range settings() {
		values[s.name] = cmp.Or(getenv(s.name), s.fallback)
	}
	cfg := config{
		dir: values["LOCAL_DIR"], template: values["TEMPLATE"], endpoint: values["DYNAMODB_ENDPOINT"],
		logFormat: values["LOG_FORMAT"], getenv: getenv,
	}
	var wrong []string
	var err error
	cfg.port, err = strconv.Atoi(values["PORT"])
	if err != nil || cfg.port < 1 || cfg.port > 65535 {
		wrong = append(wrong, "PORT must be a number from 1 to 65535")
	}
	if cfg.logLevel.UnmarshalText([]byte(values["LOG_LEVEL"])) != nil {
		wrong = append(wrong, "LOG_LEVEL must be debug, info, warn or error")
	}
	if u, err := url.Parse(cfg.endpoint); cfg.endpoint != "" && (err != nil || u.Host == "") {
		wrong = append(wrong, "DYNAMODB_ENDPOINT must be a URL such as http://127.0.0.1:8000")
	}
	if !slices.Contains([]string{"", "text", "json"}, cfg.logFormat) {
		wrong = append(wrong, "LOG_FORMAT must be text or json")
	}
	env := process.NewEnvironment(getenv)
	cfg.origins, cfg.cookies = env.CORS(), env.CookieDomain()
	cfg.origins.Loopback = true
	if address := values[process.HookURL]; address != "" {
		if u, err := url.Parse(address); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			wrong = append(wrong, process.HookURL+" must be a URL such as http://127.0.0.1:8001/claims")
		}
		cfg.hook.Ask = hook.URL(address)
	}
	cfg.imported, cfg.pattern = env.AcceptsImported()
	cfg.hook.Refuse = env.RefusesWithoutHook()
	if err := env.Err(); err != nil {
		wrong = append(wrong, strings.Split(err.Error(), "\n")...)
	}
	if len(wrong) > 0 {
		return cfg, errors.New(strings.Join(wrong, "; "))
	}
	return cfg, nil
}

func (c config) baseURL() string { return "http://localhost:" + strconv.Itoa(c.port) }

// issuer is above the issuers of the tenants.
func (c config) issuer() issuer.Service { return issuer.Service(c.baseURL()) }

// publicURLs are the forms of the base URL: one for each loopback address.
func (c config) publicURLs() []dpop.Base {
	var all []dpop.Base
	for _, host := range []string{"localhost", "127.0.0.1", "[::1]"} {
		base, _ := dpop.ParseBase("http://" + host + ":" + strconv.Itoa(c.port)) // a valid URL for every port
		all = append(all, base)
	}
	return all
}

func (c config) file(name string) string { return filepath.Join(c.dir, name) }
