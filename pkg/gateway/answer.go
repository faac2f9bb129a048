package gateway

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"

	"github.com/aws/aws-lambda-go/events"
)

// answer writes a function's answer; a malformed one fails before anything is written.
func (x *exchange) answer(from events.APIGatewayProxyResponse) *failure {
	body := from.Body
	var err error
	if from.IsBase64Encoded {
		var raw []byte
		raw, err = base64.StdEncoding.DecodeString(from.Body)
		body = string(raw)
	}
	if from.StatusCode < 200 || from.StatusCode > 599 {
		err = errors.Join(err, fmt.Errorf("%d is not a status code", from.StatusCode))
	}
	if err != nil {
		x.report("answer of function", x.route.Operation, err)
		return fail(malformedAnswer)
	}
	header := x.w.Header()
	merge(header, from)
	if header["Content-Type"] == nil {
		header["Content-Type"] = []string{"application/json"}
	}
	if x.r.Method != http.MethodHead && bodyAllowed(from.StatusCode) {
		header["Content-Length"] = []string{strconv.Itoa(len(body))}
	}
	x.w.WriteHeader(from.StatusCode)
	_, _ = io.WriteString(x.w, body) // the client may be gone
	return nil
}

func bodyAllowed(status int) bool {
	return status != http.StatusNoContent && status != http.StatusNotModified
}

// merge adds both kinds of headers; a pair that is in both is sent once.
func merge(header http.Header, from events.APIGatewayProxyResponse) {
	for name, all := range from.MultiValueHeaders {
		if name = outgoing(name); name != "" {
			header[name] = append(header[name], all...)
		}
	}
	for name, value := range from.Headers {
		if name = outgoing(name); name != "" && !slices.Contains(header[name], value) {
			header[name] = append(header[name], value)
		}
	}
}

// outgoing is the name that a REST API sends a function's header with; "" for one that it drops.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
func outgoing(name string) string {
	switch name = http.CanonicalHeaderKey(name); name {
	case "Connection", "Date", "Server", "Www-Authenticate":
		return "X-Amzn-Remapped-" + name
	case "Content-Length", "Transfer-Encoding":
		return ""
	}
	return name
}
