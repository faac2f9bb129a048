// Package scratch owns an AWS account on this machine: the services that functions ask, the values of the template's
// variables there, and the tenants of pkg/fixture. Tests and make invoke run functions in it. It must never be linked
// into a function.
package scratch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/stencil-auth/refresh-tokens/pkg/e2e/lambda/runtimeapi"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/keys/secretsmanager/fakesm"
	"github.com/stencil-auth/refresh-tokens/pkg/stack"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamo"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamo/table"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Nowhere is an endpoint that refuses connections.
const Nowhere = "http://127.0.0.1:1"

// Account is one account. A copy shares its services; At, Keep and Set change the copy alone.
type Account struct {
	fixture.Tenants

	Secrets *fakesm.Server
	Bus     *Bus

	values    map[string]string
	endpoints []string // AWS_ENDPOINT_URL_...
	onClose   func(func())
}

// New has keys and a bus; nothing listens at the table's endpoint. It hands onClose what ends its services.
func New(onClose func(func())) Account {
	a := Account{Tenants: TenantsOfNow(), Bus: &Bus{}, onClose: onClose, values: map[string]string{
		"TABLE_NAME": "tokens", "ISSUER": fixture.Issuer, "ALLOWED_ORIGINS": "https://app.example.com",
		"ALLOWED_HEADERS": "", "COOKIE_DOMAIN": "", "PUBLIC_URLS": "",
		"SIGNING_ALGORITHM": "ES256", "METRICS_NAMESPACE": "RefreshTokens", "EVENT_BUS_NAME": "tokens",
		"RESOURCE_AUDIENCE": fixture.Web,
	}}
	a.Keep(a.Keys)
	a.At("EVENTBRIDGE", a.Serve(a.Bus))
	a.At("DYNAMODB", Nowhere)
	return a
}

// TenantsOfNow are so far back that what expires at Noon has expired by more than clocks may differ.
func TenantsOfNow() fixture.Tenants { return fixture.At(time.Now().Add(-2 * token.Skew)) }

// Serve runs a service on a loopback port and returns its URL.
func (a *Account) Serve(handler http.Handler) string {
	server := httptest.NewServer(handler)
	a.onClose(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL
}

// At sets the endpoint of a service, or replaces it.
func (a *Account) At(service, url string) {
	a.endpoints = append(slices.Clip(a.endpoints), "AWS_ENDPOINT_URL_"+service+"="+url)
}

// Set gives a variable of the template a value.
func (a *Account) Set(variable, value string) {
	a.values = maps.Clone(a.values)
	a.values[variable] = value
}

// Value is that of a variable of the template, which presets it.
func (a *Account) Value(variable, preset string) string { return cmp.Or(a.values[variable], preset) }

// Keep makes a Secrets Manager with these keys.
func (a *Account) Keep(k fixture.Keys) {
	a.Secrets = fakesm.New()
	a.Set("TOKEN_KEYS_SECRET_ARN", a.Secrets.Create("token-keys", string(k.Token)))
	a.Set("SIGNING_KEYS_SECRET_ARN", a.Secrets.Create("signing-keys", string(k.Signing)))
	a.Set("PUBLIC_KEYS_SECRET_ARN", a.Secrets.Create("public-keys", string(k.Public)))
	a.At("SECRETS_MANAGER", a.Serve(a.Secrets))
}

// RotationToken is the client token in the events of the rotation functions.
const RotationToken = "5086e3c7-6f0b-4a3c-9c4e-2f1d7a9b8c10" //nolint:gosec // an id

// StartRotation has the keys that the events of a rotation function name, as Secrets Manager has them at the first of the
// four steps. It returns the ARN of the secret; "" for any other function.
func (a *Account) StartRotation(op string) (arn string) {
	var variable string
	switch op {
	case "rotate-signing-keys":
		variable = "SIGNING_KEYS_SECRET_ARN"
	case "rotate-token-keys":
		variable = "TOKEN_KEYS_SECRET_ARN"
	default:
		return ""
	}
	a.Keep(fixture.RotationKeys())
	arn = a.values[variable]
	a.Secrets.StartRotation(arn, RotationToken)
	return arn
}

// Variables are those that the template gives a function. Error: a variable without a value.
func (a *Account) Variables(template *stack.Template, op string) (map[string]string, error) {
	i := slices.IndexFunc(template.Functions, func(f stack.Function) bool { return f.Operation == op })
	if i < 0 {
		return nil, fmt.Errorf("template.yaml has no %s", stack.LogicalID(op))
	}
	all := map[string]string{}
	for name, preset := range template.Functions[i].Variables {
		if strings.HasPrefix(name, "SSL_CERT_") { // nothing here speaks TLS
			continue
		}
		all[name] = a.Value(name, preset)
		if strings.Contains(all[name], "${") {
			return nil, fmt.Errorf("template.yaml has a variable %s: add its value to pkg/e2e/lambda/scratch", name)
		}
	}
	return all, nil
}

// Function is a built function in dir, with its Variables.
func (a *Account) Function(template *stack.Template, dir, op string) (runtimeapi.Function, error) {
	variables, err := a.Variables(template, op)
	env := []string{"AWS_LAMBDA_LOG_LEVEL=DEBUG"}
	for name, value := range variables {
		env = append(env, name+"="+value)
	}
	return runtimeapi.Function{Name: op, Binary: filepath.Join(dir, op), Env: append(env, a.endpoints...)}, err
}

// Fill makes the table of the template with the tenants, for an engine such as DynamoDB Local. That one removes expired
// items within seconds, AWS within days: here they stay, so that an event about one means something.
func (a *Account) Fill(ctx context.Context, template *stack.Template, client *dynamodb.Client, name string) error {
	if err := table.Ensure(ctx, client, template, name); err != nil {
		return err
	}
	_, err := client.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{
		TableName: aws.String(name), TimeToLiveSpecification: &types.TimeToLiveSpecification{
			AttributeName: aws.String("ttl"), Enabled: aws.Bool(false),
		},
	})
	a.Set("TABLE_NAME", name)
	return errors.Join(err, a.Populate(ctx, dynamo.New(client, name)))
}

// Event is the event in a file, in the tenants' time.
func (a *Account) Event(file string) ([]byte, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return a.Move(raw)
}
