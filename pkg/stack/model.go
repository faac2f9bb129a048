package stack

import (
	"encoding/json"
	"fmt"
)

// Template is template.yaml as a stack with certain parameters has it: functions of CloudFormation are evaluated,
// and resources whose condition does not hold are absent.
type Template struct {
	API       API
	Functions []Function // in the template's order
	// Resources are all resources by logical id. SAM's Globals are merged into functions and the API.
	Resources map[string]Resource
	// Parameters are the values in effect, Outputs the values that the stack would have.
	Parameters, Outputs map[string]string
}

// Resource is one resource. A property is a string, bool, int, float64, []any or map[string]any.
type Resource struct {
	Type       string
	DependsOn  []string
	Properties map[string]any
	// Retained says that neither a deletion of the stack nor a replacement deletes the resource.
	Retained bool
}

// Decode stores the properties in the value that into points to, as encoding/json would.
func (r Resource) Decode(into any) error {
	raw, err := json.Marshal(r.Properties)
	if err == nil {
		err = json.Unmarshal(raw, into)
	}
	if err != nil {
		return fmt.Errorf("decode %s: %w", r.Type, err)
	}
	return nil
}

// API is the one AWS::Serverless::Api of a template, in the template's own order.
type API struct {
	LogicalID string
	Stage     string
	Routes    []Route
	// Responses are the gateway responses by type, such as UNAUTHORIZED or DEFAULT_4XX.
	Responses map[string]Response
}

// Route is one method of one path.
type Route struct {
	Method     string // upper case
	Path       string // such as /jwt/refresh/{tokenId}
	Function   string // logical id
	Operation  string // of the function
	Authorizer string // operation of the route's authorizer, "" for a public route
}

// Function is one Lambda function.
type Function struct {
	LogicalID string
	Operation string
	Variables map[string]string // of the environment
}

// Response is one gateway response.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
type Response struct {
	Status  int               // 0 keeps the status of the error itself
	Headers map[string]string // name to mapping expression, such as 'no-store' with its quotes
	Body    string            // the application/json template; "" means AWS's own
}
