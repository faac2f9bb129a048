package socket

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"reflect"
	"syscall"
)

// maxPayload is the largest payload and answer, in bytes, as Lambda has it.
const maxPayload = 6 << 20

// Function answers a payload, as a Lambda function does.
type Function func(ctx context.Context, payload json.RawMessage) (any, error)

// Error is how a function answers an error, here and in Lambda.
type Error struct {
	Type    string `json:"errorType"`
	Message string `json:"errorMessage"`
}

func (e *Error) Error() string { return e.Message }

// Handler answers POST /<name of a function>.
func Handler(functions map[string]Function) http.Handler {
	mux := http.NewServeMux()
	for name, function := range functions {
		mux.HandleFunc("POST /"+name, func(w http.ResponseWriter, r *http.Request) {
			payload, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPayload))
			var answer any
			if err == nil {
				answer, err = function(r.Context(), payload)
			}
			status := http.StatusOK
			if err != nil {
				status, answer = http.StatusBadRequest, Error{typeOf(err), err.Error()}
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_ = json.NewEncoder(w).Encode(answer) // the caller may have left
		})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		_ = json.NewEncoder(w).Encode(Error{"NotFoundError", "the service has no such function"})
	})
	return mux
}

// typeOf names the type of an error as Lambda's runtime does.
func typeOf(err error) string {
	t := reflect.TypeOf(err)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Name()
}

// Invoke calls a function of the service that runs over a data directory. A function's own error is an *Error.
func Invoke(ctx context.Context, dir, function string, payload []byte) ([]byte, error) {
	path, err := find(dir)
	if err != nil {
		return nil, err
	}
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		},
	}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://operator/"+function, bytes.NewReader(payload))
	if err != nil {
		return nil, err
	}
	answer, err := client.Do(request)
	if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ENOENT) {
		return nil, fmt.Errorf("the service in %s has stopped: start it with make run", dir)
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(answer.Body, maxPayload))
	if err != nil || answer.StatusCode == http.StatusOK {
		return raw, err
	}
	failure := &Error{}
	if err := json.Unmarshal(raw, failure); err != nil || failure.Message == "" {
		return nil, fmt.Errorf("the service in %s answers %s", dir, answer.Status)
	}
	return nil, failure
}
