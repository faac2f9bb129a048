package measure

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"
)

// Client sends requests to one server.
type Client struct {
	base string
	http *http.Client
}

// NewClient makes a client of the server at a base URL that keeps so many connections open.
func NewClient(base string, connections int) *Client {
	const timeout = 30 * time.Second
	return &Client{base, &http.Client{
		Timeout: timeout, Transport: &http.Transport{MaxIdleConnsPerHost: connections, DisableCompression: true},
	}}
}

// Send sends a request and reads the whole answer, so that the connection is used again.
func (c *Client) Send(ctx context.Context, method, path string, header http.Header, body string) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	if header != nil {
		req.Header = header
	}
	answer, err := c.http.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	raw, err := io.ReadAll(answer.Body)
	return answer.StatusCode, raw, err
}

// Close closes the connections that are idle; the next request opens another one.
func (c *Client) Close() { c.http.CloseIdleConnections() }
