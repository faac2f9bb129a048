package operator_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

const importedHash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" // SHA-256 of "test"

func TestImportKeepsWhatTheOtherSystemKnew(t *testing.T) {
	d := newDesk(t)
	payload := `{"tenantId":"demo","applicationId":"web","sessions":[{"userId":"zoe","tokenSha256":"` + importedHash + `",
		"createdAt":"2026-01-01T00:00:00Z","absoluteExpiresAt":"2026-02-01T00:00:00Z","claims":{"plan":"<b>"},"scope":"read write",
		"device":{"name":"phone","type":"mobile","userAgent":"App/1","ip":"2001:db8::1"}}]}`
	if got := d.do(api.ImportSessions, "%s", payload); fmt.Sprint(got) != "map[imported:1 skipped:[]]" {
		t.Errorf("got %v, want one imported", got)
	}
	l, err := d.store.Imported(t.Context(), token.ForeignOf("test").Locator())
	if err != nil {
		t.Fatal(err)
	}
	s, _, err := d.store.Load(t.Context(), l.Key)
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(s.User, s.CreatedAt.Unix(), s.AbsoluteExpiresAt.Unix(), string(s.Claims), s.Scope, *s.Device)
	if want := `zoe1767225600 1769904000{"plan":"\u003cb\u003e"}read write{phone mobile App/1 2001:db8::1}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := d.do(api.ImportSessions, "%s", payload); fmt.Sprint(got) != "map[imported:0 skipped:[map[index:0 why:there]]]" {
		t.Errorf("repeated: got %v, want it there", got)
	}
	entries, _, err := d.store.Entries(t.Context(), session.EntryQuery{Tenant: "demo", User: "zoe", Limit: 9})
	if err != nil || len(entries) != 1 || entries[0].Event != session.EventImported || entries[0].By != session.ByOperator {
		t.Errorf("got %v, %v, want one entry, imported by the operator", entries, err)
	}
	if strings.Contains(d.log.String(), importedHash) || strings.Contains(d.log.String(), "zoe") {
		t.Errorf("got the log %s, want neither the hash nor the user in it", &d.log)
	}
}

// A mistake in one session imports none, and the error names every field at fault, without its value.
func TestImportRefusesMistakesByTheirNames(t *testing.T) {
	d := newDesk(t)
	one := func(members string) string {
		return `{"userId":"zoe","tokenSha256":"` + importedHash + `"` + members + `}`
	}
	for sessions, want := range map[string]string{
		``: "sessions must be 1 to 100 objects",
		strings.Repeat(one("")+",", 100) + one(""): "sessions must be 1 to 100 objects",
		`7`:  "sessions[0] must be one JSON object",
		`{}`: "sessions[0].userId must not be blank. sessions[0].tokenSha256 must be 64 hexadecimal digits",
		one("") + `,{"userId":"a","tokenSha256":"` + strings.Repeat("g", 64) + `"}`: "sessions[1].tokenSha256",
		one(`,"refreshToken":"secret"`):                                             "sessions[0].refreshToken is not known",
		one(`,"createdAt":"2027-01-01T00:00:00Z"`):                                  "sessions[0].createdAt must be in the past",
		one(`,"createdAt":"yesterday"`):                                             "sessions[0].createdAt must be a time",
		one(`,"claims":{"sub":"root"}`):                                             "sessions[0].claims.sub is a claim that this service sets",
		one(`,"claims":[]`):                                                         "sessions[0].claims must be an object",
		one(`,"claims":{"x":"` + strings.Repeat("x", 2048) + `"}`):                  "sessions[0].claims may have 2048 bytes",
		one(`,"scope":"a  b"`):                                                      "sessions[0].scope must be scope tokens",
		one(`,"device":{"model":"x"}`):                                              "sessions[0].device.model is not known",
		one(`,"device":{"ip":"x"}`):                                                 "sessions[0].device.ip must be an IP address",
		one(`,"device":{"name":"` + strings.Repeat("x", 65) + `"}`):                 "sessions[0].device.name may have 64 bytes",
	} {
		_, err := d.try(api.ImportSessions, `{"tenantId":"demo","applicationId":"web","sessions":[%s]}`, sessions)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "root") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%.60s: got %v, want %q", sessions, err, want)
		}
	}
	for payload, want := range map[string]string{
		`{"tenantId":"demo","applicationId":"none","sessions":[` + one("") + `]}`:         "applicationId names no application",
		`{"tenantId":"a b","applicationId":"web","sessions":[` + one("") + `]}`:           "tenantId",
		`{"tenantId":"demo","applicationId":"web","sessions":[` + one("") + `],"more":1}`: "more is not known",
	} {
		if _, err := d.try(api.ImportSessions, "%s", payload); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: got %v, want %q", payload, err, want)
		}
	}
	if _, err := d.store.Imported(t.Context(), token.ForeignOf("test").Locator()); err == nil {
		t.Error("got an imported session after mistakes alone, want none")
	}
}
