package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// home is where the API is, and the API keys that are known, by tenant.
type home struct {
	url  string
	keys map[string]string
}

// request is one to the API.
type request struct {
	tenant       string // "" for the command's
	method, path string
	query        url.Values
	body         any // a form (url.Values), or what becomes JSON
	needs        string
}

// envelope is an answer of the API.
type envelope struct {
	Message    string          `json:"message"`
	Data       json.RawMessage `json:"data"`
	NextCursor string          `json:"nextCursor"`
	Errors     []struct{ Message string }
}

// ask sends a request with an API key of the tenant, and returns the answer's body. A refusal is an error in the words
// of the service.
func (c *ctl) ask(ctx context.Context, r request) (json.RawMessage, error) {
	at, err := c.home(ctx)
	if err != nil {
		return nil, err
	}
	tenant := cmp.Or(r.tenant, c.tenant)
	key, err := c.keyOf(ctx, at, tenant, r.needs)
	if err != nil {
		return nil, err
	}
	return send(ctx, at.url, r, func(header http.Header) {
		header.Set("Authorization", "Bearer "+key)
		header.Set("X-Stencil-TenantId", tenant)
	})
}

func send(ctx context.Context, base string, r request, authorize func(http.Header)) (json.RawMessage, error) {
	var body io.Reader
	kind := "application/json"
	switch b := r.body.(type) {
	case nil:
	case url.Values:
		body, kind = strings.NewReader(b.Encode()), "application/x-www-form-urlencoded"
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(raw)
	}
	target := strings.TrimSuffix(base, "/") + r.path
	if len(r.query) > 0 {
		target += "?" + r.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, r.method, target, body)
	if err != nil {
		return nil, err
	}
	authorize(req.Header)
	if body != nil {
		req.Header.Set("Content-Type", kind)
	}
	client := http.Client{
		Timeout:       30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // with the key
	}
	answer, err := client.Do(req)
	if err != nil {
		var failed *url.Error
		if errors.As(err, &failed) {
			err = failed.Err // without the URL, which names a user
		}
		return nil, fmt.Errorf("the API at %s: %w", base, err)
	}
	defer func() { _ = answer.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(answer.Body, 8<<20))
	if err != nil || answer.StatusCode/100 == 2 {
		return raw, err
	}
	return nil, &refusedError{refusal(answer.Status, raw), answer.StatusCode}
}

// refusedError is a refusal of the API.
type refusedError struct {
	error

	status int
}

// refusal is what the service says about a request, each sentence once.
func refusal(status string, raw []byte) error {
	var e envelope
	_ = json.Unmarshal(raw, &e) // of another form without one
	sentences := []string{cmp.Or(e.Message, status)}
	for _, field := range e.Errors {
		if !slices.Contains(sentences, field.Message) {
			sentences = append(sentences, field.Message)
		}
	}
	return errors.New(strings.Join(sentences, " "))
}
