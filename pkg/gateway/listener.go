package gateway

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Listener answers with gateway responses where net/http refuses a request before any handler, such as GET /%zz:
// net/http writes plain text and has no hook for it.
func (g *Gateway) Listener(inner net.Listener) net.Listener {
	return &listener{Listener: inner, gateway: g}
}

type listener struct {
	net.Listener

	gateway *Gateway
}

func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c, gateway: l.gateway}, nil
}

type conn struct {
	net.Conn

	gateway *Gateway
}

// net/http writes this in one call, between status and text; answers of handlers have a Date.
const plainError = "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"

func (c *conn) Write(p []byte) (int, error) {
	status, found := bytes.CutPrefix(p, []byte("HTTP/1.1 "))
	const digits = 3
	if !found || len(status) < digits || (status[0] != '4' && status[0] != '5') {
		return c.Conn.Write(p)
	}
	if line := bytes.IndexByte(status, '\r'); line < 0 || !bytes.HasPrefix(status[line:], []byte(plainError)) {
		return c.Conn.Write(p)
	}
	code, err := strconv.Atoi(string(status[:digits]))
	if err != nil {
		return c.Conn.Write(p)
	}
	if _, err := c.Conn.Write(c.gateway.refusal(code)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// refusal is the whole HTTP message for an unreadable request.
func (g *Gateway) refusal(status int) []byte {
	k := default4XX
	switch {
	case status == http.StatusBadRequest:
		k = badRequestParameters
	case status >= http.StatusInternalServerError:
		k = default5XX
	}
	answer := &memory{header: http.Header{}}
	x := &exchange{
		Gateway: g, w: answer, r: &http.Request{URL: &url.URL{}, Header: http.Header{}}, ids: newRequestIDs(), now: g.config.Now(),
	}
	x.refuse(fail(k))
	g.config.Log.LogAttrs(context.Background(), slog.LevelInfo, lineMessage,
		slog.Int("status", status), slog.String("outcome", "no HTTP request that can be read"))
	var message bytes.Buffer
	_ = (&http.Response{ // a buffer takes everything
		StatusCode: status, ProtoMajor: 1, ProtoMinor: 1, Header: answer.header, Close: true,
		ContentLength: int64(answer.body.Len()), Body: io.NopCloser(strings.NewReader(answer.body.String())),
	}).Write(&message)
	return message.Bytes()
}

// memory is the ResponseWriter of a refusal.
type memory struct {
	header http.Header
	body   strings.Builder
}

func (m *memory) Header() http.Header         { return m.header }
func (m *memory) WriteHeader(int)             {}
func (m *memory) Write(p []byte) (int, error) { return m.body.Write(p) }
