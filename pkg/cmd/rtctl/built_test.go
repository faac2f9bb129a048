package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/stencil-auth/refresh-tokens/pkg/e2e/lambda/runtimeapi"
	"github.com/stencil-auth/refresh-tokens/pkg/e2e/lambda/scratch"
	"github.com/stencil-auth/refresh-tokens/pkg/e2e/leaks"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	fixtureservice "github.com/stencil-auth/refresh-tokens/pkg/fixture/service"
	"github.com/stencil-auth/refresh-tokens/pkg/gateway"
	"github.com/stencil-auth/refresh-tokens/pkg/lifecycle/event"
	"github.com/stencil-auth/refresh-tokens/pkg/stack"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamo"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamotest"
)

// binary answers events with a built function behind a Runtime API, which starts at the first of them.
type binary func(ctx context.Context, event []byte) ([]byte, error)

func (d *desk) binary(account scratch.Account, template *stack.Template, dir, op string) binary {
	start := sync.OnceValues(func() (*runtimeapi.Process, error) {
		f, err := account.Function(template, dir, op)
		if err != nil {
			return nil, err
		}
		process, err := runtimeapi.Start(d.Context(), f)
		if err == nil {
			d.Cleanup(func() { _ = process.Close() })
		}
		return process, err
	})
	return func(ctx context.Context, event []byte) ([]byte, error) {
		process, err := start()
		if err != nil {
			return nil, err
		}
		answer, err := process.Invoke(ctx, event, time.Minute)
		return answer.Payload, err
	}
}

// behindGateway is a function of the API, or its authorizer.
func behindGateway[In, Out any](b binary) func(context.Context, In) (Out, error) {
	return func(ctx context.Context, in In) (out Out, err error) {
		event, err := json.Marshal(in)
		if err != nil {
			return out, err
		}
		payload, err := b(ctx, event)
		if failure, ok := errors.AsType[*runtimeapi.FunctionError](err); ok {
			return out, errors.New(failure.Message)
		}
		if err == nil {
			err = json.Unmarshal(payload, &out)
		}
		return out, err
	}
}

// onBuilt is a deployed stack of built functions, over DynamoDB Local and a Secrets Manager that rotates.
func onBuilt(t *testing.T) *desk {
	t.Helper()
	endpoint := dynamotest.Start(t)
	dir, err := filepath.Abs(filepath.Join(root, ".cache", "functions"))
	if err == nil {
		err = runtimeapi.Build(t.Context(), dir, runtimeapi.Functions+"...")
	}
	if err != nil {
		t.Fatal(err)
	}
	account := scratch.New(t.Cleanup)
	account.Keys = fixture.RotationKeys()
	account.Keep(account.Keys)
	client, table := dynamotest.Table(t)
	account.At("DYNAMODB", endpoint)
	account.Set("TABLE_NAME", table)
	if err := account.Populate(t.Context(), dynamo.New(client, table)); err != nil {
		t.Fatal(err)
	}
	d := emptyDesk(t, &fixtureservice.Service{Tenants: account.Tenants})
	template := deployed(t)
	var authorizer binary
	behind := map[string]gateway.Function{}
	for _, f := range template.Functions {
		b := d.binary(account, template, dir, f.Operation)
		behind[f.Operation] = behindGateway[events.APIGatewayProxyRequest, events.APIGatewayProxyResponse](b)
		d.functions[f.Operation] = func(ctx context.Context, payload json.RawMessage) (any, error) {
			answer, err := b(ctx, payload)
			return json.RawMessage(answer), err
		}
		if f.Operation == "authorizer" {
			authorizer = b
		}
	}
	d.serve(gateway.Config{
		API: &template.API, Functions: behind, Authorizers: map[string]gateway.Authorizer{
			"authorizer": behindGateway[events.APIGatewayCustomAuthorizerRequestTypeRequest, events.APIGatewayCustomAuthorizerResponse](authorizer),
		},
	})
	d.onAWS()
	d.outputs["TableName"] = table
	for name, variable := range map[string]string{
		"PublicKeysSecretArn": "PUBLIC_KEYS_SECRET_ARN", "SigningKeysSecretArn": "SIGNING_KEYS_SECRET_ARN",
		"TokenKeysSecretArn": "TOKEN_KEYS_SECRET_ARN",
	} {
		d.outputs[name] = account.Value(variable, "")
	}
	t.Setenv("AWS_ENDPOINT_URL_DYNAMODB", endpoint)
	t.Setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", account.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Amz-Target") == "secretsmanager.RotateSecret" {
			d.rotate(w, r, account)
			return
		}
		account.Secrets.ServeHTTP(w, r)
	})))
	return d
}

// rotate gives the rotation function its four steps.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
func (d *desk) rotate(w http.ResponseWriter, r *http.Request, account scratch.Account) {
	var in struct{ SecretID string }
	_ = json.NewDecoder(r.Body).Decode(&in) // a request of the SDK
	op := "rotate-token-keys"
	if in.SecretID == d.outputs["SigningKeysSecretArn"] {
		op = "rotate-signing-keys"
	}
	account.Secrets.StartRotation(in.SecretID, scratch.RotationToken)
	for _, step := range []string{"createSecret", "setSecret", "testSecret", "finishSecret"} {
		event, _ := json.Marshal(map[string]string{ // strings always marshal
			"Step": step, "SecretId": in.SecretID, "ClientRequestToken": scratch.RotationToken,
		})
		if _, err := d.functions[op](r.Context(), event); err != nil {
			d.Errorf("%s, %s: %v", op, step, err)
		}
	}
	_, _ = io.WriteString(w, "{}")
}

// request is one of the product's backend, or of a client without a key, and wants this status.
func (d *desk) request(status int, method, path, key, body string) (data map[string]any) {
	d.Helper()
	r, err := http.NewRequestWithContext(d.Context(), method, d.url+path, strings.NewReader(body))
	if err != nil {
		d.Fatal(err)
	}
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
		r.Header.Set("X-Stencil-TenantId", "acme")
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		d.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	var envelope struct{ Data json.RawMessage }
	if err := json.NewDecoder(answer.Body).Decode(&envelope); err != nil || answer.StatusCode != status {
		d.Errorf("%s %s: got %d, %v, want %d", method, path, answer.StatusCode, err, status)
	}
	_ = json.Unmarshal(envelope.Data, &data) // nil for a list
	return data
}

// aNewOperator makes a tenant, an application and a key; finds a user's sessions; ends all but one; sees why; and rotates
// the key while the backend goes on. It returns what the session that is left was granted.
func aNewOperator(d *desk) map[string]any {
	d.Helper()
	with := func(args ...string) []string { return append(args, "--tenant", "acme") }
	d.do([]string{"application shop of acme"}, with("app", "put", "shop", "--name", "Shop")...)
	d.do([]string{"acme\n"}, "app", "list", "--tenants")
	old := strings.TrimSpace(d.do(nil, with("key", "create", "--name", "backend", "--permission", "tokens:issue", "--permission", "tokens:read")...))
	const list = "/jwt/refresh?userId=ann"
	var tokens, ids []string
	for range 3 {
		granted := d.request(http.StatusCreated, "POST", "/jwt/issue", old, `{"userId":"ann","applicationId":"shop"}`)
		tokens, ids = append(tokens, granted["refreshToken"].(string)), append(ids, granted["refreshTokenId"].(string))
	}
	d.do(ids, with("session", "list", "--user", "ann")...)
	d.do([]string{"2 sessions of user ann of acme but " + ids[1] + " are over"}, with("revoke", "--user", "ann", "--except", ids[1], "--reason", "lost_phone", "-y")...)
	refresh := func(n, status int) map[string]any {
		d.Helper()
		return d.request(status, "POST", "/jwt/refresh", "", `{"refreshToken":"`+tokens[n]+`"}`)
	}
	refresh(0, http.StatusBadRequest)
	refresh(2, http.StatusBadRequest)
	tokens[1] = refresh(1, http.StatusOK)["refreshToken"].(string)
	if left := d.do([]string{ids[1]}, with("session", "list", "--user", "ann")...); strings.Contains(left, ids[0]) || strings.Contains(left, ids[2]) {
		d.Errorf("got\n%swant session %s alone", left, ids[1])
	}
	d.do([]string{"deleted", "2", "lost_phone", "key:", "issued"}, with("history", "--user", "ann")...)

	id := strings.Split(old, "_")[1]
	successor := strings.TrimSpace(d.do([]string{"sak_"}, with("key", "rotate", id, "--overlap", "1h")...))
	d.request(http.StatusOK, "GET", list, old, "")
	d.request(http.StatusOK, "GET", list, successor, "")
	d.do([]string{"is deleted"}, with("key", "delete", id, "-y")...)
	d.request(http.StatusUnauthorized, "GET", list, old, "")
	d.request(http.StatusOK, "GET", list, successor, "")
	return refresh(1, http.StatusOK)
}

func TestEveryCommandWorksOverTheBuiltFunctions(t *testing.T) {
	d := onBuilt(t)
	everyCommand(t, d)
	granted := aNewOperator(d)
	for name, secret := range map[string][]byte{"signing-key": d.Signing, "token-key": d.Token} {
		out := d.do([]string{"active", "next"}, name, "list")
		if err := leaks.Find(out, string(secret)); err != nil {
			t.Errorf("%s list: %v", name, err)
		}
		d.do([]string{"has started"}, name, "rotate")
		granted = d.request(http.StatusOK, "POST", "/jwt/refresh", "", `{"refreshToken":"`+granted["refreshToken"].(string)+`"}`)
		d.request(http.StatusOK, "GET", "/jwt/refresh/"+granted["refreshTokenId"].(string), granted["accessToken"].(string), "")
		was := keyOfStatus(out, "active")
		if now := d.do(nil, name, "list"); keyOfStatus(now, "retired") != was || keyOfStatus(now, "active") != keyOfStatus(out, "next") {
			t.Errorf("%s: got\n%safter\n%swant the next key active", name, now, out)
		}
		d.refused([]string{"say --yes"}, name, "drop", was)
		d.do([]string{was}, name, "drop", was, "-y", "--json")
		if now := d.do(nil, name, "list"); keyOfStatus(now, "retired") != "" {
			t.Errorf("%s: got\n%swant %s dropped", name, now, was)
		}
	}
	d.happened(1, "token.deleted", event.Detail{Extent: event.ExtentApplication, TenantID: "acme", ApplicationID: "shop", Epoch: 3})
	d.do([]string{"application shop of acme ended, epoch 0 to 3"}, "replay", "--since", "2h", "-y")
	d.request(http.StatusBadRequest, "POST", "/jwt/refresh", "", `{"refreshToken":"`+granted["refreshToken"].(string)+`"}`)
	// DynamoDB Local has the table without its stream.
	if got := d.run("doctor"); !strings.Contains(got.out, "without a stream") || !strings.Contains(got.err, "1 of 9 things are wrong") {
		t.Errorf("got\n%s%swant the stream at fault alone", got.out, got.err)
	}
}

// keyOfStatus is the first key of a list with a status.
func keyOfStatus(list, status string) string {
	for line := range strings.Lines(list) {
		if words := strings.Fields(line); slices.Contains(words, status) {
			return words[0]
		}
	}
	return ""
}
