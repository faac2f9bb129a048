package proof

import (
	"context"
	"crypto"
	"crypto/ed25519"
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
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamo"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamotest"
	"github.com/stencil-auth/refresh-tokens/pkg/store/embedded"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

const issuer = "https://tokens.example"

// fatal is what testing.T and rapid.T have in common.
type fatal interface {
	Helper()
	Fatalf(format string, args ...any)
}

// must ends the test on an error of its own making.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

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

// keyset is what a service signs and verifies with. Its access tokens are signed with Ed25519, so that two
// services with the same keys answer the same bytes.
type keyset struct {
	tokens  []keys.JWK
	signing *keys.Ring[keys.SigningSet]
	public  *keys.Ring[keys.PublicSet]
}

func newKeys(t testing.TB) keyset {
	t.Helper()
	signing, err := keys.GenerateSigningKey("EdDSA", keys.Active)
	if err != nil {
		t.Fatal(err)
	}
	return keyset{
		tokens:  []keys.JWK{keys.GenerateTokenKey(keys.Active)},
		signing: ringOf(keys.ParseSigningSet, signing),
		public:  ringOf(keys.ParsePublicSet, signing),
	}
}

func ringOf[Set any](parse func([]byte) (*Set, error), jwks ...keys.JWK) *keys.Ring[Set] {
	return keys.NewRing(func(context.Context) (*Set, error) {
		raw, err := keys.MarshalDocument(jwks...)
		if err != nil {
			return nil, err
		}
		return parse(raw)
	})
}

// rotated retires the active token key and adds another one.
func (k keyset) rotated() keyset {
	old := k.tokens
	k.tokens = nil
	for _, key := range old {
		key.Status = keys.Retired
		k.tokens = append(k.tokens, key)
	}
	k.tokens = append(k.tokens, keys.GenerateTokenKey(keys.Active))
	return k
}

// service is all verbs over a store.
type service struct {
	session.Verbs

	Store    session.Store
	Verifier token.Verifier
}

func (k keyset) service(store session.Store, now func() time.Time, random io.Reader) *service {
	tokens, verifier := ringOf(keys.ParseTokenSet, k.tokens...), token.Verifier{Issuer: issuer, Keys: k.public, Now: now}
	minter := session.NewMinter(issuer, tokens, k.signing, now, random)
	return &service{session.NewVerbs(store, minter, verifier), store, verifier}
}

func (k keyset) authorizer(store authorizer.Store, now func() time.Time) *authorizer.Authorizer {
	return &authorizer.Authorizer{Store: store, Verifier: token.Verifier{Issuer: issuer, Keys: k.public, Now: now}, Now: now}
}

// active is the token key that signs new tokens.
func (k keyset) active() keys.TokenKey {
	raw := must(keys.MarshalDocument(k.tokens...))
	return must(keys.ParseTokenSet(raw)).Active
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

// clock stands still until it is moved.
type clock struct{ at time.Time }

func newClock() *clock { return &clock{time.Now().UTC().Truncate(time.Millisecond)} }

func (c *clock) now() time.Time { return c.at }

func (c *clock) pass(d time.Duration) { c.at = c.at.Add(d) }

// register puts an application that differs from the default settings by a change.
func register(t fatal, store session.Store, tenant, id string, change func(*session.Settings)) {
	t.Helper()
	app := session.Application{Tenant: tenant, ID: id, Settings: session.DefaultSettings()}
	if change != nil {
		change(&app.Settings)
	}
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

// newAPIKey stores a key and returns it as its holder has it.
func newAPIKey(t testing.TB, store session.Store, tenant string, at time.Time) token.APIKey {
	t.Helper()
	key := must(token.NewAPIKey(rand.Reader))
	err := store.PutAPIKey(t.Context(), session.APIKey{
		ID: key.ID, SecretHash: key.Secret.Hash(), Tenant: tenant, Name: "backend", CreatedAt: at,
		Permissions: []session.Permission{session.MayIssue, session.MayRead, session.MayRevoke},
	})
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// unsigned makes access tokens that nobody reads: a signature takes longer than the rest of a refresh.
func unsigned() *keys.Ring[keys.SigningSet] {
	return keys.NewRing(func(context.Context) (*keys.SigningSet, error) {
		return &keys.SigningSet{Active: keys.SigningKey{ID: "none", Alg: "EdDSA", Signer: blank{}}}, nil
	})
}

type blank struct{}

func (blank) Public() crypto.PublicKey { return ed25519.PublicKey(make([]byte, ed25519.PublicKeySize)) }

func (blank) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return make([]byte, ed25519.SignatureSize), nil
}
