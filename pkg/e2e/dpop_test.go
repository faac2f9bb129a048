package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	proving "github.com/stencil-auth/refresh-tokens/pkg/fixture"
)

// refreshPath is the route of a refresh, and of the forms that share it.
const refreshPath = "/jwt/refresh"

func (s *service) boundApp() string { return s.creds["DPOP_APPLICATION_ID"] }

// proof is the header with a proof for a request to this service.
func (s *service) proof(key proving.ProofKey, method, path string, further ...map[string]any) http.Header {
	return http.Header{"Dpop": {key.Prove(method, s.base+path, time.Now(), further...)}}
}

// prove refreshes with a proof.
func (s *service) prove(t testing.TB, x session, key proving.ProofKey) answer {
	t.Helper()
	return s.do(t, call{"POST", refreshPath, s.proof(key, "POST", refreshPath), x.body()})
}

// wantBound reads a grant of a session that is bound to a key.
func (x session) wantBound(t testing.TB, a answer, key proving.ProofKey) session {
	t.Helper()
	x = x.granted(t, a.want(t, 200))
	equal(t, "tokenType", a.data("tokenType"), "DPoP")
	equal(t, "cnf", parseJWT(t, x.access).claims["cnf"], any(map[string]any{"jkt": key.Thumbprint}))
	return x
}

func TestABoundSessionRefreshesWithProofsByItsKeyAlone(t *testing.T) {
	key, other := proving.NewProofKey("ES256"), proving.NewProofKey("EdDSA")
	first := home.issue(t, fresh(), home.boundApp())
	equal(t, "tokenType without a proof", home.present(t, home.rotate(t, first).refresh).data("tokenType"), "Bearer")
	first = home.issue(t, fresh(), home.boundApp())
	bound := first.wantBound(t, home.prove(t, first, key), key)
	dead := home.present(t, strings.Repeat("x", 20))
	for _, a := range []answer{
		home.present(t, bound.refresh), home.prove(t, bound, other), home.present(t, first.refresh), home.prove(t, first, other),
	} {
		a.check(t, 400)
		equal(t, "a missing or foreign proof", a.raw, dead.raw) // reads like every refused refresh token
	}
	again := first.wantBound(t, home.prove(t, first, key), key) // the overlap has no clock
	equal(t, "a retry", again.refresh, bound.refresh)
	bound.wantBound(t, home.prove(t, bound, key), key)

	from := home.issueWith(t, home.demo, map[string]any{
		"userId": fresh(), "applicationId": home.boundApp(), "dpopJkt": other.Thumbprint,
	})
	home.present(t, from.refresh).check(t, 400)
	from.wantBound(t, home.prove(t, from, other), other)
	for app, jkt := range map[string]any{home.demo.web: key.Thumbprint, home.boundApp(): "short"} {
		body := jsonOf(map[string]any{"userId": fresh(), "applicationId": app, "dpopJkt": jkt})
		home.do(t, call{"POST", "/jwt/issue", home.demo.admin(), body}).check(t, 400).wantFields(t, "dpopJkt")
	}
	off := home.issue(t, fresh(), home.demo.web)
	a := home.do(t, call{"POST", refreshPath, http.Header{"Dpop": {"a", "b"}}, off.body()}).want(t, 200)
	equal(t, "where it is off", a.data("tokenType"), "Bearer")
}

func TestABadProofHasTheSameCodeForLivingAndDeadSessions(t *testing.T) {
	key := proving.NewProofKey("ES256")
	alive, dead := home.issue(t, fresh(), home.boundApp()), home.issue(t, fresh(), home.boundApp())
	home.do(t, call{"DELETE", "/jwt/refresh/" + dead.id, home.demo.admin(), ""}).want(t, 200)
	good := home.proof(key, "POST", refreshPath)["Dpop"][0]
	for name, proofs := range map[string][]string{
		"empty": {""}, "twice": {good, good}, "not a JWT": {"x"},
		"htm": home.proof(key, "GET", refreshPath)["Dpop"], "htu": home.proof(key, "POST", "/jwt/revoke")["Dpop"],
		"another host": {key.Prove("POST", "https://evil.example"+refreshPath, time.Now())},
		"private":      {key.WithHeader("jwk", map[string]any{"kty": "oct", "k": "AAAA"}).Prove("POST", home.base+refreshPath, time.Now())},
	} {
		one := home.do(t, call{"POST", refreshPath, http.Header{"Dpop": proofs}, alive.body()}).check(t, 400, name)
		two := home.do(t, call{"POST", refreshPath, http.Header{"Dpop": proofs}, dead.body()}).check(t, 400, name)
		equal(t, name+": code", one.text("code"), "invalid_dpop_proof")
		equal(t, name+": of a dead session", two.raw, one.raw)
	}
	off := map[string]any{"iat": time.Now().Add(-time.Hour).Unix()}
	a := home.do(t, call{"POST", refreshPath, home.proof(key, "POST", refreshPath, off), alive.body()}).want(t, 400)
	equal(t, "an iat that is off", a.text("code"), "invalid_dpop_proof")
	nonce := map[string]any{"nonce": a.header.Get("DPoP-Nonce")}
	a = home.do(t, call{"POST", refreshPath, home.proof(key, "POST", refreshPath, off, nonce), alive.body()})
	alive.wantBound(t, a, key)
}

// The paths of a refresh on the other interfaces.
const (
	oauth       = "/oauth2/token"
	kirjaswappi = "/api/v1/authenticate/refresh"
	seveng      = "/User/RefreshToken"
)

// refreshBy refreshes on the interface of a path, beside the access token of a bound session and with a proof.
func (s *service) refreshBy(t testing.TB, path string, x session, proof http.Header) answer {
	t.Helper()
	header, body := with(proof, "Authorization", "DPoP "+x.access), x.body()
	if path == oauth {
		header.Set("Content-Type", "application/x-www-form-urlencoded")
		body = url.Values{"grant_type": {"refresh_token"}, "refresh_token": {x.refresh}}.Encode()
	}
	return s.do(t, call{"POST", path, header, body})
}

func TestWhereProofsAreRequiredTheyNeedANonce(t *testing.T) {
	key, other := proving.NewProofKey("ES256"), proving.NewProofKey("ES256")
	home.rtctl(t, "app", "put", "nonced", "--set", "dpop=required", "--set", "usage=reusable")
	x := home.issue(t, fresh(), "nonced")
	for path, want := range map[string]struct {
		missing  int
		use, bad string
	}{
		refreshPath: {400, `"code":"use_dpop_nonce"`, `"code":"invalid_dpop_proof"`},
		oauth:       {400, `"error":"use_dpop_nonce"`, `"error":"invalid_dpop_proof"`},
		kirjaswappi: {401, `"code":"validationFailed"`, `"code":"validationFailed"`},
		seveng:      {401, `"result":false`, `"result":false`},
	} {
		ask := func(status int, text string, proof http.Header) answer {
			t.Helper()
			a := home.refreshBy(t, path, x, proof).check(t, status, path)
			if !strings.Contains(a.raw, text) {
				t.Errorf("%s: want %s", a, text)
			}
			return a
		}
		ask(want.missing, "", nil)
		nonce := ask(400, want.use, home.proof(key, "POST", path)).header.Get("DPoP-Nonce")
		if nonce == "" {
			t.Fatalf("%s: got no nonce", path)
		}
		ask(400, want.use, home.proof(key, "POST", path, map[string]any{"nonce": nonce[1:] + nonce[:1]}))
		good := map[string]any{"nonce": nonce}
		ask(400, want.bad, home.proof(key, "GET", path, good))
		ask(200, "eyJ", home.proof(key, "POST", path, good))
		ask(200, "eyJ", home.proof(key, "POST", path, good, map[string]any{"iat": 1})) // the nonce says when
		ask(want.missing, "", home.proof(other, "POST", path, good))
	}
}

func TestTheOtherInterfacesTakeProofsToo(t *testing.T) {
	key := proving.NewProofKey("ES256")
	for path, want := range map[string]struct {
		missing, bad         int
		missingCode, badCode string
	}{
		oauth:       {400, 400, `"error":"invalid_grant"`, `"error":"invalid_dpop_proof"`},
		kirjaswappi: {401, 400, `"code":"invalidRefreshToken"`, `"code":"validationFailed"`},
		seveng:      {401, 400, `"result":false`, `"result":false`},
	} {
		x := home.issue(t, fresh(), home.boundApp())
		x = x.wantBound(t, home.prove(t, x, key), key)
		ask := func(proof http.Header) answer {
			t.Helper()
			return home.refreshBy(t, path, x, proof)
		}
		for _, c := range []struct {
			a      answer
			status int
			code   string
		}{
			{ask(nil), want.missing, want.missingCode},
			{ask(home.proof(key, "POST", refreshPath)), want.bad, want.badCode},
			{ask(home.proof(key, "POST", path)), 200, "eyJ"},
		} {
			if c.a.check(t, c.status, path); !strings.Contains(c.a.raw, c.code) {
				t.Errorf("%s: want %s", c.a, c.code)
			}
		}
	}
}

func TestABoundAccessTokenNeedsItsSchemeAndAProof(t *testing.T) {
	key, other := proving.NewProofKey("ES256"), proving.NewProofKey("ES256")
	x := home.issue(t, fresh(), home.boundApp())
	plain := x.owner()
	x = x.wantBound(t, home.prove(t, x, key), key)
	path, ath := refreshPath+"/"+x.id, proving.ForAccess(x.access)
	as := func(scheme string, proof http.Header) answer {
		t.Helper()
		header := with(proof, "Authorization", scheme+" "+x.access, "X-Stencil-TenantId", x.tenant)
		return home.do(t, call{"GET", path, header, ""})
	}
	as("DPoP", home.proof(key, "GET", path, ath)).check(t, 200)
	as("dpop", home.proof(key, "GET", path, ath)).check(t, 200, "the scheme's case")
	for name, a := range map[string]answer{
		"Bearer":           as("Bearer", nil),
		"Bearer, a proof":  as("Bearer", home.proof(key, "GET", path, ath)),
		"no proof":         as("DPoP", nil),
		"no ath":           as("DPoP", home.proof(key, "GET", path)),
		"another ath":      as("DPoP", home.proof(key, "GET", path, proving.ForAccess("x"))),
		"another key":      as("DPoP", home.proof(other, "GET", path, ath)),
		"another method":   as("DPoP", home.proof(key, "DELETE", path, ath)),
		"another path":     as("DPoP", home.proof(key, "GET", refreshPath, ath)),
		"an hour ago":      as("DPoP", home.proof(key, "GET", path, ath, map[string]any{"iat": time.Now().Add(-time.Hour).Unix()})),
		"the header twice": as("DPoP", http.Header{"Dpop": {home.proof(key, "GET", path, ath)["Dpop"][0], home.proof(key, "GET", path, ath)["Dpop"][0]}}),
	} {
		a.check(t, 401, name)
		equal(t, name+": WWW-Authenticate", a.header.Get("WWW-Authenticate"), `Bearer, DPoP algs="ES256 EdDSA RS256"`)
	}
	plain.Set("Authorization", "DPoP "+strings.TrimPrefix(plain.Get("Authorization"), "Bearer "))
	home.do(t, call{"GET", path, with(plain, "Dpop", home.proof(key, "GET", path, ath)["Dpop"][0]), ""}).check(t, 401, "a token that is not bound")
	form := home.proof(key, "POST", refreshPath, ath)
	header := with(form, "Authorization", "DPoP "+x.access, "X-Stencil-TenantId", x.tenant)
	home.do(t, call{"POST", refreshPath, header, jsonOf(map[string]string{"id": x.id})}).check(t, 200, "a form on the path of refresh")
	about := home.do(t, call{"POST", "/oauth2/introspect", with(home.demo.admin(), "Content-Type", "application/x-www-form-urlencoded"), url.Values{"token": {x.access}}.Encode()})
	equal(t, "token_type", about.text("token_type"), "DPoP")
	equal(t, "cnf", about.body["cnf"], any(map[string]any{"jkt": key.Thumbprint}))
}
