package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamo"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamotest"
)

// opened is an account, and SAM CLI.
type opened struct {
	*account

	t   *testing.T
	sam string
}

func openAccount(t *testing.T) opened {
	t.Helper()
	sam := os.Getenv("SAM")
	if sam == "" {
		t.Skip("make nightly runs it where a container engine can be started")
	}
	t.Chdir("../../..")
	before := containers(t)
	a, err := open(t.Context(), os.Getenv("MOTO"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		a.close()
		if after := containers(t); after != before {
			t.Errorf("got containers %s, before %s, want none left", after, before)
		}
	})
	return opened{a, t, sam}
}

func containers(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("docker", "ps", "--all", "--quiet").Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func (o opened) local(args ...string) *exec.Cmd {
	args = append(append([]string{"local"}, args...), strings.Fields(overrides())...)
	return exec.Command(o.sam, args...)
}

// reset brings the table back to its beginning.
func (o opened) reset() {
	o.t.Helper()
	client, name := dynamotest.Client(o.table), o.Value("TABLE_NAME", "")
	all, err := client.Scan(o.t.Context(), &dynamodb.ScanInput{TableName: &name, ConsistentRead: aws.Bool(true)})
	if err != nil {
		o.t.Fatal(err)
	}
	for _, item := range all.Items {
		key := map[string]types.AttributeValue{"PK": item["PK"], "SK": item["SK"]}
		if _, err := client.DeleteItem(o.t.Context(), &dynamodb.DeleteItemInput{TableName: &name, Key: key}); err != nil {
			o.t.Fatal(err)
		}
	}
	if err := o.Populate(o.t.Context(), dynamo.New(client, name)); err != nil {
		o.t.Fatal(err)
	}
}

// A function that finds no table, no key or no bus answers otherwise.
func TestEveryFunctionAnswersItsEventInAContainer(t *testing.T) {
	o := openAccount(t)
	for _, f := range o.template.Functions {
		o.reset()
		var said bytes.Buffer
		cmd := o.local("invoke", f.LogicalID, "--event", ".build/events/"+f.Operation+".json")
		cmd.Stderr = &said
		out, err := cmd.Output()
		if err != nil || !succeeded(bytes.TrimSpace(out)) {
			t.Errorf("%s: got %s, %v, want success\n%s", f.LogicalID, out, err, &said)
		}
	}
}

// succeeded reads the answer to a gateway, to an authorizer's, or to whoever invokes the function with IAM.
func succeeded(answer []byte) bool {
	var read struct {
		StatusCode     int
		ErrorType      string
		IsAuthorized   *bool
		PolicyDocument struct{ Statement []struct{ Effect string } }
	}
	if json.Unmarshal(answer, &read) != nil && string(answer) != "null" {
		return json.Valid(answer) // a list
	}
	for _, s := range read.PolicyDocument.Statement {
		if s.Effect != "Allow" {
			return false
		}
	}
	return read.ErrorType == "" && read.StatusCode < 300 && (read.IsAuthorized == nil || *read.IsAuthorized)
}

func TestASessionThroughStartAPI(t *testing.T) {
	o := openAccount(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	_ = listener.Close()
	var said bytes.Buffer
	api := o.local("start-api", "--port", port)
	api.Stderr = &said
	if err := api.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- api.Wait() }()
	defer func() {
		_ = api.Process.Signal(os.Interrupt)
		if <-ended; t.Failed() {
			t.Log(said.String())
		}
	}()
	base := "http://127.0.0.1:" + port
	for {
		connection, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err == nil {
			_ = connection.Close()
			break
		}
		select {
		case err := <-ended:
			t.Fatalf("sam local start-api: %v\n%s", err, &said)
		case <-time.After(100 * time.Millisecond):
		}
	}
	ask := func(method, path, key, body string, status int) map[string]any {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), method, base+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if key != "" {
			request.Header.Set("Authorization", "Bearer "+fixture.KeyText(key))
			request.Header.Set("X-Stencil-TenantId", fixture.Demo)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		raw, err := io.ReadAll(response.Body)
		if err != nil || response.StatusCode != status {
			t.Fatalf("%s %s: got %d %s, %v, want %d", method, path, response.StatusCode, raw, err, status)
		}
		var answer struct{ Data any }
		_ = json.Unmarshal(raw, &answer) // the gateway's own refusal is no envelope
		data, _ := answer.Data.(map[string]any)
		if list, isList := answer.Data.([]any); isList {
			data = map[string]any{"sessions": len(list)}
		}
		return data
	}
	token := func(data map[string]any) string { return fmt.Sprintf(`{"refreshToken":%q}`, data["refreshToken"]) }

	session := `{"userId":"carol","applicationId":"web"}`
	first := ask("POST", "/jwt/issue", "all", session, http.StatusCreated)
	second := ask("POST", "/jwt/refresh", "", token(first), http.StatusOK)
	if retried := ask("POST", "/jwt/refresh", "", token(first), http.StatusOK); retried["refreshToken"] != second["refreshToken"] {
		t.Error("a retry got another refresh token, want the same")
	}
	if listed := ask("GET", "/jwt/refresh?userId=carol", "all", "", http.StatusOK); listed["sessions"] != 1 {
		t.Errorf("got %v sessions, want one", listed["sessions"])
	}
	if ended := ask("DELETE", "/jwt/users/carol/refresh", "all", "", http.StatusOK); ended["deleted"] != 1.0 {
		t.Errorf("got %v deleted, want one", ended["deleted"])
	}
	ask("POST", "/jwt/refresh", "", token(second), http.StatusBadRequest)
	ask("POST", "/jwt/issue", "issue", `{}`, http.StatusBadRequest)
	// AWS answers 401 where sam local does not find the identity headers; "Unauthorized" of the function is its 502.
	ask("POST", "/jwt/issue", "", session, http.StatusUnauthorized)
	ask("POST", "/jwt/issue", "expired", session, http.StatusBadGateway)
}
