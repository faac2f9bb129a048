package lambda_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// The line names the metrics dynamodbCalls, ms and requests in the stack's namespace, in CloudWatch's embedded metric
// format (pkg/telemetry tests it); the repetitions of the SDK count as requests.
func TestOneLinePerInvocationCountsTheRequestsToDynamoDB(t *testing.T) {
	p := newAccount(t).withTable()
	between := newProxy(t)
	p.At("DYNAMODB", p.Serve(between))
	replays := map[string]*replay{}
	for _, c := range []struct {
		event, outcome string
		calls          float64
		lost           bool // the first answer to a write
	}{
		{"refresh", "rotated", 2, false},
		{"refresh-forged", "forged", 0, false},
		{"refresh", "rotated", 3, true},
		{"authorizer", "allowed", 1, false},
		{"authorizer-malformed", "missing", 0, false},
		{"authorize-resource", "allowed", 1, false},
		{"authorize-resource-other-audience", "other audience", 0, false},
		{"delete-api-key", "ok", 2, false},
	} {
		if c.lost {
			p.reset(t)
			between.mu.Lock()
			between.after = func() {}
			between.mu.Unlock()
		}
		op := functionOf(t, c.event)
		if replays[op] == nil {
			replays[op] = &replay{account: p, Process: p.start(op)}
		}
		r, event := replays[op], p.read(c.event)
		r.seen = append(r.seen, string(event))
		if _, err := r.Invoke(t.Context(), event, timeout); err != nil && !strings.HasPrefix(op, "authoriz") { // a 401 is an error
			t.Fatal(err)
		}
		lines := r.lines()
		if len(lines) != 1 {
			t.Fatalf("%s: got %d lines, want one", c.event, len(lines))
		}
		line := lines[0]
		if line["op"] != op || line["outcome"] != c.outcome || line["dynamodbCalls"] != c.calls || (line["requestId"] == nil) == (line["apiRequestId"] == nil) || line["timestamp"] == nil {
			t.Errorf("%s: got the line %v, want %s %s with %v requests and one id", c.event, line, op, c.outcome, c.calls)
		}
		namespace := fmt.Sprint(p.Value("METRICS_NAMESPACE", ""))
		want := namespace + " [[op outcome]] [requests], " + namespace + " [[op]] [dynamodbCalls ms]"
		if got := metrics(line); got != want {
			t.Errorf("%s: metrics: got %s, want %s", c.event, got, want)
		}
	}
	for _, r := range replays {
		r.wantNoSecretsLogged()
	}
}

// metrics are the namespaces, the dimensions and the names of the metrics in a line.
func metrics(line map[string]any) string {
	raw, _ := json.Marshal(line["_aws"])
	var directive struct {
		CloudWatchMetrics []struct {
			Namespace  string
			Dimensions [][]string
			Metrics    []struct{ Name string }
		}
	}
	if err := json.Unmarshal(raw, &directive); err != nil {
		return string(raw)
	}
	var all []string
	for _, one := range directive.CloudWatchMetrics {
		var names []string
		for _, metric := range one.Metrics {
			names = append(names, metric.Name)
		}
		slices.Sort(names)
		all = append(all, fmt.Sprint(one.Namespace, " ", one.Dimensions, " ", names))
	}
	return strings.Join(all, ", ")
}
