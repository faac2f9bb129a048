package lambda

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// owners says whose the sessions are.
func owners() map[string]session.Key {
	return map[string]session.Key{
		SessionOne: {Tenant: Demo, User: Alice, Application: Web},
		SessionTwo: {Tenant: Demo, User: Alice, Application: Web},
		SessionOld: {Tenant: Demo, User: Alice, Application: Web},
		SessionBob: {Tenant: Demo, User: Bob, Application: Web},
		SessionSvc: {Tenant: Demo, User: Alice, Application: Service},
		SessionReq: {Tenant: Demo, User: Alice, Application: Guarded},
		SessionFar: {Tenant: Other, User: Alice, Application: Web},
	}
}

func keyOf(id string) (session.Key, error) {
	key := owners()[id]
	var known bool
	if key.ID, known = token.ParseID(id); !known || key.Tenant == "" {
		return key, fmt.Errorf("the world has no session %s", id)
	}
	return key, nil
}

// Sessions are those of the beginning.
func (w World) Sessions() ([]session.Session, error) {
	var all []session.Session
	for id := range owners() {
		s, err := w.session(id)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

func (w World) session(id string) (session.Session, error) {
	generation := uint32(0)
	if id == SessionTwo {
		generation = 2
	}
	t, err := w.refresh(id, generation)
	created := w.Now.Add(-10 * time.Minute)
	s := session.Session{
		Key:        session.Key{Tenant: t.Tenant, User: t.User, Application: t.Application, ID: t.Session},
		SecretHash: t.Secret.Hash(), TokenKeyID: t.KeyID, Generation: generation, AccessTokenID: accessID(id),
		CreatedAt: created, IdleExpiresAt: created.Add(720 * time.Hour), AbsoluteExpiresAt: created.Add(4320 * time.Hour),
		Policy: session.Policy{
			Reusable: t.Reusable, RequireAccessToken: t.Application == Guarded,
			Access: 15 * time.Minute, Idle: 720 * time.Hour, Overlap: 30 * time.Second,
		},
		Scope: "profile email", Device: &session.Device{Name: "Laptop", Type: "desktop"},
		Claims: json.RawMessage(`{"role":"editor"}`),
	}
	if generation > 0 {
		s.RotatedAt, s.RotatedBy = w.Now.Add(-5*time.Minute), token.ID{1}
	}
	if id == SessionOld {
		s.IdleExpiresAt = w.Now.Add(-time.Minute)
	}
	return s, err
}

func accessID(sessionID string) token.ID {
	sum := derived("access token/" + sessionID)
	return token.ID(sum[:16])
}

func (w World) refresh(id string, generation uint32) (token.Refresh, error) {
	key, err := keyOf(id)
	if err != nil {
		return token.Refresh{}, err
	}
	t := token.Refresh{
		Reusable: key.Application == Service, KeyID: w.tokenKey.ID, Tenant: key.Tenant, User: key.User,
		Application: key.Application, Session: key.ID, Secret: derived("refresh token/" + id),
	}
	for range generation {
		if t, _, err = t.Successor(w.tokenKey, w.tokenKey); err != nil {
			return t, err
		}
	}
	return t, nil
}

// RefreshToken is the token of a session at a generation.
func (w World) RefreshToken(id string, generation uint32) (string, error) {
	t, err := w.refresh(id, generation)
	if err != nil {
		return "", err
	}
	text, err := t.Encode(w.tokenKey)
	return text.Reveal(), err
}

// AccessToken is the current access token of a session, made with the session.
func (w World) AccessToken(id string, expires time.Time) (string, error) {
	key, err := keyOf(id)
	if err != nil {
		return "", err
	}
	issued := w.Now.Add(-10 * time.Minute).Unix()
	text, err := token.Access{
		Issuer: Issuer, User: key.User, Application: key.Application, Tenant: key.Tenant, Session: id,
		ID: accessID(id).String(), IssuedAt: issued, NotBefore: issued, Expires: expires.Unix(), Scope: "profile email",
	}.Sign(w.signing)
	return text.Reveal(), err
}

// Move brings an event of Noon into the time of the world: access tokens keep what they say but for the times, which
// move along, and those with a good signature get another good one. A forged one stays forged in the same characters.
func (w World) Move(event []byte) ([]byte, error) {
	var failed error
	moved := regexp.MustCompile(`eyJ[\w-]+\.[\w-]+\.[\w-]+`).ReplaceAllFunc(event, func(jwt []byte) []byte {
		text, err := w.move(string(jwt))
		if err != nil {
			failed = err
		}
		return []byte(text)
	})
	return moved, failed
}

func (w World) move(jwt string) (string, error) {
	const damaged = 8 // characters of a signature that a forger replaces
	signed, signature := jwt[:strings.LastIndex(jwt, ".")], jwt[strings.LastIndex(jwt, ".")+1:]
	header, payload, _ := strings.Cut(signed, ".")
	raw, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		return "", fmt.Errorf("an access token in an event: %w", err)
	}
	claims := map[string]any{}
	if err := json.Unmarshal(raw, &claims); err != nil {
		return "", fmt.Errorf("an access token in an event: %w", err)
	}
	for _, name := range []string{"iat", "nbf", "exp"} {
		if seconds, ok := claims[name].(float64); ok {
			claims[name] = int64(seconds) + int64(w.Now.Sub(Noon()).Seconds())
		}
	}
	if raw, err = json.Marshal(claims); err != nil {
		return "", err
	}
	seed := derived("signing key")
	key := ed25519.NewKeyFromSeed(seed[:])
	again := header + "." + b64(raw)
	fresh := b64(ed25519.Sign(key, []byte(again)))
	old, _ := base64.RawURLEncoding.DecodeString(signature)
	if !ed25519.Verify(key.Public().(ed25519.PublicKey), []byte(signed), old) {
		fresh = fresh[:len(fresh)-damaged] + signature[max(0, len(signature)-damaged):]
	}
	return again + "." + fresh, nil
}
