// Package service owns the client of this service that load, scale and compare send requests with: it starts the local
// service as a process of its own, and turns each answer into data or a classified AnswerError. It sees the service over
// HTTP only, and its texts never contain a token.
package service

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/stencil-auth/refresh-tokens/pkg/cmd/bench/measure"
)

// Class is a kind of failure.
type Class string

// The classes. Unavailable alone may happen in a run: its request may be repeated.
const (
	Unavailable Class = "429 or 503: may be repeated"
	NoAnswer    Class = "no answer"
	WrongStatus Class = "unexpected status"
	WrongAnswer Class = "wrong answer"
	LoggedOut   Class = "logged out"
)

// AnswerError is a request that did not go as it must.
type AnswerError struct {
	Class Class
	Text  string
}

func (f AnswerError) Error() string { return string(f.Class) + ": " + f.Text }

// Wrong says that an answer of the right status has the wrong content.
func Wrong(format string, args ...any) error {
	return AnswerError{WrongAnswer, fmt.Sprintf(format, args...)}
}

// Service is a client of one tenant.
type Service struct {
	*measure.Client

	Tenant, Key string // the API key of a backend
	Web, Other  string // the ids of two applications
}

// Start starts the local service, built at program, with its data in dir and further assignments in its environment.
// It logs warnings only: a line per request would be measured too.
func Start(ctx context.Context, program, dir string, connections int, env ...string) (*measure.Server, *Service, error) {
	server, err := measure.Start(ctx, Program(program, dir, env...))
	if err != nil {
		return nil, nil, err
	}
	s, err := Connect(server, dir, connections)
	if err != nil {
		_, _ = server.Stop() // the first error says more
		return nil, nil, err
	}
	return server, s, nil
}

// Program is the local service as a program.
func Program(path, dir string, env ...string) measure.Program {
	return measure.Program{
		Command: []string{path}, Ready: "/.well-known/jwks.json",
		Env: append([]string{"LOCAL_DIR=" + dir, "LOG_LEVEL=warn"}, env...),
	}
}

// Connect makes a client out of the credentials that a running local service has written into its directory.
func Connect(server *measure.Server, dir string, connections int) (*Service, error) {
	raw, err := os.ReadFile(filepath.Join(dir, "credentials.env"))
	if err != nil {
		return nil, fmt.Errorf("credentials of the local service: %w", err)
	}
	values := map[string]string{}
	for line := range strings.Lines(string(raw)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		values[name] = value
	}
	return &Service{
		Client: measure.NewClient(server.Base, connections), Tenant: values["TENANT_ID"], Key: values["API_KEY"],
		Web: values["APPLICATION_ID"], Other: values["SERVICE_APPLICATION_ID"],
	}, nil
}

// Tokens are the data of issue and of refresh.
type Tokens struct {
	Access  string `json:"accessToken"`
	Refresh string `json:"refreshToken"`
	ID      string `json:"refreshTokenId"`
}

// Session is a token resource.
type Session struct {
	ID         string `json:"id"`
	User       string `json:"userId"`
	Generation int    `json:"generation"`
}

// request is one call; want is the only good status.
type request struct {
	method, path, credential, body string
	want                           int
}

// Issue starts a session, as a backend does.
func (s *Service) Issue(ctx context.Context, user, application string) (t Tokens, err error) {
	body := fmt.Sprintf(`{"userId":%q,"applicationId":%q}`, user, application)
	_, err = s.call(ctx, request{"POST", "/jwt/issue", s.Key, body, http.StatusCreated}, &t)
	if err == nil && (t.Refresh == "" || t.Access == "" || t.ID == "") {
		err = Wrong("issue: a token is missing")
	}
	return t, err
}

// Refresh presents a refresh token and expects another one.
func (s *Service) Refresh(ctx context.Context, token string) (t Tokens, err error) {
	_, err = s.call(ctx, request{"POST", "/jwt/refresh", "", `{"refreshToken":"` + token + `"}`, http.StatusOK}, &t)
	if err == nil && (t.Refresh == "" || t.Refresh == token || t.Access == "") {
		err = Wrong("refresh: not a new token")
	}
	return t, err
}

// Refused presents a refresh token that must be dead.
func (s *Service) Refused(ctx context.Context, token string) error {
	_, err := s.call(ctx, request{"POST", "/jwt/refresh", "", `{"refreshToken":"` + token + `"}`, http.StatusBadRequest}, nil)
	return err
}

// Retrieve reads a session.
func (s *Service) Retrieve(ctx context.Context, credential, id string) (got Session, err error) {
	_, err = s.call(ctx, request{"GET", "/jwt/refresh/" + id, credential, "", http.StatusOK}, &got)
	return got, err
}

// List reads all sessions of a user, who has no more than a page of them.
func (s *Service) List(ctx context.Context, credential, user string) (got []Session, err error) {
	next, err := s.call(ctx, request{"GET", "/jwt/refresh?userId=" + user, credential, "", http.StatusOK}, &got)
	for _, session := range got {
		if err == nil && session.User != user {
			err = Wrong("list: another user's session")
		}
	}
	if err == nil && next != "" {
		err = Wrong("list: there is another page")
	}
	return got, err
}

// Delete ends a session.
func (s *Service) Delete(ctx context.Context, credential, id string) (got Session, err error) {
	_, err = s.call(ctx, request{"DELETE", "/jwt/refresh/" + id, credential, "", http.StatusOK}, &got)
	return got, err
}

// DeleteByUser ends the sessions of a user and returns how many.
func (s *Service) DeleteByUser(ctx context.Context, user string) (int, error) {
	var got struct {
		Deleted int
		IDs     []string
	}
	_, err := s.call(ctx, request{"DELETE", "/jwt/users/" + user + "/refresh", s.Key, "", http.StatusOK}, &got)
	if err == nil && len(got.IDs) != got.Deleted {
		err = Wrong("delete by user: %d deleted, %d ids", got.Deleted, len(got.IDs))
	}
	return got.Deleted, err
}

// DeleteByApplication ends the sessions of an application.
func (s *Service) DeleteByApplication(ctx context.Context, application string) error {
	var got struct {
		ApplicationID string
		Epoch         uint64
	}
	_, err := s.call(ctx, request{"DELETE", "/jwt/applications/" + application + "/refresh", s.Key, "", http.StatusOK}, &got)
	if err == nil && (got.ApplicationID != application || got.Epoch == 0) {
		err = Wrong("delete by application: application %q, epoch %d", got.ApplicationID, got.Epoch)
	}
	return err
}

// call sends a request and reads the data of its answer, if a caller wants them, and the cursor of the next page.
func (s *Service) call(ctx context.Context, r request, data any) (next string, err error) {
	header := http.Header{}
	if r.credential != "" {
		header = http.Header{"Authorization": {"Bearer " + r.credential}, "X-Stencil-Tenantid": {s.Tenant}}
	}
	status, raw, err := s.Send(ctx, r.method, r.path, header, r.body)
	if err := r.judge(status, err); err != nil {
		return "", err
	}
	envelope := struct {
		Data       any
		NextCursor string
	}{Data: data}
	if json.Unmarshal(raw, &envelope) != nil { // its error may quote a token
		return "", Wrong("%s: the body is not the expected JSON", r.method)
	}
	return envelope.NextCursor, nil
}

// judge classifies what came back. A 400 to a refresh, or a 401, where a success is due, is LoggedOut.
func (r request) judge(status int, err error) error {
	class := WrongStatus
	switch {
	case err != nil:
		return AnswerError{NoAnswer, fmt.Sprintf("%s: %v", r.method, err)}
	case status == r.want:
		return nil
	case status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable:
		class = Unavailable
	case r.want == http.StatusOK && (status == http.StatusUnauthorized || status == http.StatusBadRequest && r.path == "/jwt/refresh"):
		class = LoggedOut
	}
	return AnswerError{class, fmt.Sprintf("%s: got %d, want %d", r.method, status, r.want)}
}
