package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// operation names a kind of request in the report.
type operation string

const (
	opRefresh  operation = "refresh"
	opRetry    operation = "refresh again"
	opRetrieve operation = "retrieve-by-id"
	opList     operation = "retrieve-by-user"
	opDelete   operation = "delete-by-id"
	opRefused  operation = "refresh, refused"
	opIssue    operation = "issue"
)

func operations() []operation {
	return []operation{opRefresh, opRetry, opRetrieve, opList, opDelete, opRefused, opIssue}
}

// class is a kind of failure.
type class string

const (
	classUnavailable class = "429 or 503: may be repeated" // the only one that is no fault
	classTransport   class = "no answer"
	classStatus      class = "unexpected status"
	classWrong       class = "wrong answer"
	classLoggedOut   class = "logged out"
)

// failure is a request that did not go as it must. Its text names no token.
type failure struct {
	class class
	text  string
}

// Error implements error.
func (f failure) Error() string { return string(f.class) + ": " + f.text }

// client sends requests to the service and records each of them.
type client struct {
	base   string
	http   *http.Client
	record *recorder
}

type request struct {
	op           operation
	method, path string
	header       http.Header
	body         string
	want         int // the one good status
}

// send sends a request and reads the data of its answer. A refusal of a refresh token that should be good is
// classLoggedOut.
func (c *client) send(ctx context.Context, r request, data any) error {
	started := time.Now()
	raw, status, err := c.exchange(ctx, r)
	took := time.Since(started)
	fault := judge(r, status, err)
	if fault == nil {
		body := struct{ Data any }{Data: data}
		if err := json.Unmarshal(raw, &body); err != nil {
			fault = failure{classWrong, fmt.Sprintf("%s: the body is not what it should be", r.op)}
		}
	}
	c.record.add(r.op, started, took, fault)
	return fault
}

// judge classifies what came back.
func judge(r request, status int, err error) error {
	switch {
	case err != nil:
		return failure{classTransport, fmt.Sprintf("%s: %v", r.op, err)}
	case status == r.want:
		return nil
	case status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable:
		return failure{classUnavailable, fmt.Sprintf("%s: %d", r.op, status)}
	case r.want == http.StatusOK && status == http.StatusBadRequest && (r.op == opRefresh || r.op == opRetry):
		return failure{classLoggedOut, fmt.Sprintf("%s: a good token was refused", r.op)}
	case r.want == http.StatusOK && status == http.StatusUnauthorized:
		return failure{classLoggedOut, fmt.Sprintf("%s: a good access token was refused", r.op)}
	default:
		return failure{classStatus, fmt.Sprintf("%s: %d, want %d", r.op, status, r.want)}
	}
}

func (c *client) exchange(ctx context.Context, r request) (raw []byte, status int, err error) {
	req, err := http.NewRequestWithContext(ctx, r.method, c.base+r.path, strings.NewReader(r.body))
	if err != nil {
		return nil, 0, err
	}
	if r.header != nil {
		req.Header = r.header
	}
	answer, err := c.http.Do(req)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = answer.Body.Close() }()
	raw, err = io.ReadAll(answer.Body)
	return raw, answer.StatusCode, err
}

// wrong records that an answer of the right status says the wrong thing.
func (c *client) wrong(op operation, text string) error {
	fault := failure{classWrong, fmt.Sprintf("%s: %s", op, text)}
	c.record.fault(fault)
	return fault
}
