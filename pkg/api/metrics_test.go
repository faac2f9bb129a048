package api_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
)

// One line per request is a metric as well: its directive names members that the line has, and no tenant.
func TestLogLinesAreMetrics(t *testing.T) {
	var log bytes.Buffer
	w := newWorld(t, &log)
	core := w.core
	core.Metrics = "RefreshTokens"
	w.handlers = api.Handlers(core, nil)
	text := w.refreshText(sessionTwo, demo, alice, web, 0)
	log.Reset()
	w.call("refresh", rest{method: "POST", body: `{"refreshToken":"` + text + `"}`}.event())
	var line map[string]any
	if err := json.Unmarshal(log.Bytes(), &line); err != nil {
		t.Fatalf("not one JSON line: %v\n%s", err, log.String())
	}
	if line["op"] != "refresh" || line["outcome"] != "reuse" || line["security"] != true || line["tenant"] != demo {
		t.Errorf("the line says %v", line)
	}
	var emf struct {
		AWS struct {
			Timestamp         int64
			CloudWatchMetrics []struct {
				Namespace  string
				Dimensions [][]string
				Metrics    []struct{ Name, Unit string }
			}
		} `json:"_aws"`
	}
	if err := json.Unmarshal(log.Bytes(), &emf); err != nil {
		t.Fatal(err)
	}
	if len(emf.AWS.CloudWatchMetrics) != 1 || emf.AWS.Timestamp == 0 {
		t.Fatalf("the directive is %+v", emf)
	}
	directive := emf.AWS.CloudWatchMetrics[0]
	for _, dimension := range slices.Concat(directive.Dimensions...) {
		if text, ok := line[dimension].(string); !ok || text == "" || dimension == "tenant" {
			t.Errorf("dimension %s is %v", dimension, line[dimension])
		}
	}
	for _, metric := range directive.Metrics {
		if _, ok := line[metric.Name].(float64); !ok {
			t.Errorf("metric %s is %v", metric.Name, line[metric.Name])
		}
	}
}
