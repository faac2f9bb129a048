package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/stencil-auth/refresh-tokens/pkg/stack"
)

// Function is a Lambda function behind a proxy integration.
type Function func(context.Context, events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error)

// Authorizer is a Lambda REQUEST authorizer. The error with the text "Unauthorized" is a 401, any other a failure.
type Authorizer func(context.Context, events.APIGatewayCustomAuthorizerRequestTypeRequest,
) (events.APIGatewayCustomAuthorizerResponse, error)

// Config is the API and the code behind it.
type Config struct {
	API         *stack.API
	Functions   map[string]Function   // by operation
	Authorizers map[string]Authorizer // by operation
	// CORS returns headers for gateway responses to a request from origin ("" without one), beside the template's
	// own. Nil adds none.
	CORS func(origin string) http.Header
	// OtherMethods returns the body of the 404 of a known path with another method. A gateway response of a REST API
	// cannot name the methods of a path. Nil leaves the template's.
	OtherMethods func(methods []string) string
	Timeout      time.Duration    // of one invocation; 0 means 29 s, as on AWS
	Log          *slog.Logger     // failed invocations and unreadable requests; nil drops them
	Now          func() time.Time // nil means time.Now
}

// integrationTimeout is the default limit of REST APIs.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
const integrationTimeout = 29 * time.Second

// New makes the handler of the API's one stage; paths do not begin with the stage's name. The error lists every
// route without a function or authorizer, and every part of the template that cannot work.
func New(c Config) (*Gateway, error) {
	if c.API == nil {
		return nil, errors.New("make gateway: no API")
	}
	if c.Timeout == 0 {
		c.Timeout = integrationTimeout
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	g := &Gateway{config: c, root: &segment{}}
	var errs []error
	for _, r := range c.API.Routes {
		built := &route{Route: r, function: c.Functions[r.Operation]}
		if built.function == nil {
			errs = append(errs, fmt.Errorf("%s %s: no function for operation %q", r.Method, r.Path, r.Operation))
		}
		if r.Authorizer != "" {
			if built.authorizer = c.Authorizers[r.Authorizer]; built.authorizer == nil {
				errs = append(errs, fmt.Errorf("%s %s: no authorizer %q", r.Method, r.Path, r.Authorizer))
			}
		}
		if err := g.root.add(built); err != nil {
			errs = append(errs, fmt.Errorf("%s %s: %w", r.Method, r.Path, err))
		}
	}
	var err error
	g.responses, err = compile(c.API.Responses)
	if err = errors.Join(append(errs, err)...); err != nil {
		return nil, fmt.Errorf("make gateway: %w", err)
	}
	return g, nil
}
