package authorizer

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/telemetry"
)

// errUnauthorized makes API Gateway answer 401; the text is its interface.
var errUnauthorized = errors.New("Unauthorized")

// errUnavailable says no more than API Gateway needs: any other text makes it answer 500.
var errUnavailable = errors.New("the authorizer is unavailable")

// introspection is the resource whose callers need no tenant header: clients of RFC 7662 have no place for one.
const introspection = "/oauth2/introspect"

// Handler is the Lambda REQUEST authorizer. The error "Unauthorized" becomes 401, a Deny policy 403 and any
// other error, an unavailable table or key set, the gateway's authorizer failure.
func (a *Authorizer) Handler(log telemetry.Log) func(context.Context, events.APIGatewayCustomAuthorizerRequestTypeRequest,
) (events.APIGatewayCustomAuthorizerResponse, error) {
	return func(ctx context.Context, e events.APIGatewayCustomAuthorizerRequestTypeRequest,
	) (answer events.APIGatewayCustomAuthorizerResponse, err error) {
		line := telemetry.Line{Operation: "authorizer", Request: e.RequestContext.RequestID, Started: time.Now()}
		var p Principal
		authenticate := a.Authenticate
		if e.Resource == introspection {
			authenticate = a.AuthenticateAnyTenant
		}
		err = telemetry.Guard(func() (err error) {
			p, err = authenticate(ctx, HeadersOf(e.Headers, e.MultiValueHeaders).Of(e.HTTPMethod, e.Path))
			return err
		})
		line.Outcome = outcomeOf(err)
		line.Attrs = []slog.Attr{slog.String("tenant", p.Tenant)}
		if p.KeyID != "" {
			line.Attrs = append(line.Attrs, slog.String("keyId", p.KeyID))
		}
		// An id in the method's path may have characters with a meaning in a policy.
		stage := wholeStage(e.MethodArn)
		switch {
		case err == nil:
			answer = policy("Allow", p.KeyID+p.User, stage, p.context())
		case errors.Is(err, ErrOtherTenant):
			answer, err = policy("Deny", "anonymous", stage, nil), nil
		case errors.Is(err, ErrUnauthenticated):
			err = errUnauthorized
		default:
			line.Err, err = err, errUnavailable
		}
		log.Write(ctx, line)
		return answer, err
	}
}

// outcomeOf names a decision for logs and metrics, where the refusals are told apart.
func outcomeOf(err error) string {
	switch {
	case err == nil:
		return "allowed"
	case errors.Is(err, ErrMissing):
		return "missing"
	case errors.Is(err, ErrAmbiguous):
		return "ambiguous"
	case errors.Is(err, ErrForged):
		return "forged"
	case errors.Is(err, ErrUnknown):
		return "unknown"
	case errors.Is(err, ErrExpired):
		return "expired"
	case errors.Is(err, ErrRevoked):
		return "revoked"
	case errors.Is(err, ErrUnbound):
		return "unbound"
	case errors.Is(err, ErrOtherAudience):
		return "other audience"
	case errors.Is(err, ErrOtherTenant):
		return "other tenant"
	case session.KindOf(err) == session.KindUnavailable:
		return "unavailable"
	default:
		return "failed"
	}
}

// wholeStage is the pattern of all methods of an API's stage.
func wholeStage(methodARN string) string {
	if parts := strings.SplitN(methodARN, "/", 3); len(parts) == 3 {
		return parts[0] + "/" + parts[1] + "/*"
	}
	return methodARN
}

func policy(effect, principal, resource string, values map[string]any) events.APIGatewayCustomAuthorizerResponse {
	return events.APIGatewayCustomAuthorizerResponse{
		PrincipalID: principal,
		PolicyDocument: events.APIGatewayCustomAuthorizerPolicy{
			Version: "2012-10-17",
			Statement: []events.IAMPolicyStatement{{
				Action: []string{"execute-api:Invoke"}, Effect: effect, Resource: []string{resource},
			}},
		},
		Context: values,
	}
}
