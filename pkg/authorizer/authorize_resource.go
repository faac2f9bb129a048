package authorizer

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/stencil-auth/refresh-tokens/pkg/dpop"
	"github.com/stencil-auth/refresh-tokens/pkg/telemetry"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Resource decides about access tokens for other APIs of the owner, as their Lambda authorizer. The token names its
// tenant, so no header does. A narrowed token is accepted: it exists for such APIs (law 6). An API key is refused.
type Resource struct {
	Sessions Sessions
	Verifier token.Verifier
	Now      func() time.Time

	Audience  string // that a token must have (claim aud); without one every token is refused
	TakesDPoP bool   // accepts a token that is bound to a key, with a proof by it; such a token is refused otherwise
	Policy    bool   // answers an HTTP API's payload 2.0 with a policy, and not with the simple answer
}

// ResourceRequest is what API Gateway asks: a REST API with type TOKEN or REQUEST, an HTTP API with payload 1.0 or 2.0.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-input.html
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
type ResourceRequest struct {
	Version            string `json:"version"` // "1.0" or "2.0" of an HTTP API
	Type               string `json:"type"`
	AuthorizationToken string `json:"authorizationToken"` // of type TOKEN, the header itself
	MethodARN          string `json:"methodArn"`
	RouteARN           string `json:"routeArn"` // of payload 2.0, in place of methodArn
	// IdentitySource has the values by which an HTTP API may keep the answer: a list, in payload 1.0 joined by commas.
	IdentitySource    json.RawMessage     `json:"identitySource"`
	HTTPMethod        string              `json:"httpMethod"`
	Headers           map[string]string   `json:"headers"`
	MultiValueHeaders map[string][]string `json:"multiValueHeaders"`
	RequestContext    struct {
		RequestID  string `json:"requestId"`
		DomainName string `json:"domainName"` // by which API Gateway found the API
		Path       string `json:"path"`       // as the client sent it, with stage or base path
		HTTP       struct {
			Method string `json:"method"`
			Path   string `json:"path"`
		} `json:"http"` // of payload 2.0
	} `json:"requestContext"`
}

var (
	// errSharedAnswer is the error of an HTTP API that would keep the answer to one caller for others.
	errSharedAnswer = errors.New("the Authorization header must be among the identity sources of the API's authorizer")
	// errKeptProof is the error of an HTTP API that would keep the answer to one proof for requests without it.
	errKeptProof = errors.New("an HTTP API that takes bound tokens must have no identity sources, so that it keeps no answer")
)

// Handler is the Lambda authorizer. A refusal is the error "Unauthorized" at a REST API, which makes a 401 of it and keeps
// it for nobody; at an HTTP API a denial, which is a 403. Any other error is a 500.
//
// API Gateway may keep an answer for as long as the API says, by the values of its identity sources. So an answer is good
// for all methods of the API's stage. That for a bound token is good for the one method and path that its proof is for. An
// HTTP API that may keep it gets an error, since a simple answer names no method.
func (r *Resource) Handler(log telemetry.Log) func(context.Context, ResourceRequest) (any, error) {
	return func(ctx context.Context, e ResourceRequest) (answer any, err error) {
		line := telemetry.Line{Operation: "authorize-resource", Request: e.RequestContext.RequestID, Started: time.Now()}
		var access token.Access
		var credential string
		err = telemetry.Guard(func() (err error) {
			access, credential, err = r.authorize(ctx, e)
			return err
		})
		line.Outcome = outcomeOf(err)
		line.Attrs = []slog.Attr{slog.String("tenant", access.Tenant)}
		switch {
		case err == nil:
			answer = r.allow(e, access, credential)
		case errors.Is(err, ErrUnauthenticated) && e.Version != "" && e.keyed():
			answer, err = r.deny(e), nil
		case errors.Is(err, ErrUnauthenticated):
			err = errUnauthorized
		default:
			line.Err, err = err, errUnavailable
		}
		log.Write(ctx, line)
		return answer, err
	}
}

// authorize returns the access token of the request, and its text. Errors: ErrUnauthenticated, errSharedAnswer,
// errKeptProof, session.ErrUnavailable, keys.ErrUnavailable.
func (r *Resource) authorize(ctx context.Context, e ResourceRequest) (access token.Access, text string, err error) {
	authorization, err := e.headers().Authorization()
	if err != nil {
		return token.Access{}, "", err
	}
	text, ok := Credential(authorization, "Bearer", "DPoP")
	if !ok {
		return token.Access{}, "", ErrMissing
	}
	_, isBearer := Bearer(authorization)
	reading := reading{r.Sessions, r.Verifier, r.Now()}
	access, err = reading.current(ctx, text, func(access token.Access) error {
		switch {
		case r.Audience == "" || !slices.Contains(access.Audience, r.Audience):
			return ErrOtherAudience
		case access.Confirmation != nil && !r.TakesDPoP, !Proven(access, text, isBearer, e.proof(), reading.now):
			return ErrUnbound
		}
		return nil
	})
	switch {
	case err == nil && !e.keyed():
		err = errSharedAnswer
	case err == nil && access.Confirmation != nil && len(e.sources()) > 0:
		err = errKeptProof
	}
	if err != nil {
		return token.Access{}, "", err
	}
	return access, text, nil
}

func (e ResourceRequest) headers() Headers {
	if e.Type == "TOKEN" {
		return HeadersOf(map[string]string{headerAuthorization: e.AuthorizationToken}, nil)
	}
	return HeadersOf(e.Headers, e.MultiValueHeaders)
}

// proof is what the request proves at the API's own domain. The client sent that name, and API Gateway found by it an API
// of the owner, so it is as good as a list of URLs. A proof for one API is refused by another, whose domain or path differs.
func (e ResourceRequest) proof() dpop.Presented {
	c := e.RequestContext
	h := e.headers().Of(cmp.Or(c.HTTP.Method, e.HTTPMethod), cmp.Or(c.HTTP.Path, c.Path))
	base, err := dpop.ParseBase("https://" + c.DomainName)
	if err != nil {
		return h.Proof(nil)
	}
	return h.Proof([]dpop.Base{base})
}

// sources are the values by which an HTTP API may keep the answer. One without identity sources keeps none, and a REST API
// does not say.
func (e ResourceRequest) sources() (all []string) {
	var joined string
	if json.Unmarshal(e.IdentitySource, &joined) == nil && joined != "" {
		return strings.Split(joined, ",")
	}
	_ = json.Unmarshal(e.IdentitySource, &all) // absent or null
	return all
}

// keyed reports whether an HTTP API that keeps the answer keeps it for this Authorization header alone.
func (e ResourceRequest) keyed() bool {
	all := e.sources()
	return len(all) == 0 || slices.Contains(all, e.headers().Get(headerAuthorization))
}

func (r *Resource) allow(e ResourceRequest, access token.Access, text string) any {
	values := map[string]any{
		contextUser: access.User, contextTenant: access.Tenant, contextApplication: access.Application,
		contextSession: access.Session, contextScope: access.Scope, contextClaims: cmp.Or(string(token.CustomClaims(text)), "{}"),
	}
	if r.simple(e) {
		return events.APIGatewayV2CustomAuthorizerSimpleResponse{IsAuthorized: true, Context: values}
	}
	method := cmp.Or(e.MethodARN, e.RouteARN)
	if access.Confirmation == nil {
		method = wholeStage(method)
	}
	return policy("Allow", access.User, method, values)
}

func (r *Resource) deny(e ResourceRequest) any {
	if r.simple(e) {
		return events.APIGatewayV2CustomAuthorizerSimpleResponse{}
	}
	return policy("Deny", "anonymous", wholeStage(cmp.Or(e.MethodARN, e.RouteARN)), nil)
}

func (r *Resource) simple(e ResourceRequest) bool { return e.Version == "2.0" && !r.Policy }
