package gateway

import "net/http"

// kind is a gateway response type.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
type kind string

const (
	accessDenied                 kind = "ACCESS_DENIED"
	authorizerConfigurationError kind = "AUTHORIZER_CONFIGURATION_ERROR"
	authorizerFailure            kind = "AUTHORIZER_FAILURE"
	badRequestBody               kind = "BAD_REQUEST_BODY"
	badRequestParameters         kind = "BAD_REQUEST_PARAMETERS"
	default4XX                   kind = "DEFAULT_4XX"
	default5XX                   kind = "DEFAULT_5XX"
	integrationTimeout504        kind = "INTEGRATION_TIMEOUT"
	missingAuthenticationToken   kind = "MISSING_AUTHENTICATION_TOKEN"
	requestTooLarge              kind = "REQUEST_TOO_LARGE"
	unauthorized401              kind = "UNAUTHORIZED"
	// On AWS a function that fails, or whose answer is not a proxy response, is a 502 of DEFAULT_5XX.
	malformedAnswer = default5XX
)

// failure is an error that the gateway answers itself.
type failure struct {
	kind    kind
	message string // AWS's own text, $context.error.message
	body    string // in place of the template's, if it is not ""
}

func fail(k kind) *failure {
	_, message := k.standard()
	return &failure{kind: k, message: message}
}

// kinds are those that this gateway raises.
func kinds() []kind {
	return []kind{
		accessDenied, authorizerConfigurationError, authorizerFailure, badRequestBody, badRequestParameters, default4XX,
		default5XX, integrationTimeout504, missingAuthenticationToken, requestTooLarge, unauthorized401,
	}
}

// standard is AWS's own status and text of a kind.
func (k kind) standard() (status int, message string) {
	switch k {
	case accessDenied:
		return http.StatusForbidden, "User is not authorized to access this resource"
	case badRequestBody:
		return http.StatusBadRequest, "Invalid request body"
	case badRequestParameters, default4XX:
		return http.StatusBadRequest, "Bad Request"
	case integrationTimeout504:
		return http.StatusGatewayTimeout, "Endpoint request timed out"
	case missingAuthenticationToken:
		return http.StatusForbidden, "Missing Authentication Token"
	case requestTooLarge:
		return http.StatusRequestEntityTooLarge, "Request Too Long"
	case unauthorized401:
		return http.StatusUnauthorized, "Unauthorized"
	case default5XX:
		return http.StatusBadGateway, "Internal server error"
	default: // the authorizer's two
		return http.StatusInternalServerError, "Internal server error"
	}
}
