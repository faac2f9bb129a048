package stack

// API is the one AWS::Serverless::Api of a template, in the template's own order.
type API struct {
	LogicalID string
	Stage     string
	Routes    []Route
	Functions []Function
	// Responses are the gateway responses by type, such as UNAUTHORIZED or DEFAULT_4XX.
	Responses map[string]Response
}

// Route is one method of one path.
type Route struct {
	Method     string // upper case
	Path       string // such as /jwt/refresh/{tokenId}
	Function   string // logical id
	Operation  string // of the function
	Authorizer string // operation of the authorizer in front, "" for none
}

// Function is one Lambda function.
type Function struct {
	LogicalID string
	Operation string
}

// Response is one gateway response.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
type Response struct {
	Status  int               // 0 keeps the status of the error itself
	Headers map[string]string // name to mapping expression, such as 'no-store' with its quotes
	Body    string            // the application/json template; "" means AWS's own
}
