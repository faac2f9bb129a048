package openapi

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"net/http"
	"strings"
)

//go:embed docs.html
var pageHTML string

//go:embed docs.css
var pageCSS string

//go:embed docs.js
var pageJS string

// Handler answers exactly GET /openapi.json and GET /docs; everything else goes to next untouched, whatever the shape
// of its path.
func Handler(next http.Handler) (http.Handler, error) {
	document, err := JSON()
	if err != nil {
		return nil, err
	}
	page := []byte(strings.NewReplacer("{{style}}", pageCSS, "{{script}}", pageJS).Replace(pageHTML))
	policy := contentSecurityPolicy()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodGet && r.RequestURI == "/openapi.json":
			answer(w, "application/json", document)
		case r.Method == http.MethodGet && r.RequestURI == "/docs":
			w.Header().Set("Content-Security-Policy", policy)
			w.Header().Set("Referrer-Policy", "no-referrer")
			answer(w, "text/html; charset=utf-8", page)
		default:
			next.ServeHTTP(w, r)
		}
	}), nil
}

// contentSecurityPolicy lets the page run its own script and style, talk to its own origin, and nothing else (CSP
// level 3).
func contentSecurityPolicy() string {
	return "default-src 'none'; script-src " + digest(pageJS) + "; style-src " + digest(pageCSS) +
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
	_, _ = w.Write(body) // a client that is gone has no use for the error
}
