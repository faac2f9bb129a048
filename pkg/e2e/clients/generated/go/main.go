// Command main owns what a Go program writes with the client that oapi-codegen generates: issue, refresh, list, delete.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
)

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	app, err1 := NewClientWithResponses(os.Getenv("BASE_URL"))
	backend, err2 := NewClientWithResponses(os.Getenv("BASE_URL"), WithRequestEditorFn(withKey))
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	user, limit := fmt.Sprint("go-", os.Getpid()), 10

	started, err := backend.IssueWithResponse(ctx, Issue{UserId: user, ApplicationId: os.Getenv("APPLICATION_ID")})
	if err != nil || started.JSON201 == nil {
		return fmt.Errorf("issue: got %s, %v, want 201", started.Body, err)
	}
	issued := started.JSON201.Data

	answer, err := refresh(ctx, app, issued.RefreshToken)
	if err != nil || answer.JSON200 == nil {
		return fmt.Errorf("refresh: got %v, %v, want 200", answer, err)
	}
	grant, err := answer.JSON200.AsGrantAnswer()
	if err != nil || grant.Data.RefreshTokenId != issued.RefreshTokenId || grant.Data.RefreshToken == issued.RefreshToken {
		return fmt.Errorf("refresh: got session %s, %v, want %s with another token", grant.Data.RefreshTokenId, err, issued.RefreshTokenId)
	}

	list, err := backend.RetrieveByUserWithResponse(ctx, &RetrieveByUserParams{UserId: user, Limit: &limit})
	if err != nil || list.JSON200 == nil || len(list.JSON200.Data) != 1 || list.JSON200.Data[0].Generation != 1 {
		return fmt.Errorf("list: got %v, %v, want one token of generation 1", list, err)
	}
	deleted, err := backend.DeleteByIdWithResponse(ctx, issued.RefreshTokenId.String(), &DeleteByIdParams{})
	if err != nil || deleted.JSON200 == nil || deleted.JSON200.Data.UserId != user {
		return fmt.Errorf("delete: got %v, %v, want the token of %s", deleted, err, user)
	}
	refused, err := refresh(ctx, app, grant.Data.RefreshToken)
	if err != nil || refused.JSON400 == nil {
		return fmt.Errorf("refresh after the deletion: got %v, %v, want 400", refused, err)
	}
	return nil
}

func withKey(_ context.Context, r *http.Request) error {
	r.Header.Set("Authorization", "Bearer "+os.Getenv("API_KEY"))
	r.Header.Set("X-Stencil-TenantId", os.Getenv("TENANT_ID"))
	return nil
}

func refresh(ctx context.Context, app *ClientWithResponses, token string) (*RefreshResponse, error) {
	var body RefreshRequest
	if err := body.FromRefreshBody(RefreshBody{RefreshToken: token}); err != nil {
		return nil, err
	}
	return app.RefreshWithResponse(ctx, nil, body)
}
