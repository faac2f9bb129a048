package runtimeapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// maxAnswer is Lambda's limit of a synchronous answer, in bytes.
const maxAnswer = 6*1024*1024 + 100

// state is where a runtime stands between its requests.
type state string

const (
	initialising state = "Init"
	failed       state = "InitError"
	waiting      state = "Ready"
	running      state = "Running"
	answered     state = "ResponseSent"
)

// Server is the Runtime API of one execution environment: one runtime, one invocation at a time.
type Server struct {
	// FunctionARN is what every invocation says that it invoked.
	FunctionARN string

	listener net.Listener
	http     *http.Server
	events   chan *invocation
	idle     chan struct{} // holds a token while the runtime waits for an event
	broken   chan *FunctionError

	mu      sync.Mutex
	state   state
	current *invocation
}

// invocation is one event on its way.
type invocation struct {
	id       string
	event    []byte
	deadline time.Time
	answer   chan answer
}

type answer struct {
	payload []byte
	failure *FunctionError
	at      time.Time
}

// Answer is what a function answered.
type Answer struct {
	Payload []byte
	Took    time.Duration // from the moment the runtime could have the event to its whole answer
}

// NewServer listens on a free loopback port until Close.
func NewServer(functionARN string) (*Server, error) {
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, fmt.Errorf("runtime API: %w", err)
	}
	s := &Server{
		FunctionARN: functionARN, listener: listener, state: initialising,
		events: make(chan *invocation), idle: make(chan struct{}, 1), broken: make(chan *FunctionError, 1),
	}
	routes := http.NewServeMux()
	routes.HandleFunc("GET /2018-06-01/runtime/invocation/next", s.next)
	routes.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", s.response)
	routes.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", s.failure)
	routes.HandleFunc("POST /2018-06-01/runtime/init/error", s.initFailure)
	s.http = &http.Server{Handler: routes, ReadHeaderTimeout: time.Minute}
	go func() { _ = s.http.Serve(listener) }() // it ends with Close
	return s, nil
}

// Addr is what AWS_LAMBDA_RUNTIME_API holds: host and port.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Close ends the server; a runtime that waits for an event loses its connection.
func (s *Server) Close() error { return s.http.Close() }

// Idle returns once the runtime waits for an event, as it does after its init phase and after each invocation.
func (s *Server) Idle(ctx context.Context) error {
	select {
	case <-s.idle:
		s.idle <- struct{}{}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Invoke hands one event to the runtime and waits for the answer; one invocation comes after the other. Timeout is the
// function's, from which the deadline follows. Errors: *FunctionError, ErrTimedOut, the context's.
func (s *Server) Invoke(ctx context.Context, event []byte, timeout time.Duration) (Answer, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, ErrTimedOut)
	defer cancel()
	began := time.Now()
	given := &invocation{id: requestID(), event: event, deadline: began.Add(timeout), answer: make(chan answer, 1)}
	select {
	case s.events <- given:
	case <-ctx.Done():
		return Answer{}, context.Cause(ctx)
	}
	select {
	case a := <-given.answer:
		if a.failure != nil {
			return Answer{}, a.failure
		}
		return Answer{Payload: a.payload, Took: a.at.Sub(began)}, nil
	case <-ctx.Done():
		return Answer{}, context.Cause(ctx)
	}
}

// move changes the state if it is one of from, and says otherwise why it did not.
func (s *Server) move(to state, from ...state) (refusal string) {
	if !slices.Contains(from, s.state) {
		return fmt.Sprintf("State transition from %s to %s failed for runtime. Error: State transition is not allowed", s.state, to)
	}
	s.state = to
	return ""
}

// next hands out an event when there is one.
func (s *Server) next(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	refusal := s.move(waiting, initialising, answered)
	s.mu.Unlock()
	if refusal != "" {
		refuse(w, http.StatusForbidden, "InvalidStateTransition", refusal)
		return
	}
	s.idle <- struct{}{}
	var given *invocation
	select {
	case given = <-s.events:
	case <-r.Context().Done(): // the runtime has gone
		return
	}
	s.mu.Lock()
	s.state, s.current = running, given
	s.mu.Unlock()
	<-s.idle
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Lambda-Runtime-Aws-Request-Id", given.id)
	header.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(given.deadline.UnixMilli(), 10))
	header.Set("Lambda-Runtime-Invoked-Function-Arn", s.FunctionARN)
	header.Set("Lambda-Runtime-Trace-Id", traceID(time.Now()))
	_, _ = w.Write(given.event)
}

// response takes the answer to the current event.
func (s *Server) response(w http.ResponseWriter, r *http.Request) {
	payload, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxAnswer))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		message := fmt.Sprintf("Exceeded maximum allowed payload size (%d bytes).", maxAnswer)
		refuse(w, http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", message)
		return
	case err != nil:
		refuse(w, http.StatusBadRequest, "InvalidRequest", err.Error())
		return
	}
	// A runtime that streams says in a trailer that it broke off.
	if kind := r.Trailer.Get("Lambda-Runtime-Function-Error-Type"); kind != "" {
		s.settle(w, r.PathValue("id"), answer{failure: &FunctionError{Type: kind, Message: "the answer broke off"}})
		return
	}
	s.settle(w, r.PathValue("id"), answer{payload: payload})
}

// failure takes the error that the current event led to.
func (s *Server) failure(w http.ResponseWriter, r *http.Request) {
	s.settle(w, r.PathValue("id"), answer{failure: readFailure(r)})
}

func (s *Server) settle(w http.ResponseWriter, id string, a answer) {
	a.at = time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == nil || s.current.id != id {
		refuse(w, http.StatusBadRequest, "InvalidRequestID", "Invalid request ID")
		return
	}
	if refusal := s.move(answered, running); refusal != "" {
		refuse(w, http.StatusForbidden, "InvalidStateTransition", refusal)
		return
	}
	accept(w)
	s.current.answer <- a
}

// initFailure takes the error that ends an init phase.
func (s *Server) initFailure(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if refusal := s.move(failed, initialising); refusal != "" {
		refuse(w, http.StatusForbidden, "InvalidStateTransition", refusal)
		return
	}
	accept(w)
	s.broken <- readFailure(r)
}

func readFailure(r *http.Request) *FunctionError {
	failure := &FunctionError{}
	failure.Payload, _ = io.ReadAll(io.LimitReader(r.Body, maxAnswer))
	if json.Unmarshal(failure.Payload, failure) != nil || failure.Type == "" {
		failure.Type = r.Header.Get("Lambda-Runtime-Function-Error-Type")
	}
	return failure
}

func accept(w http.ResponseWriter) { reply(w, http.StatusAccepted, map[string]string{"status": "OK"}) }

func refuse(w http.ResponseWriter, status int, kind, message string) {
	reply(w, status, map[string]string{"errorType": kind, "errorMessage": message})
}

func reply(w http.ResponseWriter, status int, body map[string]string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
