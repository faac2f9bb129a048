// Package page owns the look of this service's own pages and the way in which they are served: one style sheet, one
// script of helpers, and the policy that lets a page run these and its own script alone. A page is one file that loads
// nothing. The package must never know what a page shows, and no deployed function depends on it.
package page

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
)

//go:embed style.css
var style string

//go:embed text.js
var text string

// Page is a page with its policy.
type Page struct {
	body   []byte
	policy string
}

// New makes a page of a file of markup that has {{style}} and {{script}} where these belong. The scripts follow that of the
// helpers.
func New(files fs.FS, markup string, scripts ...string) (*Page, error) {
	read := make([]string, 0, 1+len(scripts))
	for _, name := range append([]string{markup}, scripts...) {
		raw, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		read = append(read, string(raw))
	}
	script := text + strings.Join(read[1:], "")
	return &Page{
		body: []byte(strings.NewReplacer("{{style}}", style, "{{script}}", script).Replace(read[0])),
		// The page runs this script and this style, talks to its own origin, and nothing else (CSP level 3).
		policy: "default-src 'none'; script-src " + digest(script) + "; style-src " + digest(style) +
			"; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
	}, nil
}

// digest is the source expression of an inline script or style.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// ServeHTTP answers with the page. How long it is cached is the caller's choice.
func (p *Page) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	header := w.Header()
	header.Set("Content-Security-Policy", p.policy)
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Length", strconv.Itoa(len(p.body)))
	_, _ = w.Write(p.body) // a client that is gone has no use for the error
}
