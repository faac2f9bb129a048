package session_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

func TestClaimFaults(t *testing.T) {
	nested := func(levels int) string { return strings.Repeat(`{"a":`, levels) + "1" + strings.Repeat("}", levels) }
	for claims, want := range map[string]string{
		`{}`: "", `{"roles":["admin"]}`: "",
		nested(8): "", nested(9): "tooDeep", `{"a":` + strings.Repeat("[", 8) + strings.Repeat("]", 8) + `}`: "tooDeep",
		`{"a":"` + strings.Repeat("{[", 20) + `\"[[","b":"\\"}`: "", // brackets in strings do not nest
		`{"a":"` + strings.Repeat("x", 2040) + `"}`:             "",
		`{"a":"` + strings.Repeat("x", 2041) + `"}`:             "tooLong",
		`{"sub":"x"}`: "reserved", `{"SUB":null}`: "reserved", `{"a":{"sub":1}}`: "",
	} {
		var codes []string
		for _, bad := range session.ClaimFaults(json.RawMessage(claims), nil) {
			codes = append(codes, bad.Code)
		}
		if got := strings.Join(codes, " "); got != want {
			t.Errorf("%.40s: got %q, want %q", claims, got, want)
		}
	}
	half := json.RawMessage(`{"a":"` + strings.Repeat("x", 1016) + `"}`)
	if bad := session.ClaimFaults(half, half); len(bad) != 0 {
		t.Errorf("2048 bytes with those of the hook: got %v, want no fault", bad)
	}
	if bad := session.ClaimFaults(half, append(half, ' ')); len(bad) != 1 {
		t.Errorf("2049 bytes with those of the hook: got %v, want one fault", bad)
	}
}
