package lambda_test

import (
	"cmp"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/e2e/lambda/runtimeapi"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/keys/secretsmanager/fakesm"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

const (
	root = "../../.."
	// timeout is template.yaml's, of all functions but those that rotate.
	timeout = 10 * time.Second
	// nowhere refuses connections.
	nowhere = "http://127.0.0.1:1"
)

// account is the AWS account that functions run in: the endpoints of its services, and the values of the template's
// variables there.
type account struct {
	fixture.Tenants
	*table

	t       *testing.T
	values  map[string]string
	aws     []string // AWS_ENDPOINT_URL_...
	secrets *fakesm.Server
	bus     *bus
}

// newAccount has keys and a bus; nothing listens at the table's endpoint.
func newAccount(t *testing.T) *account {
	t.Helper()
	if testing.Short() {
		t.Skip("it builds every function")
	}
	if _, err := binaries(); err != nil {
		t.Fatal(err)
	}
	p := &account{t: t, Tenants: tenantsOfNow(), bus: &bus{}, values: map[string]string{
		"TABLE_NAME": "tokens", "ISSUER": fixture.Issuer, "ALLOWED_ORIGINS": "https://app.example.com",
		"ALLOWED_HEADERS": "", "COOKIE_DOMAIN": "",
		"SIGNING_ALGORITHM": "ES256", "METRICS_NAMESPACE": "RefreshTokens", "EVENT_BUS_NAME": "tokens",
	}}
	p.keep(p.Keys)
	p.at("EVENTBRIDGE", p.serve(p.bus))
	p.at("DYNAMODB", nowhere)
	return p
}

// tenantsOfNow are so far back that what expires at Noon has expired by more than clocks may differ.
func tenantsOfNow() fixture.Tenants { return fixture.At(time.Now().Add(-2 * token.Skew)) }

// within is the same account for a part of the test, in which access tokens are new.
func (p *account) within(t *testing.T) *account {
	part := *p
	part.t, part.Tenants = t, tenantsOfNow()
	return &part
}

// serve runs a service on a loopback port and returns its URL.
func (p *account) serve(handler http.Handler) string {
	server := httptest.NewServer(handler)
	p.t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL
}

// at sets the endpoint of a service, or replaces it.
func (p *account) at(service, url string) {
	p.aws = append(slices.Clip(p.aws), "AWS_ENDPOINT_URL_"+service+"="+url)
}

// keep makes a Secrets Manager with these keys.
func (p *account) keep(k fixture.Keys) {
	p.secrets = fakesm.New()
	p.values["TOKEN_KEYS_SECRET_ARN"] = p.secrets.Create("token-keys", string(k.Token))
	p.values["SIGNING_KEYS_SECRET_ARN"] = p.secrets.Create("signing-keys", string(k.Signing))
	p.values["PUBLIC_KEYS_SECRET_ARN"] = p.secrets.Create("public-keys", string(k.Public))
	p.at("SECRETS_MANAGER", p.serve(p.secrets))
}

// withTable has the tenants in a table of DynamoDB Local, and nothing else.
func (p *account) withTable() *account {
	p.t.Helper()
	p.table = sharedTable(p.t, p.Tenants)
	p.at("DYNAMODB", p.endpoint)
	p.values["TABLE_NAME"] = p.name
	p.reset(p.t)
	return p
}

// start starts a function with the variables that the template gives it.
func (p *account) start(op string) *runtimeapi.Process {
	p.t.Helper()
	return p.startFunction(p.function(op))
}

func (p *account) startFunction(f runtimeapi.Function) *runtimeapi.Process {
	p.t.Helper()
	process, err := runtimeapi.Start(p.t.Context(), f)
	if err != nil {
		p.t.Fatalf("%s: %v", f.Name, err)
	}
	p.t.Cleanup(func() { _ = process.Close() })
	return process
}

func (p *account) function(op string) runtimeapi.Function {
	p.t.Helper()
	env := append([]string{"AWS_LAMBDA_LOG_LEVEL=DEBUG"}, p.aws...)
	for name, preset := range variables(p.t, op) {
		env = append(env, name+"="+p.value(name, preset))
	}
	return bare(p.t, op, env...)
}

// value is that of a variable of the template.
func (p *account) value(name, preset string) string {
	p.t.Helper()
	value := cmp.Or(p.values[name], preset)
	if strings.Contains(value, "${") {
		p.t.Fatalf("template.yaml has a variable %s: add its value to newAccount", name)
	}
	return value
}

// read is an event in the tenants' time.
func (p *account) read(event string) []byte {
	p.t.Helper()
	raw, err := os.ReadFile(eventFile(event))
	if err != nil {
		p.t.Fatal(err)
	}
	moved, err := p.Move(raw)
	if err != nil {
		p.t.Fatal(err)
	}
	return moved
}
