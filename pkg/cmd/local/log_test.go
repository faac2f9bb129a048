package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"strings"
	"testing"
)

// writeLine writes a request's line as the settings say.
func writeLine(t *testing.T, variables map[string]string, status int) string {
	t.Helper()
	cfg, err := readConfig(func(name string) string { return variables[name] })
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	slog.New(newLog(cfg, &out)).Info("request", "method", "POST", "path", "/jwt/refresh", "status", status, "op", "refresh",
		"tenant", "", "apiRequestId", "8d2c")
	return out.String()
}

func TestALineIsForPeopleOrJSON(t *testing.T) {
	text := writeLine(t, map[string]string{"LOG_FORMAT": "text"}, 200)
	if _, rest, _ := strings.Cut(text, " "); rest != "INF POST /jwt/refresh status=200 op=refresh\n" {
		t.Errorf("got %q, want the time, and what was asked before what came of it", text)
	}
	for _, format := range []string{"json", ""} { // a buffer is no terminal
		var line map[string]any
		text := writeLine(t, map[string]string{"LOG_FORMAT": format}, 200)
		if err := json.Unmarshal([]byte(text), &line); err != nil || line["path"] != "/jwt/refresh" || line["apiRequestId"] != "8d2c" {
			t.Errorf("LOG_FORMAT=%s: got %q (%v), want JSON with everything", format, text, err)
		}
	}
	if got := writeLine(t, map[string]string{"LOG_FORMAT": "text", "LOG_LEVEL": "warn"}, 200); got != "" {
		t.Errorf("LOG_LEVEL=warn: got %q, want nothing", got)
	}
}

func TestAFileIsNoTerminal(t *testing.T) {
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	if isTerminal(file) || isTerminal(&bytes.Buffer{}) {
		t.Error("got a terminal, want none")
	}
	if err := file.Close(); err != nil {
		t.Error(err)
	}
}
