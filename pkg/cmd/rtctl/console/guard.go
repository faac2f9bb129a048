package console

import (
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"net/http"
	"sync"
	"time"
)

// guard decides who is answered. A link is good once. It is exchanged for the secret of a session, which the page keeps in
// memory and sends in a header: cookies would go to every port of the host. There is one session at a time.
type guard struct {
	host   string // the exact Host: address and port
	random io.Reader
	now    func() time.Time

	mu      sync.Mutex
	link    string // "" when it is used
	drawn   time.Time
	session string        // "" before the first exchange
	over    chan struct{} // closed when another page takes over
}

const (
	// linkLife is how long a link that nobody opens is good: terminals keep what they showed.
	linkLife = 5 * time.Minute
	// secretHeader carries the secret of a session. No other site can send it without a preflight, which is refused.
	secretHeader = "X-Console-Secret"
	secretBytes  = 32
)

var (
	errLink = errors.New("this link was used, has expired, or was replaced by a newer one")
	// errSession must say what a person does next.
	errSession = errors.New("this page is closed: its secret is missing, or a newer link was opened")
)

func (g *guard) secret() (string, error) {
	raw := make([]byte, secretBytes)
	_, err := io.ReadFull(g.random, raw)
	return base64.RawURLEncoding.EncodeToString(raw), err
}

// draw makes a link, in place of one that is not used yet.
func (g *guard) draw() (string, error) {
	link, err := g.secret()
	if err != nil {
		return "", err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.link, g.drawn = link, g.now()
	return link, nil
}

// exchange uses the link up. The session before it is over.
func (g *guard) exchange(link string) (string, error) {
	session, err := g.secret()
	g.mu.Lock()
	defer g.mu.Unlock()
	if err != nil || !same(link, g.link) || g.now().Sub(g.drawn) > linkLife {
		return "", errors.Join(err, errLink)
	}
	close(g.over)
	g.link, g.session, g.over = "", session, make(chan struct{})
	return session, nil
}

// same compares secrets in constant time; "" is the same as nothing.
func same(given, secret string) bool {
	return secret != "" && subtle.ConstantTimeCompare([]byte(given), []byte(secret)) == 1
}

// protect answers GET / with the page, and lets the page's own requests through to posts.
func (g *guard) protect(page, posts http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range map[string]string{
			"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "X-Frame-Options": "DENY",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			w.Header().Set(name, value)
		}
		isPage := r.Method == http.MethodGet && r.RequestURI == "/"
		switch {
		case r.Host != g.host: // a name that another site has made to point here
			answer(w, http.StatusMisdirectedRequest, message{"The console answers under its own address alone."})
		case isPage && mayOpen(r):
			page.ServeHTTP(w, r)
		case isPage:
			answer(w, http.StatusForbidden, message{"The console opens in a window of its own alone."})
		case r.Method != http.MethodPost || !g.isOwn(r):
			answer(w, http.StatusForbidden, message{"The console answers its own page alone."})
		default:
			posts.ServeHTTP(w, r)
		}
	})
}

// mayOpen refuses a page that embeds this one or fetches it, in browsers that say so (Fetch Metadata).
func mayOpen(r *http.Request) bool {
	dest, mode := r.Header.Get("Sec-Fetch-Dest"), r.Header.Get("Sec-Fetch-Mode")
	return (dest == "" || dest == "document") && (mode == "" || mode == "navigate")
}

// isOwn wants the one Origin that every browser sends with a POST, and JSON, which no form can send.
func (g *guard) isOwn(r *http.Request) bool {
	origins := r.Header.Values("Origin")
	site := r.Header.Get("Sec-Fetch-Site")
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return len(origins) == 1 && origins[0] == "http://"+g.host && (site == "" || site == "same-origin") &&
		err == nil && kind == "application/json"
}

// admit wants the secret of the session. Over is closed when another page takes over.
func (g *guard) admit(r *http.Request) (over <-chan struct{}, ok bool) {
	given := r.Header.Values(secretHeader)
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.over, len(given) == 1 && same(given[0], g.session)
}

// opened wants the secret of the session.
func (g *guard) opened(next func(w http.ResponseWriter, r *http.Request, over <-chan struct{})) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		over, ok := g.admit(r)
		if !ok {
			answer(w, http.StatusUnauthorized, message{errSession.Error()})
			return
		}
		next(w, r, over)
	}
}
