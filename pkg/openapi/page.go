package openapi

import (
	"embed"
	"net/http"
	"strconv"

	"github.com/stencil-auth/refresh-tokens/pkg/page"
)

//go:embed docs.html *.js
var files embed.FS

// Handler answers exactly GET and HEAD of /openapi.json and of /docs; everything else goes to next untouched, whatever
// the shape of its path.
func Handler(next http.Handler) (http.Handler, error) {
	document, err := JSON()
	if err != nil {
		return nil, err
	}
	docs, err := page.New(files, "docs.html", "samples.js", "proof.js", "send.js", "docs.js")
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reads := r.Method == http.MethodGet || r.Method == http.MethodHead
		switch {
		case reads && r.RequestURI == "/openapi.json":
			answer(w, document)
		case reads && r.RequestURI == "/docs":
			w.Header().Set("Cache-Control", "no-cache")
			docs.ServeHTTP(w, r)
		default:
			next.ServeHTTP(w, r)
		}
	}), nil
}

func answer(w http.ResponseWriter, document []byte) {
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-cache")
	header.Set("Content-Length", strconv.Itoa(len(document)))
	_, _ = w.Write(document) // a client that is gone has no use for the error
}
