package openapi

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
)

//go:embed docs.html
var pageHTML string

// Style is the style sheet of the service's own pages.
//
//go:embed style.css
var Style string

//go:embed text.js
var textJS string

//go:embed samples.js
var samplesJS string

//go:embed docs.js
var docsJS string

// Handler answers exactly GET and HEAD of /openapi.json and of /docs; everything else goes to next untouched, whatever
// the shape of its path.
func Handler(next http.Handler) (http.Handler, error) {
	document, err := JSON()
	if err != nil {
		return nil, err
	}
	script := textJS + samplesJS + docsJS
	page := []byte(strings.NewReplacer("{{style}}", Style, "{{script}}", script).Replace(pageHTML))
	policy := contentSecurityPolicy(script, Style)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reads := r.Method == http.MethodGet || r.Method == http.MethodHead
		switch {
		case reads && r.RequestURI == "/openapi.json":
			answer(w, "application/json", document)
		case reads && r.RequestURI == "/docs":
			w.Header().Set("Content-Security-Policy", policy)
			w.Header().Set("Referrer-Policy", "no-referrer")
			answer(w, "text/html; charset=utf-8", page)
		default:
			next.ServeHTTP(w, r)
		}
	}), nil
}

// contentSecurityPolicy lets a page run this script and this style, talk to its own origin, and nothing else (CSP
// level 3).
func contentSecurityPolicy(script, style string) string {
	return "default-src 'none'; script-src " + digest(script) + "; style-src " + digest(style) +
		"; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

// digest is the source expression of an inline script or style.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

func answer(w http.ResponseWriter, contentType string, body []byte) {
	header := w.Header()
	header.Set("Content-Type", contentType)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-cache")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // a client that is gone has no use for the error
}
