package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"

	"github.com/aws/aws-lambda-go/events"
)

// unauthorized is the error text that becomes a 401.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html
const unauthorized = "Unauthorized"

// authorize asks the route's authorizer at every request: with caching off, API Gateway does not promise to check
// the identity headers first. The context is kept whether the policy allows or denies.
func (x *exchange) authorize(event *events.APIGatewayProxyRequest) *failure {
	arn := "arn:aws:execute-api:" + region + ":" + accountID + ":" + apiID + "/" + x.config.API.Stage + "/" + x.r.Method + x.path
	answer, err := invoke(x, x.route.authorizer, authorizerEvent(event, arn))
	if err != nil {
		if err.Error() == unauthorized {
			return fail(unauthorized401)
		}
		x.report("authorizer", x.route.Authorizer, err)
		return fail(authorizerFailure)
	}
	v, err := decide(answer.PolicyDocument, arn)
	context, contextErr := contextStrings(answer.Context)
	if answer.PrincipalID == "" {
		err = errors.Join(err, errors.New("the answer has no principalId"))
	}
	if err := errors.Join(err, contextErr); err != nil {
		x.report("authorizer", x.route.Authorizer, err)
		return fail(authorizerConfigurationError)
	}
	context["principalId"] = answer.PrincipalID
	x.authorized = context
	switch v {
	case allowed:
		return nil
	case deniedExplicitly:
		return &failure{kind: accessDenied, message: "User is not authorized to access this resource with an explicit deny"}
	default:
		return fail(accessDenied)
	}
}

func authorizerEvent(event *events.APIGatewayProxyRequest, arn string,
) events.APIGatewayCustomAuthorizerRequestTypeRequest {
	c := &event.RequestContext
	return events.APIGatewayCustomAuthorizerRequestTypeRequest{
		Type: "REQUEST", MethodArn: arn,
		Resource: event.Resource, Path: event.Path, HTTPMethod: event.HTTPMethod,
		Headers: event.Headers, MultiValueHeaders: event.MultiValueHeaders,
		QueryStringParameters:           event.QueryStringParameters,
		MultiValueQueryStringParameters: event.MultiValueQueryStringParameters,
		PathParameters:                  event.PathParameters,
		RequestContext: events.APIGatewayCustomAuthorizerRequestTypeRequestContext{
			Path: c.Path, AccountID: c.AccountID, ResourceID: c.ResourceID, Stage: c.Stage, RequestID: c.RequestID,
			Identity:     events.APIGatewayCustomAuthorizerRequestTypeRequestIdentity{SourceIP: c.Identity.SourceIP},
			ResourcePath: c.ResourcePath, HTTPMethod: c.HTTPMethod, APIID: c.APIID,
		},
	}
}

// contextStrings turns an authorizer's context into the strings that functions see. Objects and lists are an error,
// as on AWS.
func contextStrings(context map[string]any) (map[string]any, error) {
	texts := make(map[string]any, len(context)+1)
	for name, value := range context {
		text, ok := contextString(value)
		if !ok {
			return nil, fmt.Errorf("context %s is a %T, want a string, number or boolean", name, value)
		}
		texts[name] = text
	}
	return texts, nil
}

func contextString(value any) (string, bool) {
	switch value := value.(type) {
	case string:
		return value, true
	case bool:
		return strconv.FormatBool(value), true
	case json.Number:
		return value.String(), true
	}
	switch v := reflect.ValueOf(value); {
	case v.Kind() == reflect.String:
		return v.String(), true
	case v.Kind() == reflect.Bool:
		return strconv.FormatBool(v.Bool()), true
	case v.CanInt():
		return strconv.FormatInt(v.Int(), 10), true
	case v.CanUint():
		return strconv.FormatUint(v.Uint(), 10), true
	case v.CanFloat():
		return strconv.FormatFloat(v.Float(), 'f', -1, 64), true
	}
	return "", false
}
