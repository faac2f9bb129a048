package lambda_test

import (
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/e2e/lambda/runtimeapi"
	"github.com/stencil-auth/refresh-tokens/pkg/e2e/lambda/scratch"
)

const (
	root = "../../.."
	// timeout is template.yaml's, of all functions but those that rotate.
	timeout = 10 * time.Second
)

// account is the AWS account of a test.
type account struct {
	scratch.Account
	*table

	t *testing.T
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
	return &account{t: t, Account: scratch.New(t.Cleanup)}
}

// within is the same account for a part of the test, in which access tokens are new.
func (p *account) within(t *testing.T) *account {
	part := *p
	part.t, part.Tenants = t, scratch.TenantsOfNow()
	return &part
}

// withTable has the tenants in a table of DynamoDB Local, and nothing else.
func (p *account) withTable() *account {
	p.t.Helper()
	p.table = sharedTable(p.t, p.Account)
	p.At("DYNAMODB", p.endpoint)
	p.Set("TABLE_NAME", p.name)
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
	template, err := deployment()
	if err != nil {
		p.t.Fatal(err)
	}
	dir, err := binaries()
	if err != nil {
		p.t.Fatal(err)
	}
	f, err := p.Function(template, dir, op)
	if err != nil {
		p.t.Fatal(err)
	}
	return f
}

// read is an event in the tenants' time.
func (p *account) read(event string) []byte {
	p.t.Helper()
	moved, err := p.Event(eventFile(event))
	if err != nil {
		p.t.Fatal(err)
	}
	return moved
}
