package gateway_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// discard is a ResponseWriter that drops everything.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) WriteHeader(int)             {}
func (d discard) Write(p []byte) (int, error) { return len(p), nil }

func BenchmarkGateway(b *testing.B) {
	h := with(b, nil)
	for name, target := range map[string]string{"open": "/open/a?b=c", "guarded": "/guarded/a?b=c"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				r := httptest.NewRequest("GET", target, nil)
				r.Header = http.Header{"Authorization": {"Bearer x"}, "User-Agent": {"bench"}, "Accept": {"*/*"}}
				body := strings.NewReader("")
				for pb.Next() {
					body.Reset(`{"refreshToken":"srt_"}`)
					r.Body, r.ContentLength = io.NopCloser(body), body.Size()
					h.ServeHTTP(discard{http.Header{}}, r)
				}
			})
		})
	}
}
