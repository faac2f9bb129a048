package lambda_test

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/stencil-auth/refresh-tokens/pkg/e2e/lambda/runtimeapi"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/keys/secretsmanager/fakesm"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamo"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamotest"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

const (
	root = "../../.."
	// timeout is template.yaml's, of all functions but those that rotate.
	timeout = 10 * time.Second
)

// place is what functions stand on: where the services are, and what the variables of the template name there.
type place struct {
	t       *testing.T
	values  map[string]string // of the template's variables
	aws     []string          // endpoints
	secrets *fakesm.Server
	bus     *bus

	fixture.Tenants

	client    *dynamodb.Client
	table     string
	beginning map[string]item
}

// newPlace has keys and a bus; nothing listens where the table should be.
func newPlace(t *testing.T) *place {
	t.Helper()
	if testing.Short() {
		t.Skip("it builds every function")
	}
	if _, err := binaries(); err != nil {
		t.Fatal(err)
	}
	p := &place{t: t, Tenants: tenantsOfNow(), bus: &bus{}, values: map[string]string{
		"TABLE_NAME": "tokens", "ISSUER": fixture.Issuer, "ALLOWED_ORIGINS": "https://app.example.com",
		"SIGNING_ALGORITHM": "ES256", "METRICS_NAMESPACE": "RefreshTokens", "EVENT_BUS_NAME": "tokens",
	}}
	p.keep(p.Keys)
	p.at("EVENTBRIDGE", p.serve(p.bus))
	p.at("DYNAMODB", nowhere)
	return p
}

// tenantsOfNow are so far back that what expires at Noon has expired by more than clocks may differ.
func tenantsOfNow() fixture.Tenants { return fixture.At(time.Now().Add(-2 * token.Skew)) }

// nowhere refuses connections.
const nowhere = "http://127.0.0.1:1"

// serve runs a service on a loopback port and returns its URL.
func (p *place) serve(handler http.Handler) string {
	server := httptest.NewServer(handler)
	p.t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL
}

// at says where a service is; the latest word counts.
func (p *place) at(service, url string) {
	p.aws = append(slices.Clip(p.aws), "AWS_ENDPOINT_URL_"+service+"="+url)
}

// keep makes a Secrets Manager that holds three documents.
func (p *place) keep(k fixture.Keys) {
	p.secrets = fakesm.New()
	p.values["TOKEN_KEYS_SECRET_ARN"] = p.secrets.Create("token-keys", string(k.Token))
	p.values["SIGNING_KEYS_SECRET_ARN"] = p.secrets.Create("signing-keys", string(k.Signing))
	p.values["PUBLIC_KEYS_SECRET_ARN"] = p.secrets.Create("public-keys", string(k.Public))
	p.at("SECRETS_MANAGER", p.serve(p.secrets))
}

// shared is the one table of all tests: an engine takes seconds to make one.
var shared struct {
	sync.Once

	client    *dynamodb.Client
	table     string
	beginning map[string]item
}

// withTable has the tenants in a table of DynamoDB Local, as it was in the beginning.
func (p *place) withTable() *place {
	p.t.Helper()
	p.at("DYNAMODB", dynamotest.Start(p.t))
	shared.Do(p.makeTable)
	if shared.beginning == nil {
		p.t.Fatal("there is no table: see the first failure")
	}
	p.client, p.table, p.beginning = shared.client, shared.table, shared.beginning
	p.values["TABLE_NAME"] = p.table
	p.reset()
	return p
}

func (p *place) makeTable() {
	p.t.Helper()
	p.t.Setenv("STORE_TEST_TABLE", "") // functions run with the credentials of a test
	p.client, p.table = dynamotest.Table(p.t)
	// The engine removes what has expired within seconds; AWS takes hours, in which the code has to know it.
	_, err := p.client.UpdateTimeToLive(p.t.Context(), &dynamodb.UpdateTimeToLiveInput{
		TableName: &p.table, TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: aws.String("ttl"), Enabled: aws.Bool(false)},
	})
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.Populate(p.t.Context(), dynamo.New(p.client, p.table)); err != nil {
		p.t.Fatal(err)
	}
	shared.client, shared.table, shared.beginning = p.client, p.table, p.items()
}

// within is the same place for a part of the test, in which access tokens are new.
func (p *place) within(t *testing.T) *place {
	part := *p
	part.t, part.Tenants = t, tenantsOfNow()
	return &part
}

// reset brings the table back to the beginning.
func (p *place) reset() {
	p.t.Helper()
	var writes []types.WriteRequest
	gone := maps.Clone(p.beginning)
	for _, now := range p.items() {
		key := keyOf(now)
		then, known := gone[key]
		delete(gone, key)
		if !known {
			writes = append(writes, types.WriteRequest{DeleteRequest: &types.DeleteRequest{
				Key: item{"PK": now["PK"], "SK": now["SK"]},
			}})
		} else if !reflect.DeepEqual(now, then) {
			writes = append(writes, types.WriteRequest{PutRequest: &types.PutRequest{Item: then}})
		}
	}
	for _, then := range gone {
		writes = append(writes, types.WriteRequest{PutRequest: &types.PutRequest{Item: then}})
	}
	if len(writes) == 0 {
		return
	}
	out, err := p.client.BatchWriteItem(p.t.Context(), &dynamodb.BatchWriteItemInput{
		RequestItems: map[string][]types.WriteRequest{p.table: writes},
	})
	if err != nil || len(out.UnprocessedItems) > 0 {
		p.t.Fatalf("reset: %v", err)
	}
}

func keyOf(i item) string { return fmt.Sprint(stringOf(i["PK"]), " ", stringOf(i["SK"])) }

func stringOf(v types.AttributeValue) string {
	s, _ := v.(*types.AttributeValueMemberS)
	return s.Value
}

type item = map[string]types.AttributeValue

// items is all that the table holds, by key.
func (p *place) items() map[string]item {
	p.t.Helper()
	all, err := p.client.Scan(p.t.Context(), &dynamodb.ScanInput{TableName: &p.table, ConsistentRead: aws.Bool(true)})
	if err != nil || all.LastEvaluatedKey != nil {
		p.t.Fatalf("scan: %v", err)
	}
	items := map[string]item{}
	for _, one := range all.Items {
		items[keyOf(one)] = one
	}
	return items
}

// wantUnchanged compares the table with its beginning.
func (p *place) wantUnchanged(event string) {
	p.t.Helper()
	for key, now := range p.items() {
		if then, known := p.beginning[key]; !known || !reflect.DeepEqual(now, then) {
			p.t.Errorf("%s changed the table: %s", event, key)
		}
	}
	if now := p.items(); len(now) != len(p.beginning) {
		p.t.Errorf("%s changed the table: it has %d items instead of %d", event, len(now), len(p.beginning))
	}
}

// start starts a function with the variables that the template gives it.
func (p *place) start(op string) *runtimeapi.Process {
	p.t.Helper()
	process, err := runtimeapi.Start(p.t.Context(), p.function(op))
	if err != nil {
		p.t.Fatalf("%s: %v", op, err)
	}
	p.t.Cleanup(func() { _ = process.Close() })
	return process
}

func (p *place) function(op string) runtimeapi.Function {
	p.t.Helper()
	env := append([]string{"AWS_LAMBDA_LOG_LEVEL=DEBUG"}, p.aws...)
	for name, preset := range variables(p.t, op) {
		env = append(env, name+"="+p.value(name, preset))
	}
	return bare(p.t, op, env...)
}

// value is what a variable of the template holds here.
func (p *place) value(name, preset string) string {
	p.t.Helper()
	value := cmp.Or(p.values[name], preset)
	if value == "" {
		p.t.Fatalf("template.yaml has a variable %s: add its value in newPlace", name)
	}
	return value
}
