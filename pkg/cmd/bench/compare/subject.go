package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/cmd/bench/load/measure"
)

// subject is one of the servers that are compared.
type subject struct {
	name    string // as the table has it
	store   string // what its tokens are kept in
	program measure.Program
	wire    wire
	mint    func(context.Context, *subject) (string, error)

	server *measure.Server
	client *http.Client
	rounds []round
}

// subjects are those whose programs are in dir: the floor, this service on two of its routes, and others. They keep
// their data in data.
func subjects(dir, data string, oidcProvider bool) []*subject {
	at := func(name string) string { return filepath.Join(dir, name) }
	floor := measure.Program{Command: []string{at("floor")}, Env: []string{"LOCAL_DIR=" + data}, Ready: "/ready"}
	all := []*subject{
		{name: "floor", store: "bbolt, durable", wire: oauth("/token"), mint: mintAtHarness, program: floor},
		ours(oauth("/oauth2/token"), at("local"), filepath.Join(data, "oauth")),
		ours(canonical(), at("local"), filepath.Join(data, "canonical")),
		{
			name: "fosite " + fositeVersion, store: "memory, lock added", wire: oauth("/token"), mint: mintAtHarness,
			program: measure.Program{Command: []string{at("fosite")}, Ready: "/ready"},
		},
	}
	if oidcProvider {
		all = append(all, &subject{
			name: "oidc-provider " + oidcProviderVersion, store: "memory (Map)", wire: oauth("/token"), mint: mintAtHarness,
			program: measure.Program{
				Command: []string{"node", "server.mjs"}, Dir: at("oidc-provider"), Env: []string{"NODE_ENV=production"}, Ready: "/ready",
			},
		})
	}
	return all
}

// ours is this service, in a process of its own.
func ours(w wire, program, dir string) *subject {
	return &subject{
		name: "this service, " + w.path, store: "bbolt, durable", wire: w, program: measure.LocalService(program, dir),
		mint: func(ctx context.Context, s *subject) (string, error) { return s.issue(ctx, dir) },
	}
}

// start starts the server, with a client of its own.
func (s *subject) start(ctx context.Context) (err error) {
	const timeout, connections = 30 * time.Second, 64
	s.client = &http.Client{
		Timeout: timeout, Transport: &http.Transport{MaxIdleConnsPerHost: connections, DisableCompression: true},
	}
	s.server, err = measure.Start(ctx, s.program)
	return err
}

// mintAtHarness asks a harness for a first token: how users log in is not compared.
func mintAtHarness(ctx context.Context, s *subject) (string, error) {
	var body oauthAnswer
	status, err := s.post(ctx, s.server.Base+"/mint", http.Header{}, "", &body)
	return body.RefreshToken, unless(status == http.StatusOK, status, err)
}

// issue starts a session as a product's backend does.
func (s *subject) issue(ctx context.Context, dir string) (string, error) {
	credentials, err := measure.Credentials(dir)
	if err != nil {
		return "", err
	}
	header := http.Header{
		"Authorization": {"Bearer " + credentials["API_KEY"]}, "X-Stencil-Tenantid": {credentials["TENANT_ID"]},
		"Content-Type": {"application/json"},
	}
	var body canonicalAnswer
	status, err := s.post(ctx, s.server.Base+"/jwt/issue", header, `{"userId":"user","applicationId":"web"}`, &body)
	return body.Data.RefreshToken, unless(status == http.StatusCreated, status, err)
}

// refresh is the request that is measured. A refused token is status 400 and no error.
func (s *subject) refresh(ctx context.Context, token string) (next string, status int, err error) {
	body := s.wire.answer()
	header := http.Header{"Content-Type": {s.wire.contentType}}
	if status, err = s.post(ctx, s.server.Base+s.wire.path, header, s.wire.body(token), body); err != nil {
		return "", status, err
	}
	access, next := body.tokens()
	if rotated := next != "" && next != token && strings.Count(access, ".") == 2; status == http.StatusOK && !rotated {
		err = fmt.Errorf("%s does not rotate, or its access token is no JWT", s.name)
	}
	return next, status, err
}

// post reads the answer into body if it is a success.
func (s *subject) post(ctx context.Context, url string, header http.Header, text string, body any) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(text))
	if err != nil {
		return 0, err
	}
	req.Header = header
	answer, err := s.client.Do(req)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", s.name, err)
	}
	defer func() { _ = answer.Body.Close() }()
	raw, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode < http.StatusMultipleChoices {
		err = json.Unmarshal(raw, body)
	}
	if err != nil {
		return 0, fmt.Errorf("%s: its answer: %w", s.name, err)
	}
	return answer.StatusCode, nil
}

func unless(good bool, status int, err error) error {
	if err == nil && !good {
		err = fmt.Errorf("no token to begin with: status %d", status)
	}
	return err
}
