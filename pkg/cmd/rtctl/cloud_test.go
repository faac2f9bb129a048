package main

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/operator/socket"
	"github.com/stencil-auth/refresh-tokens/pkg/stack"
)

// onAWS puts a fake CloudFormation and a fake Lambda in front of the functions. There are no credentials of the service.
func onAWS(t *testing.T) *desk {
	t.Helper()
	d := newDesk(t)
	fake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name, found := strings.CutPrefix(r.URL.Path, "/2015-03-31/functions/"); found {
			d.lambda(w, r, strings.TrimSuffix(name, "/invocations"))
			return
		}
		d.cloudFormation(w, r)
	}))
	t.Cleanup(fake.Close)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL_CLOUDFORMATION": fake.URL, "AWS_ENDPOINT_URL_LAMBDA": fake.URL, "AWS_ENDPOINT_URL_DYNAMODB": fake.URL,
		"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "", "AWS_DEFAULT_REGION": "", "AWS_PROFILE": "",
		"AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent", "AWS_MAX_ATTEMPTS": "1",
		"AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(name, value)
	}
	d.flags = []string{"--stack", "tokens-prod", "--region", "eu-north-1"}
	return d
}

const arn = "arn:aws:lambda:eu-north-1:123456789012:function:"

// lambda invokes a function, which is named by the address in the stack's outputs.
func (d *desk) lambda(w http.ResponseWriter, r *http.Request, name string) {
	name, _ = url.PathUnescape(name)
	payload, err := io.ReadAll(r.Body)
	function := d.functions[strings.TrimSuffix(strings.TrimPrefix(name, arn), ":live")]
	if err != nil || function == nil || !strings.Contains(r.Header.Get("Authorization"), "eu-north-1/lambda") {
		w.Header().Set("X-Amzn-Errortype", "ResourceNotFoundException")
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprintf(w, `{"Message":"Function not found: %s"}`, name)
		return
	}
	answer, err := function(r.Context(), payload)
	if err != nil {
		w.Header().Set("X-Amz-Function-Error", "Unhandled")
		answer = socket.Error{Type: "InputError", Message: err.Error()}
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// cloudFormation describes the one stack, with the outputs of template.yaml.
func (d *desk) cloudFormation(w http.ResponseWriter, r *http.Request) {
	type output struct{ OutputKey, OutputValue string }
	if err := r.ParseForm(); err != nil || r.Form.Get("StackName") != "tokens-prod" {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `<ErrorResponse><Error><Code>ValidationError</Code><Message>Stack with id %s does not exist</Message></Error></ErrorResponse>`,
			r.Form.Get("StackName"))
		return
	}
	outputs := []output{{"ApiUrl", d.url}, {"TableName", "table"}}
	for function := range d.functions {
		outputs = append(outputs, output{stack.LogicalID(function) + "Arn", arn + function + ":live"})
	}
	_ = xml.NewEncoder(w).Encode(struct {
		XMLName xml.Name `xml:"DescribeStacksResponse"`
		Status  string   `xml:"DescribeStacksResult>Stacks>member>StackStatus"`
		Name    string   `xml:"DescribeStacksResult>Stacks>member>StackName"`
		Outputs []output `xml:"DescribeStacksResult>Stacks>member>Outputs>member"`
	}{Status: "UPDATE_COMPLETE", Name: "tokens-prod", Outputs: outputs})
}

func TestEveryCommandWorksOverADeployedStack(t *testing.T) {
	everyCommand(t, onAWS(t))
}

func TestAStackThatCannotBeUsedIsOneClearLine(t *testing.T) {
	d := onAWS(t)
	d.refused([]string{"--tenant is missing"}, "app", "get", "web")
	delete(d.functions, "list-api-keys")
	d.refused([]string{"no output ListApiKeysFunctionArn", "deploy this version"}, "key", "list", "--tenant", "demo")
	d.flags = []string{"--stack", "tokens-dev", "--region", "eu-north-1"}
	d.refused([]string{"tokens-dev does not exist"}, "app", "list", "--tenants")
	d.flags = []string{"--stack", "tokens-prod"}
	d.refused([]string{"no region"}, "app", "list", "--tenants")
}
