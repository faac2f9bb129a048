package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
)

// tools stand in front of what a command of the runbook would do to the machine or to AWS: aws asks the test, rtctl is the
// one of this process, make says what it would run, and git and sam do nothing.
const tools = `set -eu -o pipefail
aws() { printf '%s\0' "$@" | command curl -sSf --data-binary @- "$ACCOUNT"; }
curl() { command curl -sSf "$@"; }
make() { command make -s -n -C "$ROOT" "$@" >/dev/null; }
rtctl() {
  case "$1 $2" in "session delete" | revoke* | replay*) set -- "$@" --yes ;; console*) set -- "$@" --help ;; esac
  RTCTL_IS_KILLED=1 "$RTCTL" "$@"
}
git() { :; }
sam() { :; }
sleep() { :; }
`

var query = regexp.MustCompile(`OutputKey=='(\w+)'`)

// account answers a command of the AWS CLI: what the stack has, what its functions say, and nothing else.
func (d *desk) account(args []string) (string, error) {
	option := map[string]string{}
	for i := range len(args) - 1 {
		option[args[i]] = args[i+1]
	}
	template := deployed(d.T)
	switch command := strings.Join(args[:2], " "); command {
	case "cloudformation describe-stacks":
		if name := query.FindStringSubmatch(option["--query"]); name != nil {
			if _, found := template.Outputs[name[1]]; !found {
				return "", fmt.Errorf("no output %s", name[1])
			}
			if id, isFunction := strings.CutSuffix(name[1], "Arn"); isFunction && d.function(id) != nil {
				return arn + id, nil
			}
			if name[1] == "ApiUrl" {
				return d.url, nil
			}
			return "the-" + name[1], nil
		}
		return "[]", nil
	case "cloudformation describe-stack-resource":
		id := option["--logical-resource-id"]
		if _, found := template.Resources[id]; !found {
			return "", fmt.Errorf("no resource %s", id)
		}
		return "the-" + id, nil
	case "cloudformation get-template":
		return text(d.T, map[string]any{"TemplateBody": map[string]any{"Resources": template.Resources}})
	case "cloudformation list-stack-resources":
		var all []map[string]string
		for id, r := range template.Resources {
			all = append(all, map[string]string{"LogicalResourceId": id, "ResourceType": r.Type, "PhysicalResourceId": "the-" + id})
		}
		if option["--query"] != "" {
			return "RefreshFunction", nil
		}
		return text(d.T, map[string]any{"StackResourceSummaries": all})
	case "dynamodb describe-backup":
		return "AVAILABLE", nil
	case "lambda invoke":
		function := d.function(strings.TrimPrefix(option["--function-name"], arn))
		if function == nil {
			return "", nil // of a rotation, which needs Secrets Manager
		}
		answer, err := function(d.Context(), json.RawMessage(option["--payload"]))
		if err != nil {
			return "", fmt.Errorf("%s: %w", option["--payload"], err)
		}
		return text(d.T, answer)
	}
	return "", nil
}

func text(t *testing.T, value any) (string, error) {
	t.Helper()
	raw, err := json.Marshal(value)
	return string(raw), err
}

// Every console block of the runbook runs, in order, in one shell.
func TestTheRunbookRuns(t *testing.T) {
	for _, tool := range []string{"bash", "curl", "jq", "make"} {
		if _, err := exec.LookPath(tool); err != nil && os.Getenv("REQUIRE_ENGINES") != "1" {
			t.Skipf("needs %s", tool)
		}
	}
	d := onAWS(t)
	called := map[string]int{}
	account := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body) // of curl, on this machine
		args := strings.Split(strings.TrimSuffix(string(raw), "\x00"), "\x00")
		answer, err := d.account(args)
		if err != nil {
			t.Errorf("aws %q: %v", args, err)
			w.WriteHeader(http.StatusBadRequest)
		}
		called[strings.Join(args[:2], " ")]++
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(account.Close)
	readme, err := os.ReadFile(filepath.Join(root, "functions/README.md"))
	if err != nil {
		t.Fatal(err)
	}
	script := tools
	for _, block := range regexp.MustCompile("(?ms)^```console\n(.*?)^```$").FindAllStringSubmatch(string(readme), -1) {
		script += block[1]
	}
	script = strings.NewReplacer(
		"refresh-tokens-prod", "tokens-prod", "SESSION ", fixture.SessionOne+" ", "TENANT_ID", fixture.Demo,
		"APPLICATION_ID", fixture.Service, "the middle part of sak_<keyId>_<secret>", fixture.APIKey("issue").ID,
	).Replace(script)
	dir, here := t.TempDir(), fixture.Must(filepath.Abs(root))
	cmd := exec.CommandContext(t.Context(), "bash", "-c", script)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "ACCOUNT="+account.URL, "ROOT="+here, "RTCTL="+fixture.Must(os.Executable()), "AWS_REGION=eu-north-1",
		"BASE_URL="+d.url, "REVOKE_ALL_API_KEY="+fixture.KeyText("all"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v after\n%s", err, out)
	}
	for _, command := range []string{"lambda invoke", "cloudformation create-change-set", "cloudformation execute-change-set"} {
		if called[command] == 0 {
			t.Errorf("got no call of aws %s, want one", command)
		}
	}
	kept := fixture.Must(os.ReadFile(filepath.Join(dir, "kept.json")))
	if !strings.Contains(string(kept), `"TableName": "the-TokenTable"`) {
		t.Errorf("got\n%s\nwant the table to adopt", kept)
	}
	for id, r := range deployed(t).Resources {
		if r.Retained && !strings.HasPrefix(id, "Account") && !strings.Contains(script, `"`+id+`": "`) {
			t.Errorf("%s outlives the stack, want it among those to adopt", id)
		}
	}
}
