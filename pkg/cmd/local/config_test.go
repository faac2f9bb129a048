package main

import (
	"bytes"
	"strings"
	"testing"
)

// start runs the program with arguments and variables that keep it from listening.
func start(t *testing.T, args []string, variables map[string]string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := run(t.Context(), args, func(name string) string { return variables[name] }, &out, &out)
	return out.String(), err
}

func TestHelpNamesEverySetting(t *testing.T) {
	for _, flag := range []string{"--help", "-h", "-help"} {
		said, err := start(t, []string{flag}, map[string]string{"PORT": "none"})
		for _, s := range settings() {
			if err != nil || !strings.Contains(said, s.name) || !strings.Contains(said, s.meaning) {
				t.Errorf("%s: got %s (%v), want %s in it", flag, said, err, s.name)
			}
		}
	}
}

func TestAnUnknownArgumentIsNamed(t *testing.T) {
	for _, args := range [][]string{{"3001"}, {"--port=3001"}, {"--help", "more"}, {""}} {
		said, err := start(t, args, nil)
		if err == nil || said != "" || !strings.Contains(err.Error(), "--help") || !strings.Contains(err.Error(), args[0]) {
			t.Errorf("%q: got %q, %v; want an error that names it and --help", args, said, err)
		}
	}
}

func TestTheErrorListsEveryWrongSettingInOneLine(t *testing.T) {
	_, err := start(t, nil, map[string]string{
		"PORT": "65536", "LOG_LEVEL": "loud", "LOG_FORMAT": "xml", "DYNAMODB_ENDPOINT": "localhost:8000",
		"ALLOWED_ORIGINS": "null", "COOKIE_DOMAIN": "localhost",
	})
	want := "PORT must be a number from 1 to 65535; LOG_LEVEL must be debug, info, warn or error; " +
		"DYNAMODB_ENDPOINT must be a URL such as http://127.0.0.1:8000; LOG_FORMAT must be text or json; " +
		`ALLOWED_ORIGINS: "null" must be an origin in lower case such as https://app.example.com; ` +
		`COOKIE_DOMAIN: "localhost" must be one domain in lower case such as example.com`
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
