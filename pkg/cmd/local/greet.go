package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

// greet prints where the service is, and a first request to paste. home is where the data is.
func greet(stdout io.Writer, cfg config, home string) {
	credentials := cfg.file(credentialsFile)
	fmt.Fprintf(stdout, `
refresh-tokens is ready on %s
  try it out   %s/docs
  store        %s
  credentials  %s

Try it, in another terminal:
  . %s
  curl -s "$BASE_URL/jwt/issue" -H "Authorization: Bearer $API_KEY" -H "X-Stencil-TenantId: $TENANT_ID" \
    -d '{"userId":"alice","applicationId":"'"$APPLICATION_ID"'"}'

Ctrl-C stops it.
`, cfg.baseURL(), cfg.baseURL(), home, credentials, quoted(sourceable(credentials)))
}

// sourceable makes a path that "." in a POSIX shell does not search for in PATH.
func sourceable(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return "./" + path
}

// quoted is a word of a POSIX shell that means the text itself.
func quoted(text string) string {
	isPlain := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("/._-", r)
	}
	if strings.IndexFunc(text, func(r rune) bool { return !isPlain(r) }) < 0 {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
