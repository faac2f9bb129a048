package rotation_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/keys/secretsmanager"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/embedded"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

const (
	tick       = 290 * time.Second // a little less than every cache keeps
	containers = 4
	chains     = 8
)

// container is one instance of the service, with its own caches.
type container struct {
	sessions   session.Verbs
	authorizer *authorizer.Authorizer
	public     *keys.Ring[keys.PublicSet]
}

// fleet is a service with several containers, on a clock that the test moves.
type fleet struct {
	*harness

	store      *embedded.Store
	containers []*container
	verifiers  []*resourceServer
	signed     sync.Map // kids seen in access tokens
	tagged     sync.Map // token key ids seen in refresh tokens
}

func newFleet(t *testing.T) *fleet {
	t.Helper()
	f := &fleet{harness: newHarness(t)}
	f.store = fixture.Store(t, f.Now)
	for _, app := range fixture.Applications() {
		if _, err := f.store.PutApplication(t.Context(), app); err != nil {
			t.Fatal(err)
		}
	}
	f.rotate(f.signing)
	f.rotate(f.tokens)
	for range containers {
		f.containers = append(f.containers, f.newContainer())
		f.verifiers = append(f.verifiers, &resourceServer{})
	}
	return f
}

func (f *fleet) newContainer() *container {
	tokens := keys.NewRing(secretsmanager.TokenKeys(f.client, f.tokARN))
	signing := keys.NewRing(secretsmanager.SigningKeys(f.client, f.signingARN))
	public := keys.NewRing(secretsmanager.PublicKeys(f.client, f.public))
	tokens.Now, signing.Now, public.Now = f.Now, f.Now, f.Now
	verifier := token.Verifier{Issuer: fixture.Issuer, Keys: public, Now: f.Now, Leeway: token.Skew}
	return &container{
		sessions:   session.NewVerbs(f.store, session.NewMinter(verifier.Issuer, tokens, signing, f.Now, rand.Reader), verifier),
		authorizer: &authorizer.Authorizer{Store: f.store, Verifier: verifier, Now: f.Now}, public: public,
	}
}

// resourceServer is another service that verifies access tokens: it keeps the JWKS for its max-age and does not fetch in
// between, not even for an unknown kid.
type resourceServer struct {
	mu      sync.Mutex
	fetched time.Time
	byKid   map[string]*ecdsa.PublicKey
}

func (s *resourceServer) verify(f *fleet, c *container, text string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := f.Now(); now.Sub(s.fetched) >= keys.PublishedFor {
		set, err := c.public.Get(context.Background())
		if err != nil {
			return err
		}
		if s.byKid, err = parseJWKS(set.JWKS()); err != nil {
			return err
		}
		s.fetched = now
	}
	_, err := jwt.Parse(text, func(t *jwt.Token) (any, error) {
		kid := fmt.Sprint(t.Header["kid"])
		f.signed.Store(kid, true)
		if key, found := s.byKid[kid]; found {
			return key, nil
		}
		return nil, fmt.Errorf("the cached JWKS has no key %s", kid)
	}, jwt.WithTimeFunc(f.Now), jwt.WithValidMethods([]string{"ES256"}))
	return err
}

func parseJWKS(raw []byte) (map[string]*ecdsa.PublicKey, error) {
	var doc struct{ Keys []map[string]string }
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, err
	}
	set := map[string]*ecdsa.PublicKey{}
	for _, j := range doc.Keys {
		x, err1 := base64.RawURLEncoding.DecodeString(j["x"])
		y, err2 := base64.RawURLEncoding.DecodeString(j["y"])
		key, err3 := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(append([]byte{4}, x...), y...))
		if err := errors.Join(err1, err2, err3); err != nil {
			return nil, err
		}
		set[j["kid"]] = key
	}
	return set, nil
}

// use wants that the authorizer of every container and every resource server accept the access token of a grant,
// whatever the age of their caches.
func (f *fleet) use(g session.Grant) error {
	var all error
	for i, c := range f.containers {
		_, err := c.authorizer.Authenticate(context.Background(), authorizer.HeadersOf(nil, map[string][]string{
			"Authorization": {"Bearer " + g.Access.Reveal()}, "X-Stencil-TenantId": {"demo"},
		}))
		all = errors.Join(all, err, f.verifiers[i].verify(f, c, g.Access.Reveal()))
	}
	return all
}

// refresh refreshes in one container and retries in another one: both answer the same.
func (f *fleet) refresh(text string, n int) (string, error) {
	first, err := f.containers[n%containers].sessions.Refresh(context.Background(), session.RefreshRequest{Token: text})
	if err != nil {
		return "", fmt.Errorf("refresh: %w", err)
	}
	again, err := f.containers[(n+1)%containers].sessions.Refresh(context.Background(), session.RefreshRequest{Token: text})
	if err != nil {
		return "", fmt.Errorf("retry: %w", err)
	}
	reusable := first.Session.Policy.Reusable
	if again.Refresh.Reveal() != first.Refresh.Reveal() || !reusable && again.Session.AccessTokenID != first.Session.AccessTokenID {
		return "", errors.New("the retry has another answer")
	}
	f.tagged.Store(again.Session.TokenKeyID, true)
	return again.Refresh.Reveal(), f.use(again)
}

func (f *fleet) issue(n int, app string) (string, error) {
	g, err := f.containers[n%containers].sessions.Issue(context.Background(), session.IssueRequest{
		Tenant: "demo", User: fmt.Sprintf("user-%d", n), Application: app,
	})
	if err != nil {
		return "", err
	}
	return g.Refresh.Reveal(), f.use(g)
}
