package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// remote is the service as a backend sees it: over HTTP, with an API key.
type remote struct {
	base, tenant, key string
	http              *http.Client
}

// tokens are the data of issue and of refresh.
type tokens struct {
	RefreshToken   string `json:"refreshToken"`
	RefreshTokenID string `json:"refreshTokenId"`
}

func (r remote) issue(ctx context.Context, user, application string) (granted, error) {
	return r.grant(ctx, "/jwt/issue", map[string]string{"userId": user, "applicationId": application}, http.StatusCreated)
}

func (r remote) refresh(ctx context.Context, token string) (granted, error) {
	g, err := r.grant(ctx, "/jwt/refresh", map[string]string{"refreshToken": token}, http.StatusOK)
	return g, expect(err, g.token != token)
}

func (r remote) grant(ctx context.Context, path string, input map[string]string, want int) (granted, error) {
	body, err := json.Marshal(input)
	if err != nil {
		return granted{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.base+path, strings.NewReader(string(body)))
	if err != nil {
		return granted{}, err
	}
	if want == http.StatusCreated { // a refresh is authorised by the refresh token alone
		r.authorise(req)
	}
	var got answer[tokens]
	err = r.send(req, want, &got)
	return granted{got.Data.RefreshTokenID, got.Data.RefreshToken}, expect(err, got.Data.RefreshToken != "")
}

func (r remote) list(ctx context.Context, user string) (int, error) {
	got, err := call[[]struct {
		UserID string `json:"userId"`
	}](ctx, r, http.MethodGet, "/jwt/refresh?userId="+user)
	right := got.NextCursor == ""
	for _, session := range got.Data {
		right = right && session.UserID == user
	}
	return len(got.Data), expect(err, right)
}

func (r remote) deleteByApplication(ctx context.Context, application string) (uint64, error) {
	got, err := call[struct {
		ApplicationID string `json:"applicationId"`
		Epoch         uint64 `json:"epoch"`
	}](ctx, r, http.MethodDelete, "/jwt/applications/"+application+"/refresh")
	return got.Data.Epoch, expect(err, got.Data.ApplicationID == application)
}

func (r remote) deleteByUser(ctx context.Context, user string) (int, error) {
	got, err := call[struct {
		Deleted int      `json:"deleted"`
		IDs     []string `json:"ids"`
	}](ctx, r, http.MethodDelete, "/jwt/users/"+user+"/refresh")
	return got.Data.Deleted, expect(err, len(got.Data.IDs) == got.Data.Deleted)
}

// answer is the envelope.
type answer[T any] struct {
	Data       T      `json:"data"`
	NextCursor string `json:"nextCursor"`
}

// call sends a request that has no body, with the API key.
func call[T any](ctx context.Context, r remote, method, path string) (answer[T], error) {
	var got answer[T]
	req, err := http.NewRequestWithContext(ctx, method, r.base+path, http.NoBody)
	if err != nil {
		return got, err
	}
	r.authorise(req)
	return got, r.send(req, http.StatusOK, &got)
}

func (r remote) authorise(req *http.Request) {
	req.Header.Set("Authorization", "Bearer "+r.key)
	req.Header.Set("X-Stencil-TenantId", r.tenant)
}

func (r remote) send(req *http.Request, want int, into any) error {
	response, err := r.http.Do(req) //nolint:gosec // to a service that this program has started
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body) // to its end, else the connection is not used again
	if err != nil {
		return err
	}
	if response.StatusCode != want {
		return fmt.Errorf("%s was answered with %d, want %d", req.Method, response.StatusCode, want)
	}
	if json.Unmarshal(raw, into) != nil { // its error may quote a token
		return errors.New("the body is not what it should be")
	}
	return nil
}
