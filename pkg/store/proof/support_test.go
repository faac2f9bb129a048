package proof

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamo"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamotest"
	"github.com/stencil-auth/refresh-tokens/pkg/store/embedded"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// times multiplies the size of a random proof when PROOF=long.
func times(n, longer int) int {
	if os.Getenv("PROOF") == "long" {
		return n * longer
	}
	return n
}

// rapidChecks sets how many random runs rapid makes, unless -rapid.checks says so.
func rapidChecks(t *testing.T, n int) {
	t.Helper()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "rapid.checks" })
	if given {
		return
	}
	if err := flag.Set("rapid.checks", strconv.Itoa(n)); err != nil {
		t.Fatal(err)
	}
}

// service is all verbs over a store.
type service struct {
	session.Verbs

	Store    session.Store
	Verifier token.Verifier
}

// newService differs from fixture.Keys.Verbs in its randomness.
func newService(k fixture.Keys, store session.Store, now func() time.Time, random io.Reader) *service {
	minter := session.NewMinter(fixture.Issuer, k.TokenRing(), k.SigningRing(), now, random)
	return &service{session.NewVerbs(store, minter, k.Verifier(now)), store, k.Verifier(now)}
}

func newAuthorizer(k fixture.Keys, store authorizer.Store, now func() time.Time) *authorizer.Authorizer {
	return &authorizer.Authorizer{Store: store, Verifier: k.Verifier(now), Now: now}
}

// onEngine opens the store of production on DynamoDB's own engine, in a table of its own.
func onEngine(t testing.TB, options ...func(*dynamodb.Options)) (*dynamo.Store, *dynamotest.Transport) {
	t.Helper()
	var transport *dynamotest.Transport
	client, table := dynamotest.Table(t, append(options, dynamotest.Through(&transport))...)
	store := dynamo.New(client, table)
	if os.Getenv("STORE_TEST_TABLE") == "" {
		store.Now = func() time.Time { return time.Time{} } // the engine's index never lags, so nobody waits for it
	}
	return store, transport
}

// onDisk opens the embedded store in a file of its own.
func onDisk(t testing.TB) (store *embedded.Store, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "store.db")
	store, err := embedded.Open(path, embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store, path
}

func newClock() *fixture.Clock { return fixture.NewClock(time.Now().UTC().Truncate(time.Millisecond)) }

// register puts an application that differs from the default settings by a change.
func register(t fixture.T, store session.Store, tenant, id string, change func(*session.Settings)) {
	t.Helper()
	app := fixture.Application(tenant, id, change)
	if bad := app.Settings.Validate(); len(bad) > 0 {
		t.Fatalf("settings: %v", bad)
	}
	err := session.ErrChanged
	for n := 0; n < 3 && errors.Is(err, session.ErrChanged); n++ { // a slow engine makes the SDK repeat the put
		if old, err := store.Application(context.Background(), tenant, id); err == nil {
			app.Version = old.Version
		}
		_, err = store.PutApplication(context.Background(), app)
	}
	if err != nil {
		t.Fatalf("put application: %v", err)
	}
}

// newAPIKey stores a key and returns it with its secret.
func newAPIKey(t testing.TB, store session.Store, tenant string, at time.Time) token.APIKey {
	t.Helper()
	key := fixture.Must(token.NewAPIKey(rand.Reader))
	err := store.PutAPIKey(t.Context(), session.APIKey{
		ID: key.ID, SecretHash: key.Secret.Hash(), Tenant: tenant, Name: "backend", CreatedAt: at,
		Permissions: []session.Permission{session.MayIssue, session.MayRead, session.MayRevoke},
	})
	if err != nil {
		t.Fatal(err)
	}
	return key
}
