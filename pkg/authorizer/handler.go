package authorizer

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"github.com/aws/aws-lambda-go/events"
)

// errUnauthorized makes API Gateway answer 401; the text is its interface.
var errUnauthorized = errors.New("Unauthorized")

// Handler is the Lambda REQUEST authorizer. The error "Unauthorized" becomes 401, a Deny policy 403 and any
// other error, an unavailable table or key set, the gateway's authorizer failure.
func (a *Authorizer) Handler(log *slog.Logger) func(context.Context, events.APIGatewayCustomAuthorizerRequestTypeRequest,
) (events.APIGatewayCustomAuthorizerResponse, error) {
	return func(ctx context.Context, e events.APIGatewayCustomAuthorizerRequestTypeRequest,
	) (events.APIGatewayCustomAuthorizerResponse, error) {
		p, err := a.Authenticate(ctx, Headers{Single: e.Headers, Multi: e.MultiValueHeaders})
		line := log.With("op", "authorizer", "apiRequestId", e.RequestContext.RequestID)
		switch {
		case errors.Is(err, ErrUnauthenticated):
			line.LogAttrs(ctx, slog.LevelInfo, "request", slog.String("outcome", "unauthenticated"))
			return events.APIGatewayCustomAuthorizerResponse{}, errUnauthorized
		case errors.Is(err, ErrOtherTenant):
			line.LogAttrs(ctx, slog.LevelInfo, "request", slog.String("outcome", "other tenant"))
			return policy("Deny", "anonymous", e.MethodArn, nil), nil
		case err != nil:
			line.LogAttrs(ctx, slog.LevelError, "request", slog.String("outcome", "failed"), slog.String("error", err.Error()))
			return events.APIGatewayCustomAuthorizerResponse{}, errors.New("the authorizer is unavailable")
		}
		line.LogAttrs(ctx, slog.LevelDebug, "request", slog.String("outcome", "allowed"), slog.String("tenant", p.Tenant))
		return policy("Allow", p.KeyID+p.User, e.MethodArn, p.context()), nil
	}
}

// policy speaks of the whole stage: nothing caches it, and ids in a method's path may hold characters that mean
// something in a policy.
func policy(effect, principal, methodARN string, values map[string]any) events.APIGatewayCustomAuthorizerResponse {
	stage := methodARN
	if parts := strings.SplitN(methodARN, "/", 3); len(parts) == 3 {
		stage = parts[0] + "/" + parts[1] + "/*"
	}
	return events.APIGatewayCustomAuthorizerResponse{
		PrincipalID: principal,
		PolicyDocument: events.APIGatewayCustomAuthorizerPolicy{
			Version: "2012-10-17",
			Statement: []events.IAMPolicyStatement{{
				Action: []string{"execute-api:Invoke"}, Effect: effect, Resource: []string{stage},
			}},
		},
		Context: values,
	}
}
