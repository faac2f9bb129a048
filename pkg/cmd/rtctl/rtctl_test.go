package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/e2e/leaks"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
)

// everyCommand is one life of an application, keys and sessions, wherever the service is.
func everyCommand(t *testing.T, d *desk) {
	t.Helper()
	in := []string{"--tenant", "demo"}
	with := func(args ...string) []string { return append(args, in...) }
	d.do([]string{"application mobile of demo", "changed: name"}, with("app", "put", "mobile", "--name", "Mobile", "--set", "overlapSeconds=60")...)
	d.do([]string{"changed: usage\n"}, with("app", "put", "mobile", "--set", "usage=reusable")...)
	d.do([]string{"APPLICATION", "mobile", "Mobile", "reusable", "60 s"}, with("app", "list")...)
	d.do([]string{"overlapSeconds", "60", "epoch"}, with("app", "get", "mobile")...)
	d.do([]string{"TENANT\ndemo\nother\n"}, "app", "list", "--tenants")
	d.do([]string{"application mobile of demo is deleted"}, with("app", "delete", "mobile", "--yes", "--reason", "retired")...)
	d.refused([]string{"applicationId names no application"}, with("app", "get", "mobile")...)

	key := strings.TrimSpace(d.do([]string{"sak_"}, with("key", "create", "--name", "backend", "--permission", "tokens:read", "--expires", "720h")...))
	id := strings.Split(key, "_")[1]
	d.do([]string{id, "backend", "tokens:read"}, with("key", "list")...)
	d.do([]string{"API key", id, "works"}, with("explain", d.file(key))...)
	d.do([]string{"sak_"}, with("key", "rotate", id, "--overlap", "1h")...)
	d.do([]string{"API key " + id + " of demo is deleted"}, with("key", "delete", id, "-y")...)
	d.do([]string{"works", "no", "has no such key"}, with("explain", d.file(key))...)

	d.do([]string{fixture.SessionOne, fixture.SessionTwo, "service"}, with("session", "list", "--user", "alice")...)
	d.do([]string{"user", "alice", "generation", "web"}, with("session", "show", fixture.SessionOne)...)
	d.do([]string{"session " + fixture.SessionOne + " is updated"}, with("session", "update", fixture.SessionOne,
		"--claims", `{"plan":"pro"}`, "--scope", "", "--device-name", "Phone", "--ends", d.Now.AddDate(0, 4, 0).UTC().Format(time.RFC3339), "--supersede", "--reason", "test", "-y")...)
	d.do([]string{"device", "Phone"}, with("session", "show", fixture.SessionOne)...)
	d.do([]string{"2 sessions of user alice are updated"}, with("session", "update", "--user", "alice", "--application", "web", "--scope", "read", "-y")...)
	d.do([]string{"0 sessions of user alice are updated"}, with("session", "update", "--user", "alice", "--application", "web", "--scope", "read", "-y")...)
	d.refused([]string{"nothing would change"}, with("session", "update", fixture.SessionOne)...)
	d.refused([]string{"goes with --user"}, with("session", "update", fixture.SessionOne, "--application", "web")...)
	d.refused([]string{"claims.sub is a claim"}, with("session", "update", fixture.SessionOne, "--claims", `{"sub":"x"}`)...)
	current := d.RefreshText(fixture.SessionOne, 0)
	d.do([]string{"refresh token", "alice", "works        yes"}, with("explain", d.file(current))...)
	d.do([]string{"works        no", "It was refreshed", "since 20"}, with("explain", d.file(d.RefreshText(fixture.SessionTwo, 0)))...)
	d.do([]string{"the session is over"}, with("session", "delete", "--token", d.file(current), "-y")...)
	d.do([]string{"works        no", "is over"}, with("explain", d.file(current))...)
	d.do([]string{"the session is over"}, with("session", "delete", fixture.SessionTwo, "-y")...)
	d.refused([]string{"There is no such token."}, with("session", "show", fixture.SessionTwo)...)
	d.do([]string{"sessions of user alice in application service of demo are over"}, with("revoke", "--user", "alice", "--application", "service", "-y")...)
	d.do([]string{"0 sessions of user carol of demo are over"}, with("revoke", "--user", "carol", "-y", "--reason", "lost")...)
	d.refused([]string{"There is no such token."}, with("revoke", "--user", "carol", "--except", fixture.SessionTwo, "-y")...)
	d.do([]string{"sessions of user alice of demo are over"}, with("revoke", "--user", "alice", "-y")...)
	d.do([]string{"imported 2 sessions of 2 lines, skipped 0"}, with("import", d.file(strings.TrimSpace(lines(1, 2))), "--application", "web")...)
	d.do([]string{"AT", "EVENT", "deleted", "key:"}, with("history", "--user", "alice")...)
	d.do([]string{"all sessions of application web of demo are over"}, with("revoke", "--application", "web", "-y")...)
	d.do([]string{"all sessions of the whole tenant demo are over, in 3 applications"}, with("revoke", "-y", "--reason", "breach")...)
}

func TestEveryCommandWorksOverTheLaptopsSocket(t *testing.T) {
	d := onLaptop(t)
	everyCommand(t, d)
	aNewOperator(d)
	d.do([]string{"[]"}, "session", "list", "--user", "nobody", "--json")
	if got := d.run("session", "list", "--user", "nobody"); got.err != "none in tenant demo\n" {
		t.Errorf("an empty list: got %q, want its tenant", got.err)
	}
}

// A tenant whose key nobody has gets one for the length of a request.
func TestAPassingKeyIsDeletedAfterItsUse(t *testing.T) {
	d := onLaptop(t)
	before := d.do(nil, "key", "list", "--tenant", "other")
	d.do([]string{"SESSION"}, "session", "list", "--user", "bob", "--tenant", "other")
	if after := d.do(nil, "key", "list", "--tenant", "other"); after != before {
		t.Errorf("got keys\n%swant\n%s", after, before)
	}
	d.do([]string{"SESSION"}, "session", "list", "--user", "bob", "--tenant", "other", "--key-file", d.file(fixture.KeyText("other")))
	got := d.typed(fixture.KeyText("issue"), "session", "list", "--user", "bob", "--key-file", "-")
	d.wants(got, false, []string{"tokens:read"}, "a key without the permission")
}

func TestNothingEndsUnasked(t *testing.T) {
	d := onLaptop(t)
	for _, args := range [][]string{
		{"app", "delete", "web"},
		{"key", "delete", fixture.APIKey("read").ID},
		{"session", "delete", fixture.SessionOne},
		{"session", "update", "--user", "alice", "--scope", "read"},
		{"session", "delete", "--token", d.file(d.RefreshText(fixture.SessionOne, 0))},
		{"revoke", "--user", "alice"},
		{"revoke", "--application", "web"},
		{"revoke", "--tenant", "demo"},
	} {
		d.refused([]string{"there is nobody to ask; say --yes"}, args...)
	}
	null, err := os.Open(os.DevNull) // a character device, as a terminal is
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = null.Close() }()
	if got := d.given(null, "app", "delete", "web"); got.ok || !strings.HasSuffix(got.err, "there is nobody to ask; say --yes\n") {
		t.Errorf("without input: got %v, %s", got.ok, got.err)
	}
	d.refused([]string{"whose sessions are to end"}, "revoke", "-y")
	for _, args := range [][]string{
		{"--user", ""},
		{"--user", " ", "--application", "web"},
		{"--application", ""},
		{"--tenant", "demo", "--user", ""},
		{"--user", "alice", "--application", ".."},
		{"--user", "."},
		{"--user", "alice", "--except", ""},
	} {
		d.refused([]string{"nothing has changed"}, append([]string{"revoke", "-y"}, args...)...)
	}
	d.refused([]string{"--except goes with --user"}, "revoke", "-y", "--application", "web", "--except", fixture.SessionOne)
	d.do([]string{fixture.SessionOne}, "session", "list", "--user", "alice")
	d.do([]string{"web"}, "app", "list")
}

func TestATokenIsNeitherPrintedNorTakenFromAnArgument(t *testing.T) {
	d := onLaptop(t)
	for name, text := range map[string]string{
		"refresh token": d.RefreshText(fixture.SessionOne, 0), "access token": d.Sign(d.Access(fixture.SessionOne)),
		"API key": fixture.KeyText("read"),
	} {
		for _, format := range [][]string{nil, {"--json"}} {
			got := d.typed(text, append([]string{"explain", "-"}, format...)...)
			d.wants(got, true, []string{name}, "explain", name)
			if secret := text[len(text)-16:]; strings.Contains(got.out+got.err, secret) {
				t.Errorf("%s: got its end in\n%s%s", name, got.out, got.err)
			}
		}
		d.refused([]string{"never into an argument"}, "explain", text)
		if got := d.run("explain", text); strings.Contains(got.err, text[len(text)-16:]) {
			t.Errorf("%s: the refusal repeats it: %s", name, got.err)
		}
	}
	d.do([]string{"unknown", "neither"}, "explain", d.file("a word"))
	d.refused([]string{"is empty"}, "explain", d.file(""))
}

func TestNamesObeyNoTerminal(t *testing.T) {
	d := onLaptop(t)
	const hostile = "a\u001b[31m\u009b2J\u202eb\u2066\u200f\nc"
	d.do(nil, "app", "put", "web", "--name", hostile)
	for _, args := range [][]string{{"app", "list"}, {"app", "get", "web"}, {"app", "get", "web", "--json"}} {
		out := d.do([]string{`\u001b[31m\u009b2J\u202eb\u2066\u200f`}, args...)
		if strings.ContainsAny(out, "\u001b\u009b\u202e\u2066\u200f") {
			t.Errorf("rtctl %q: got %q, want control characters and marks escaped", args, out)
		}
	}
	if name := d.document("app", "get", "web")["name"]; name != hostile {
		t.Errorf("--json: got the name %q, want %q", name, hostile)
	}
	if got := d.run("app", "put", "web", "--set", "col\u001bour=red"); got.ok || strings.Contains(got.err, "\u001b") {
		t.Errorf("got %q, want a refusal without the character", got.err)
	}
}

func TestAMistakeIsOneLineThatSaysWhatToDo(t *testing.T) {
	d := onLaptop(t)
	for _, c := range []struct {
		words, args []string
	}{
		{[]string{`unknown command "lst"`, "did you mean list?"}, []string{"app", "lst"}},
		{[]string{`unknown command "sesion"`, "session"}, []string{"sesion"}},
		{[]string{"unknown flag"}, []string{"app", "list", "--colour"}},
		{[]string{"accepts 1 arg"}, []string{"app", "get"}},
		{[]string{`"permission"`}, []string{"key", "create", "--name", "x"}},
		{[]string{"settings.colour is not known here"}, []string{"app", "put", "web", "--set", "colour=red"}},
		{[]string{"must be name=value"}, []string{"app", "put", "web", "--set", "colour"}},
		{[]string{"is there twice"}, []string{"app", "put", "web", "--set", "usage=oneTime", "--set", "usage=reusable"}},
		{[]string{"name a session or --token"}, []string{"session", "delete"}},
		{[]string{"--region goes with --stack"}, []string{"app", "list", "--region", "eu-west-1"}},
		{[]string{"expiresAt must be a time"}, []string{"key", "create", "--name", "x", "--permission", "tokens:read", "--expires", "soon"}},
	} {
		d.refused(c.words, c.args...)
	}
	d.environment["LOCAL_DIR"] = t.TempDir()
	d.refused([]string{"no service has run in", "make run"}, "app", "list")
	d.do([]string{"rtctl [command]", "explain"}, "--help")
	d.do([]string{"bash completion"}, "completion", "bash")
}

func TestTheKeysOfALaptopAreListedWithoutTheirSecrets(t *testing.T) {
	d := onLaptop(t)
	for name, secret := range map[string][]byte{"signing-key": d.Signing, "token-key": d.Token} {
		if err := os.WriteFile(filepath.Join(d.environment["LOCAL_DIR"], name+"s.json"), secret, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, format := range [][]string{nil, {"--json"}} {
			out := d.do([]string{"active"}, append([]string{name, "list"}, format...)...)
			if err := leaks.Find(out, string(secret)); err != nil || strings.Contains(out, "1970") {
				t.Errorf("%s list: %v, got %s", name, err, out)
			}
		}
		d.refused([]string{"do not rotate", name + "s.json"}, name, "rotate")
		d.refused([]string{"do not rotate"}, name, "drop", "kid", "-y")
	}
}

func TestTheDoctorSaysWhatIsWrong(t *testing.T) {
	d := onLaptop(t)
	credentials := filepath.Join(d.environment["LOCAL_DIR"], "credentials.env")
	d.do([]string{"1 in JWKS", "within a second"}, "doctor")
	if err := os.Chmod(credentials, 0o644); err != nil {
		t.Fatal(err)
	}
	got := d.run("doctor")
	if got.ok || !strings.Contains(got.out, "chmod 600 "+credentials) || !strings.Contains(got.err, "1 of 6 things are wrong") {
		t.Errorf("got %v, %s%s; want the mode of the credentials at fault", got.ok, got.out, got.err)
	}
	text := fmt.Sprintf("BASE_URL=http://127.0.0.1:1\nTENANT_ID=demo\nAPI_KEY=%s\n", fixture.KeyText("all"))
	if err := os.WriteFile(credentials, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := d.run("doctor"); got.ok || !strings.Contains(got.out, "does not answer") {
		t.Errorf("got %v, %s; want an API that does not answer", got.ok, got.out)
	}
}
