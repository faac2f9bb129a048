package main

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/smithy-go/encoding/cbor"

	"github.com/stencil-auth/refresh-tokens/pkg/e2e/lambda/runtimeapi"
	"github.com/stencil-auth/refresh-tokens/pkg/operator/socket"
	"github.com/stencil-auth/refresh-tokens/pkg/stack"
)

// onAWS is a deployed stack of functions in this process.
func onAWS(t *testing.T) *desk {
	t.Helper()
	d := newDesk(t)
	d.onAWS()
	return d
}

// onAWS puts a fake CloudFormation and a fake Lambda in front of the functions. There are no credentials of the service.
func (d *desk) onAWS() {
	d.Helper()
	fake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name, found := strings.CutPrefix(r.URL.Path, "/2015-03-31/functions/"); found {
			d.lambda(w, r, strings.TrimSuffix(name, "/invocations"))
			return
		}
		if operation, found := strings.CutPrefix(r.URL.Path, "/service/GraniteServiceVersion20100801/operation/"); found {
			d.cloudWatch(w, r, operation)
			return
		}
		if target := r.Header.Get("X-Amz-Target"); target != "" {
			d.json(w, r, target)
			return
		}
		d.cloudFormation(w, r)
	}))
	d.Cleanup(fake.Close)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL_CLOUDFORMATION": fake.URL, "AWS_ENDPOINT_URL_LAMBDA": fake.URL, "AWS_ENDPOINT_URL_DYNAMODB": fake.URL,
		"AWS_ENDPOINT_URL_CLOUDWATCH": fake.URL, "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS": fake.URL,
		"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "", "AWS_DEFAULT_REGION": "", "AWS_PROFILE": "",
		"AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent", "AWS_MAX_ATTEMPTS": "1",
		"AWS_EC2_METADATA_DISABLED": "true",
	} {
		d.Setenv(name, value)
	}
	d.flags = []string{"--stack", "tokens-prod", "--region", "eu-north-1"}
	d.outputs = map[string]string{
		"ApiUrl": d.url, "TableName": "table", "EventLogsName": "/aws/events/tokens-prod",
	}
}

const arn = "arn:aws:lambda:eu-north-1:123456789012:function:"

// lambda invokes a function, which is named by the address in the stack's outputs.
func (d *desk) lambda(w http.ResponseWriter, r *http.Request, name string) {
	name, _ = url.PathUnescape(name)
	payload, err := io.ReadAll(r.Body)
	function := d.function(strings.TrimSuffix(strings.TrimPrefix(name, arn), ":live"))
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
		if failure, ok := errors.AsType[*runtimeapi.FunctionError](err); ok {
			answer = failure
		}
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// function is one by its logical id; nil for none.
func (d *desk) function(id string) socket.Function {
	for op, function := range d.functions {
		if stack.LogicalID(op) == id {
			return function
		}
	}
	return nil
}

// json answers for the table and the log group.
func (d *desk) json(w http.ResponseWriter, r *http.Request, target string) {
	var in struct {
		NextToken, LogGroupName, FilterPattern string
		StartTime                              int64
	}
	_ = json.NewDecoder(r.Body).Decode(&in) // a request of the SDK
	switch target {
	case "Logs_20140328.FilterLogEvents":
		if in.LogGroupName != "/aws/events/tokens-prod" || !strings.Contains(in.FilterPattern, `?"token.deleted"`) || in.StartTime == 0 {
			d.Errorf("got %+v, want the events of the stack since a time", in)
		}
		_ = json.NewEncoder(w).Encode(d.page(in.NextToken))
	case "DynamoDB_20120810.DescribeTable":
		fmt.Fprint(w, `{"Table":{"TableStatus":"ACTIVE"}}`)
	default: // DescribeTimeToLive
		fmt.Fprint(w, `{"TimeToLiveDescription":{"AttributeName":"ttl","TimeToLiveStatus":"ENABLED"}}`)
	}
}

// page is one event of the log group, and the way to the next one; the first page is empty, as pages may be.
func (d *desk) page(token string) map[string]any {
	n, _ := strconv.Atoi(token)
	page := map[string]any{"events": []any{}}
	if n > 0 && n <= len(d.events) {
		raw, err := json.Marshal(d.events[n-1])
		if err != nil {
			d.Error(err)
		}
		page["events"] = []any{map[string]any{"message": string(raw), "eventId": token, "timestamp": 1}}
	}
	if n < len(d.events) {
		page["nextToken"] = strconv.Itoa(n + 1)
	}
	return page
}

// cloudWatch lists the alarms that sound, and answers two values of each query of metrics: for its first and its last slot.
func (d *desk) cloudWatch(w http.ResponseWriter, r *http.Request, operation string) {
	alarms := cbor.List{}
	for _, name := range d.alarms {
		alarms = append(alarms, cbor.Map{"AlarmName": cbor.String(name), "StateReason": cbor.String("Threshold crossed")})
	}
	answer := cbor.Map{"MetricAlarms": alarms}
	if operation == "GetMetricData" {
		answer = d.metrics(r)
	}
	w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
	w.Header().Set("Content-Type", "application/cbor")
	_, _ = w.Write(cbor.Encode(answer))
}

// metrics keeps the expressions that it is asked for.
func (d *desk) metrics(r *http.Request) cbor.Map {
	raw, err := io.ReadAll(r.Body)
	value, errCBOR := cbor.Decode(raw)
	in, isMap := value.(cbor.Map)
	if err != nil || errCBOR != nil || !isMap {
		d.Fatalf("got %q, %v, %v; want a request in CBOR", raw, err, errCBOR)
	}
	results := cbor.List{}
	for i, one := range in["MetricDataQueries"].(cbor.List) {
		query := one.(cbor.Map)
		d.expressions = append(d.expressions, string(query["Expression"].(cbor.String)))
		results = append(results, cbor.Map{
			"Id": query["Id"], "Timestamps": cbor.List{in["EndTime"], in["StartTime"]},
			"Values": cbor.List{cbor.Float64(i + 1), cbor.Float64(10 * (i + 1))},
		})
	}
	return cbor.Map{"MetricDataResults": results}
}

// cloudFormation describes the one stack, with the outputs of template.yaml.
func (d *desk) cloudFormation(w http.ResponseWriter, r *http.Request) {
	type output struct{ OutputKey, OutputValue string }
	type parameter struct{ ParameterKey, ParameterValue string }
	if err := r.ParseForm(); err != nil || r.Form.Get("StackName") != "tokens-prod" {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `<ErrorResponse><Error><Code>ValidationError</Code><Message>Stack with id %s does not exist</Message></Error></ErrorResponse>`,
			r.Form.Get("StackName"))
		return
	}
	outputs := []output{}
	for name, value := range deployed(d.T).Outputs {
		id, alias, named := strings.Cut(strings.TrimPrefix(value, "${"), "}")
		if id = strings.TrimSuffix(id, ".Arn"); named && d.function(id) != nil {
			d.outputs[name] = arn + id + alias
		}
		if d.outputs[name] != "" {
			outputs = append(outputs, output{name, d.outputs[name]})
		}
	}
	parameters := []parameter{}
	for name, value := range d.parameters {
		parameters = append(parameters, parameter{name, value})
	}
	_ = xml.NewEncoder(w).Encode(struct {
		XMLName    xml.Name    `xml:"DescribeStacksResponse"`
		Status     string      `xml:"DescribeStacksResult>Stacks>member>StackStatus"`
		Name       string      `xml:"DescribeStacksResult>Stacks>member>StackName"`
		Parameters []parameter `xml:"DescribeStacksResult>Stacks>member>Parameters>member"`
		Outputs    []output    `xml:"DescribeStacksResult>Stacks>member>Outputs>member"`
	}{Status: "UPDATE_COMPLETE", Name: "tokens-prod", Parameters: parameters, Outputs: outputs})
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

func TestTheDoctorLooksAtTheStackAndItsTable(t *testing.T) {
	d := onAWS(t)
	d.alarms = []string{"tokens-prod-ApiErrors-1ABCD", "tokens-prod-eu-ApiLatency-1ABCD"}
	d.parameters = map[string]string{"Stage": "prod", "DeletionProtection": "false", "RefreshRate": "5000", "MaxWriteUnits": "4000"}
	got := d.run("doctor")
	for _, want := range []string{
		"tokens-prod is UPDATE_COMPLETE", "without a stream", "switch the stream on", "TTL", "in JWKS",
		"alarm ApiErrors", "see Alarm `ApiErrors`", "parameter DeletionProtection", "4000 serves 3922 refreshes per second",
	} {
		if !strings.Contains(got.out, want) {
			t.Errorf("got\n%swant %q in it", got.out, want)
		}
	}
	if got.ok || !strings.Contains(got.err, "4 of 10 things are wrong") || strings.Contains(got.out, "ApiLatency") {
		t.Errorf("got %v, %s; want the stream, an alarm and two parameters at fault", got.ok, got.err)
	}
}
