package compare

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/cmd/bench/measure"
)

// subject is one of the servers that are compared.
type subject struct {
	name    string
	store   string // where its tokens are
	ours    bool
	program measure.Program
	wire    wire
	mint    func(context.Context, *subject) (string, error)

	server            *measure.Server
	client            *measure.Client
	concurrent, retry string   // what try found
	chains            []string // the tokens in use
	rounds            []round
}

// wire is the request of a refresh, and how its answer is read.
type wire struct {
	path, contentType string
	body              func(token string) string
	tokens            func(raw []byte) (access, refresh string, err error)
}

// oauth is a token endpoint for a public client (RFC 6749 section 6). Every server has one.
func oauth(path string) wire {
	return wire{path, "application/x-www-form-urlencoded", func(token string) string {
		return url.Values{"grant_type": {"refresh_token"}, "client_id": {"web"}, "refresh_token": {token}}.Encode()
	}, oauthTokens}
}

func oauthTokens(raw []byte) (access, refresh string, err error) {
	var a struct {
		AccessToken  string `json:"access_token"`
		RefreshToken string `json:"refresh_token"`
	}
	err = json.Unmarshal(raw, &a)
	return a.AccessToken, a.RefreshToken, err
}

// canonical is this service's own route.
func canonical() wire {
	return wire{
		"/jwt/refresh", "application/json", func(token string) string { return `{"refreshToken":"` + token + `"}` },
		func(raw []byte) (access, refresh string, err error) {
			var a struct {
				Data struct{ AccessToken, RefreshToken string }
			}
			err = json.Unmarshal(raw, &a)
			return a.Data.AccessToken, a.Data.RefreshToken, err
		},
	}
}

// refresh is the request that is measured. A refused token has another status than 200 and is not an error.
func (s *subject) refresh(ctx context.Context, token string) (next string, status int, err error) {
	header := http.Header{"Content-Type": {s.wire.contentType}}
	status, raw, err := s.client.Send(ctx, http.MethodPost, s.wire.path, header, s.wire.body(token))
	if err != nil || status != http.StatusOK {
		return "", status, err
	}
	access, next, err := s.wire.tokens(raw)
	if err == nil && (next == "" || next == token || strings.Count(access, ".") != 2) {
		err = errors.New("it does not rotate, or its access token is not a JWT")
	}
	return next, status, err
}

// round is what one subject did in one of its turns.
type round struct {
	rate     float64 // refreshes per second
	cpu      float64 // of the server's process, milliseconds per refresh
	p50, p99 float64 // milliseconds
}

// turn lets every chain refresh for a while.
func (s *subject) turn(ctx context.Context, length time.Duration) (round, error) {
	defer s.client.Close() // a server may close connections while others have their turns
	before, err := s.server.CPU()
	if err != nil {
		return round{}, err
	}
	latencies, errs := make([][]time.Duration, len(s.chains)), make([]error, len(s.chains))
	var workers sync.WaitGroup
	started := time.Now()
	for i := range s.chains {
		workers.Go(func() {
			for errs[i] == nil && time.Since(started) < length && ctx.Err() == nil {
				began := time.Now()
				errs[i] = s.step(ctx, &s.chains[i])
				latencies[i] = append(latencies[i], time.Since(began))
			}
		})
	}
	workers.Wait()
	took := time.Since(started)
	for _, err := range errs {
		if err != nil {
			return round{}, err
		}
	}
	after, err := s.server.CPU()
	stats := measure.StatsOf(slices.Concat(latencies...))
	n := float64(stats.Count)
	return round{n / took.Seconds(), measure.Milliseconds(after-before) / n, stats.P50, stats.P99}, err
}

func (s *subject) step(ctx context.Context, token *string) error {
	next, status, err := s.refresh(ctx, *token)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("the only holder of a token was refused: status %d", status)
	}
	*token = next
	return err
}
