package stack_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stencil-auth/refresh-tokens/pkg/stack"
)

// hot are the resources of the HTTP API beside the REST API.
var hot = []string{"HotApi", "HotStage", "HotRole", "HotErrors"}

// It has what refreshes and their preflights, by the functions' aliases and with the events of the REST API, and its role
// may invoke these alone.
func TestTheHotRouteTakesRefreshesAlone(t *testing.T) {
	template := deployed(t, "HotRoute=true", "RefreshRate=7", "RefreshBurst=8")
	api := template.Resources["HotApi"].Properties["Body"]
	got, want := map[string]string{}, map[string]string{"OPTIONS /{proxy+}": "PreflightFunction"}
	for path, methods := range at(api, "paths").(map[string]any) {
		for method, operation := range methods.(map[string]any) {
			name := fmt.Sprint(at(operation, "x-amazon-apigateway-integration", "$ref"))
			integration := at(api, "components", "x-amazon-apigateway-integrations", name[strings.LastIndex(name, "/")+1:])
			if at(integration, "type") != "aws_proxy" || at(integration, "payloadFormatVersion") != "1.0" || at(integration, "credentials") != arn("HotRole") {
				t.Errorf("%s %s: got %v, want a proxy with payload 1.0 by HotRole", method, path, integration)
			}
			uri := fmt.Sprint(at(integration, "uri"))
			function, _, aliased := strings.Cut(uri[strings.LastIndex(uri, "${")+2:], ".Alias}/invocations")
			if !aliased {
				t.Errorf("%s %s: got %s, want the live alias of a function", method, path, uri)
			}
			got[strings.ToUpper(method)+" "+path] = function
		}
	}
	for _, r := range template.API.Routes {
		if r.Method == "POST" && slices.Contains(refreshes, r.Operation) {
			want["POST "+r.Path] = r.Function
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("routes (-REST API +HTTP API):\n%s", diff)
	}
	var invoked []string
	for _, function := range want {
		invoked = append(invoked, "${"+function+".Alias}")
	}
	slices.Sort(invoked)
	role := properties[struct {
		Policies []struct{ PolicyDocument policy }
	}](t, template.Resources["HotRole"])
	statements := role.Policies[0].PolicyDocument.Statement
	slices.Sort(statements[0].Resource)
	if len(statements) != 1 || fmt.Sprint(statements[0].Action) != "[lambda:InvokeFunction]" || !slices.Equal([]string(statements[0].Resource), slices.Compact(invoked)) {
		t.Errorf("got %+v, want lambda:InvokeFunction of %v", statements, invoked)
	}
	settings := template.Resources["HotStage"].Properties["DefaultRouteSettings"]
	if at(settings, "ThrottlingRateLimit") != 7 || at(settings, "ThrottlingBurstLimit") != 8 {
		t.Errorf("got %v, want the throttles of a refresh", settings)
	}
	if got := alarms(t, template)["HotErrors"].watched(); got != "5xx Average ApiId=${HotApi}" {
		t.Errorf("the alarm watches %q", got)
	}
}

func TestWithoutTheParameterThereIsNoHotRoute(t *testing.T) {
	for _, id := range hot {
		if _, there := deployed(t).Resources[id]; there {
			t.Errorf("a stack has %s by default", id)
		}
	}
}

// Traces may cost as much as all the rest, and warm throughput is charged once: a stack has them on request.
func TestTracesAndWarmThroughputAreOnRequest(t *testing.T) {
	for _, c := range []struct {
		template     *stack.Template
		traced, warm string
	}{
		{deployed(t), "PassThrough false", "<nil>"},
		{deployed(t, "Traces=true", "WarmWriteUnits=40000"), "Active true", "map[ReadUnitsPerSecond:12000 WriteUnitsPerSecond:40000]"},
	} {
		function, api := c.template.Resources["RefreshFunction"].Properties, c.template.Resources["Api"].Properties
		traced := fmt.Sprint(function["Tracing"], " ", api["TracingEnabled"])
		warm := fmt.Sprint(c.template.Resources["TokenTable"].Properties["WarmThroughput"])
		if traced != c.traced || warm != c.warm {
			t.Errorf("got traces %s and %s, want %s and %s", traced, warm, c.traced, c.warm)
		}
	}
}
