package api_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// The largest claims that issue takes still make an access token that our own authorizer takes.
func TestTheLargestClaimsMakeAGoodToken(t *testing.T) {
	w := newWorld(t, io.Discard)
	caller := w.as(bearerKey("all"), demo)
	issue := func(claims string) (int, string) {
		answer, body := w.call("issue", rest{
			method: "POST", caller: caller, body: `{"userId":"carol","applicationId":"web","claims":` + claims + `}`,
		}.event())
		var data struct{ AccessToken string }
		_ = json.Unmarshal(body.Data, &data)
		return answer.StatusCode, data.AccessToken
	}
	const frame = len(`{"x":""}`)
	for name, c := range map[string]struct {
		value string
		want  int
	}{
		"2048 plain bytes":                        {strings.Repeat("a", 2048-frame), http.StatusCreated},
		"2049 plain bytes":                        {strings.Repeat("a", 2049-frame), http.StatusBadRequest},
		"340 bytes that are escaped, six for one": {strings.Repeat("<", 340), http.StatusCreated},
		"341 bytes that are escaped, six for one": {strings.Repeat("<", 341), http.StatusBadRequest},
	} {
		status, access := issue(`{"x":"` + c.value + `"}`)
		if status != c.want {
			t.Errorf("%s: %d, want %d", name, status, c.want)
		}
		if status == http.StatusCreated {
			w.as("Bearer "+access, demo) // fails the test unless the authorizer lets it in
		}
	}
}

// One answer lists a bounded number of faults: it must not be many times the size of the request that caused it.
func TestFaultsAreBounded(t *testing.T) {
	w := newWorld(t, io.Discard)
	body := "{"
	for i := range 2000 {
		body += `"` + string(rune('a'+i%26)) + strings.Repeat("x", i/26) + `":0,`
	}
	body = body[:min(len(body), 16000)]
	body = body[:strings.LastIndexByte(body, ',')] + "}"
	answer, envelope := w.call("refresh", rest{method: "POST", body: body}.event())
	if answer.StatusCode != http.StatusBadRequest || len(envelope.Errors) == 0 || len(answer.Body) > 2*len(body) {
		t.Errorf("%d bytes were answered with %d and %d bytes", len(body), answer.StatusCode, len(answer.Body))
	}
}
