package lambda

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Who and what there is.
const (
	Issuer     = "https://auth.example.com"
	Demo       = "demo"
	Other      = "other" // another tenant
	Web        = "web"
	Service    = "service" // reusable
	Guarded    = "guarded" // requires the access token
	Alice      = "alice"
	Bob        = "bob"
	SessionOne = "019bc1f5-9a00-7000-8000-000000000001" // alice, web, current
	SessionTwo = "019bc1f5-9a00-7000-8000-000000000002" // alice, web, rotated twice
	SessionOld = "019bc1f5-9a00-7000-8000-000000000003" // alice, web, expired
	SessionBob = "019bc1f5-9a00-7000-8000-000000000004"
	SessionSvc = "019bc1f5-9a00-7000-8000-000000000005" // alice, service
	SessionReq = "019bc1f5-9a00-7000-8000-000000000006" // alice, guarded
	SessionFar = "019bc1f5-9a00-7000-8000-000000000007" // alice of the other tenant
)

// Noon is the time of the event files.
func Noon() time.Time { return time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC) }

// World is where the events happen, at one time.
type World struct {
	Now time.Time
	// What the secrets hold.
	TokenKeys, SigningKeys, PublicKeys []byte

	tokenKey keys.TokenKey
	signing  keys.SigningKey
}

// NewWorld makes the world of a time.
func NewWorld(now time.Time) (World, error) {
	w := World{Now: now}
	signing, err := keys.ParseSigningSet(w.documents())
	if err != nil {
		return w, err
	}
	tokens, err := keys.ParseTokenSet(w.TokenKeys)
	if err != nil {
		return w, err
	}
	w.signing, w.tokenKey = signing.Active, tokens.Active
	return w, nil
}

func derived(name string) [32]byte { return sha256.Sum256([]byte("test world/" + name)) }

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// documents makes the keys: one of Ed25519, whose signatures are deterministic, and one for tokens.
func (w *World) documents() (signing []byte) {
	seed, secret := derived("signing key"), derived("token key")
	w.TokenKeys = marshal(keys.JWK{KeyType: "oct", ID: "00000001", Alg: "HS256", Status: keys.Active, K: b64(secret[:])})
	key := edwards(seed[:], keys.Active)
	w.SigningKeys, w.PublicKeys = marshal(key), marshal(key.WithoutPrivate())
	return w.SigningKeys
}

func edwards(seed []byte, status keys.Status) keys.JWK {
	public := b64(ed25519.NewKeyFromSeed(seed)[ed25519.SeedSize:])
	thumbprint := sha256.Sum256(fmt.Appendf(nil, `{"crv":"Ed25519","kty":"OKP","x":%q}`, public))
	return keys.JWK{
		KeyType: "OKP", Curve: "Ed25519", ID: b64(thumbprint[:]), Alg: "EdDSA", Use: "sig", Status: status,
		X: public, D: b64(seed),
	}
}

// marshal cannot fail on keys of our own making.
func marshal(set ...keys.JWK) []byte {
	raw, _ := keys.MarshalDocument(set...)
	return raw
}

// RotationKeys are the documents that the events of the two rotation functions speak of: an active and a next key.
func RotationKeys() (tokenKeys, signingKeys, publicKeys []byte) {
	var tokens, signing, public []keys.JWK
	for _, status := range []keys.Status{keys.Active, keys.Next} {
		seed := sha256.Sum256([]byte("rotation events/" + string(status)))
		secret := keys.JWK{KeyType: "oct", ID: fmt.Sprintf("%x", seed[:4]), Alg: "HS256", Status: status, Created: 1, K: b64(seed[:])}
		pair := edwards(seed[:], status)
		pair.Created = 1
		tokens, signing, public = append(tokens, secret), append(signing, pair), append(public, pair.WithoutPrivate())
	}
	return marshal(tokens...), marshal(signing...), marshal(public...)
}

// Applications are those of both tenants.
func Applications() []session.Application {
	reusable, strict := session.DefaultSettings(), session.DefaultSettings()
	reusable.Usage = session.Reusable
	strict.RequireAccessTokenPresent = true
	return []session.Application{
		{Tenant: Demo, ID: Web, Settings: session.DefaultSettings()},
		{Tenant: Demo, ID: Service, Settings: reusable},
		{Tenant: Demo, ID: Guarded, Settings: strict},
		{Tenant: Other, ID: Web, Settings: session.DefaultSettings()},
	}
}

// Key is an API key by its name in the world: all, issue, read, revoke, expired, other.
func Key(name string) token.APIKey {
	id := derived("api key id/" + name)
	return token.APIKey{ID: fmt.Sprintf("%x", id[:16]), Secret: derived("api key/" + name)}
}

// APIKeys are what the table holds of them.
func (w World) APIKeys() []session.APIKey {
	all := []session.Permission{session.MayIssue, session.MayRead, session.MayRevoke}
	stored := func(name, tenant string, permissions ...session.Permission) session.APIKey {
		key := Key(name)
		return session.APIKey{
			ID: key.ID, SecretHash: key.Secret.Hash(), Tenant: tenant, Name: name, Permissions: permissions,
			CreatedAt: w.Now.Add(-time.Hour),
		}
	}
	expired := stored("expired", Demo, session.MayRead)
	expired.ExpiresAt = w.Now.Add(-time.Second)
	return []session.APIKey{
		stored("all", Demo, all...), stored("issue", Demo, session.MayIssue), stored("read", Demo, session.MayRead),
		stored("revoke", Demo, session.MayRevoke), expired, stored("other", Other, all...),
	}
}

// Populate puts all of it into an empty store.
func (w World) Populate(ctx context.Context, store session.Store) error {
	for _, app := range Applications() {
		if _, err := store.PutApplication(ctx, app); err != nil {
			return err
		}
	}
	for _, key := range w.APIKeys() {
		if err := store.PutAPIKey(ctx, key); err != nil {
			return err
		}
	}
	sessions, err := w.Sessions()
	if err != nil {
		return err
	}
	for _, s := range sessions {
		if err := store.Create(ctx, s); err != nil {
			return err
		}
	}
	return nil
}
