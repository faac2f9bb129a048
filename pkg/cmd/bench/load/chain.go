package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"
)

// chain is one user's session and its holder, who knows what every answer must be.
type chain struct {
	*client

	number, sessions    int
	tenant, app, key    string // of the backend that issues
	random              *rand.Rand
	user                string // a new one for each session
	id, refresh, access string
	generation          int
}

// credentials are the data of issue and of refresh.
type credentials struct {
	AccessToken    string `json:"accessToken"`
	RefreshToken   string `json:"refreshToken"`
	RefreshTokenID string `json:"refreshTokenId"`
}

// resource is a token resource.
type resource struct {
	ID         string `json:"id"`
	UserID     string `json:"userId"`
	Generation int    `json:"generation"`
}

func newChain(c *client, number int, credentials map[string]string) *chain {
	return &chain{
		client: c, number: number,
		tenant: credentials["TENANT_ID"], app: credentials["APPLICATION_ID"], key: credentials["API_KEY"],
		random: rand.New(rand.NewPCG(uint64(number), 1)), //nolint:gosec // the same steps in every run
	}
}

// run takes steps until the time is up. Requests in flight are finished.
func (c *chain) run(ctx context.Context, m mix, until time.Time) {
	finish := context.WithoutCancel(ctx)
	for time.Now().Before(until) && ctx.Err() == nil {
		err := c.take(finish, m.next(c.random))
		for err != nil && time.Now().Before(until) && ctx.Err() == nil { // what the session is now is anybody's guess
			time.Sleep(100 * time.Millisecond)
			err = c.issue(finish)
		}
	}
}

func (c *chain) take(ctx context.Context, s step) error {
	switch s {
	case stepRetry:
		return c.retry(ctx)
	case stepRetrieve:
		return c.retrieve(ctx)
	case stepList:
		return c.list(ctx)
	case stepDelete:
		return c.delete(ctx)
	default:
		return c.rotate(ctx)
	}
}

func (c *chain) as(credential string) http.Header {
	return http.Header{"Authorization": {"Bearer " + credential}, "X-Stencil-Tenantid": {c.tenant}}
}

// issue starts a session.
func (c *chain) issue(ctx context.Context) error {
	c.sessions++
	c.user = fmt.Sprintf("load-%d-%d", c.number, c.sessions)
	body, err := json.Marshal(map[string]string{"userId": c.user, "applicationId": c.app})
	if err != nil {
		return err
	}
	var issued credentials
	err = c.send(ctx, request{opIssue, "POST", "/jwt/issue", c.as(c.key), string(body), http.StatusCreated}, &issued)
	if err != nil {
		return err
	}
	c.id, c.refresh, c.access, c.generation = issued.RefreshTokenID, issued.RefreshToken, issued.AccessToken, 0
	return nil
}

func (c *chain) present(ctx context.Context, op operation, token string, want int) (credentials, error) {
	var got credentials
	body := `{"refreshToken":"` + token + `"}`
	err := c.send(ctx, request{op, "POST", "/jwt/refresh", nil, body, want}, &got)
	return got, err
}

// rotate refreshes: another token of the same session.
func (c *chain) rotate(ctx context.Context) error {
	got, err := c.present(ctx, opRefresh, c.refresh, http.StatusOK)
	if err != nil {
		return err
	}
	if got.RefreshTokenID != c.id || got.RefreshToken == c.refresh || got.RefreshToken == "" || got.AccessToken == c.access {
		return c.wrong(opRefresh, "not a new token of the same session")
	}
	c.refresh, c.access = got.RefreshToken, got.AccessToken
	c.generation++
	return nil
}

// retry refreshes twice with one token: the same successor both times.
func (c *chain) retry(ctx context.Context) error {
	before := c.refresh
	if err := c.rotate(ctx); err != nil {
		return err
	}
	again, err := c.present(ctx, opRetry, before, http.StatusOK)
	if err != nil {
		return err
	}
	if again.RefreshToken != c.refresh || again.RefreshTokenID != c.id {
		return c.wrong(opRetry, "a retry got another successor")
	}
	c.access = again.AccessToken
	return nil
}

// retrieve reads the session with its own access token.
func (c *chain) retrieve(ctx context.Context) error {
	var got resource
	err := c.send(ctx, request{opRetrieve, "GET", "/jwt/refresh/" + c.id, c.as(c.access), "", http.StatusOK}, &got)
	if err != nil {
		return err
	}
	return c.check(opRetrieve, got)
}

// list reads all sessions of the user: there is one.
func (c *chain) list(ctx context.Context) error {
	var got []resource
	path := "/jwt/refresh?userId=" + c.user
	err := c.send(ctx, request{opList, "GET", path, c.as(c.access), "", http.StatusOK}, &got)
	if err != nil {
		return err
	}
	if len(got) != 1 {
		return c.wrong(opList, fmt.Sprintf("%d sessions, want one", len(got)))
	}
	return c.check(opList, got[0])
}

func (c *chain) check(op operation, got resource) error {
	if got.ID != c.id || got.UserID != c.user || got.Generation != c.generation {
		return c.wrong(op, "another session, or another state of it, than the holder's")
	}
	return nil
}

// delete ends the session, finds its token dead at once, and starts another.
func (c *chain) delete(ctx context.Context) error {
	var got resource
	err := c.send(ctx, request{opDelete, "DELETE", "/jwt/refresh/" + c.id, c.as(c.access), "", http.StatusOK}, &got)
	if err != nil {
		return err
	}
	if err := c.check(opDelete, got); err != nil {
		return err
	}
	if _, err := c.present(ctx, opRefused, c.refresh, http.StatusBadRequest); err != nil {
		return err
	}
	return c.issue(ctx)
}
