package keys

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"
)

// generated holds one key per algorithm: an RSA key costs a tenth of a second.
var generated = sync.OnceValues(func() (map[string]JWK, error) {
	made := map[string]JWK{}
	for _, alg := range []string{"ES256", "EdDSA", "RS256"} {
		j, err := GenerateSigningKey(alg, Active)
		if err != nil {
			return nil, err
		}
		made[alg] = j
	}
	return made, nil
})

func signingKey(t *testing.T, alg string, status Status) JWK {
	t.Helper()
	made, err := generated()
	if err != nil {
		t.Fatal(err)
	}
	j := made[alg]
	j.Status = status
	return j
}

func docOf(t *testing.T, set ...JWK) []byte {
	t.Helper()
	raw, err := MarshalDocument(set...)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// The example of RFC 7638 section 3.1 and the one of RFC 8037 appendix A.3.
func TestThumbprintsAreThoseOfTheRFCs(t *testing.T) {
	rfc7638 := JWK{
		KeyType: "RSA", E: "AQAB", Alg: "RS256", ID: "2011-04-29",
		N: "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5" +
			"n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6" +
			"WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
	}
	if got := rfc7638.thumbprint(); got != "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs" {
		t.Errorf("RFC 7638: got %s", got)
	}
	rfc8037 := JWK{KeyType: "OKP", Curve: "Ed25519", X: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
	if got := rfc8037.thumbprint(); got != "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k" {
		t.Errorf("RFC 8037: got %s", got)
	}
}

func TestGeneratedKeysParse(t *testing.T) {
	for _, alg := range []string{"ES256", "EdDSA", "RS256"} {
		j := signingKey(t, alg, Active)
		set, err := ParseSigningSet(docOf(t, j))
		if err != nil {
			t.Fatalf("%s: %v", alg, err)
		}
		if set.Active.ID != j.ID || set.Active.Alg != alg || j.ID != j.thumbprint() {
			t.Errorf("%s: got key %s of %s, want %s", alg, set.Active.ID, set.Active.Alg, j.ID)
		}
		public, err := ParsePublicSet(docOf(t, j))
		if err != nil {
			t.Fatalf("%s: %v", alg, err)
		}
		got, err := public.Find(j.ID)
		own := set.Active.Signer.Public().(interface{ Equal(crypto.PublicKey) bool })
		if err != nil || got.Alg != alg || !own.Equal(got.Key) {
			t.Errorf("%s: got public key %+v, %v, want the half of the private key", alg, got, err)
		}
	}
	if _, err := GenerateSigningKey("HS256", Active); err == nil {
		t.Error("HS256: got a signing key, want an error")
	}
	a, b := GenerateTokenKey(Active), GenerateTokenKey(Active)
	if a.ID == b.ID || a.K == b.K {
		t.Error("got two equal token keys, want different ones")
	}
}

// Law 8: published are retired, active and next keys, with public members only.
func TestJWKSHoldsNoPrivateMember(t *testing.T) {
	es, ed, rs := signingKey(t, "ES256", Next), signingKey(t, "EdDSA", Active), signingKey(t, "RS256", Retired)
	set, err := ParsePublicSet(docOf(t, es, ed, rs))
	if err != nil {
		t.Fatal(err)
	}
	var doc struct{ Keys []map[string]any }
	if err := json.Unmarshal(set.JWKS(), &doc); err != nil {
		t.Fatal(err)
	}
	allowed := map[string]string{
		"EC": "kty kid alg use crv x y", "OKP": "kty kid alg use crv x", "RSA": "kty kid alg use n e",
	}
	for _, k := range doc.Keys {
		for name, value := range k {
			if text, ok := value.(string); !ok || text == "" {
				t.Errorf("member %s: got no string", name)
			}
			if !strings.Contains(" "+allowed[k["kty"].(string)]+" ", " "+name+" ") {
				t.Errorf("kty %s: got member %s, want public ones alone", k["kty"], name)
			}
		}
		if len(k) != len(strings.Fields(allowed[k["kty"].(string)])) {
			t.Errorf("kty %s: got %d members", k["kty"], len(k))
		}
	}
	var algs []string
	for _, k := range doc.Keys {
		algs = append(algs, fmt.Sprint(k["alg"]))
	}
	if !slices.Equal(algs, []string{"ES256", "EdDSA", "RS256"}) {
		t.Errorf("got algorithms %v, want all three", algs)
	}
	for _, secret := range []string{es.D, ed.D, rs.D, rs.P, rs.Q} {
		if bytes.Contains(set.JWKS(), []byte(secret)) {
			t.Error("the JWKS holds a private member, want none")
		}
	}
}

// A public key has to be one: a point off the curve, a short modulus or a bad exponent is refused.
func TestBadPublicKeysAreRefused(t *testing.T) {
	es, ed, rs := signingKey(t, "ES256", Active), signingKey(t, "EdDSA", Active), signingKey(t, "RS256", Active)
	short := encode(new(big.Int).SetBit(big.NewInt(1), 2046, 1).Bytes())
	for what, change := range map[string]struct {
		JWK
		do func(*JWK)
	}{
		"x and y swapped":        {es, func(j *JWK) { j.X, j.Y = j.Y, j.X }},
		"the origin":             {es, func(j *JWK) { j.X = encode(make([]byte, 32)); j.Y = j.X }},
		"y of 31 bytes":          {es, func(j *JWK) { j.Y = encode(make([]byte, 31)) }},
		"x of 33 bytes":          {es, func(j *JWK) { j.X = encode(make([]byte, 33)) }},
		"no y":                   {es, func(j *JWK) { j.Y = "" }},
		"coordinate over p":      {es, func(j *JWK) { j.X = encode(bytes.Repeat([]byte{255}, 32)) }},
		"another curve":          {es, func(j *JWK) { j.Curve = "P-384" }},
		"no curve":               {es, func(j *JWK) { j.Curve = "" }},
		"secp256k1":              {es, func(j *JWK) { j.Curve = "secp256k1" }},
		"x of 31 bytes":          {ed, func(j *JWK) { j.X = encode(make([]byte, 31)) }},
		"X25519":                 {ed, func(j *JWK) { j.Curve = "X25519" }},
		"padding":                {ed, func(j *JWK) { j.X += "=" }},
		"standard alphabet":      {ed, func(j *JWK) { j.X = strings.Repeat("+", 43) }},
		"modulus of 2047 bits":   {rs, func(j *JWK) { j.N = short }},
		"modulus of 0":           {rs, func(j *JWK) { j.N = "AA" }},
		"exponent 1":             {rs, func(j *JWK) { j.E = "AQ" }},
		"exponent 0":             {rs, func(j *JWK) { j.E = "AA" }},
		"even exponent":          {rs, func(j *JWK) { j.E = "AQAC" }},
		"exponent of five bytes": {rs, func(j *JWK) { j.E = encode([]byte{1, 0, 0, 0, 1}) }},
		"symmetric key":          {GenerateTokenKey(Active), func(*JWK) {}},
		"lower-case kty":         {es, func(j *JWK) { j.KeyType = "ec" }},
		"no kty":                 {es, func(j *JWK) { j.KeyType = "" }},
		"alg none":               {es, func(j *JWK) { j.Alg = "none" }},
		"alg of another key":     {es, func(j *JWK) { j.Alg = "RS256" }},
		"no alg":                 {es, func(j *JWK) { j.Alg = "" }},
		"use enc":                {es, func(j *JWK) { j.Use = "enc" }},
		"use in capitals":        {ed, func(j *JWK) { j.Use = "SIG" }},
		"PS256":                  {rs, func(j *JWK) { j.Alg = "PS256" }},
	} {
		j := change.JWK
		change.do(&j)
		if j.KeyType == "EC" || j.KeyType == "OKP" || j.KeyType == "RSA" {
			j.ID = j.thumbprint()
		}
		_, err := ParsePublicSet(docOf(t, j))
		checkDocumentError(t, what, j, err)
	}
	es.ID = "not the thumbprint"
	_, err := ParsePublicSet(docOf(t, es))
	checkDocumentError(t, "kid that is no thumbprint", es, err)
}

// checkDocumentError: an error about one key names its kid and never a value.
func checkDocumentError(t *testing.T, what string, j JWK, err error) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: got no error", what)
		return
	}
	if !strings.Contains(err.Error(), j.ID) {
		t.Errorf("%s: got %v, want the kid in it", what, err)
	}
	for _, secret := range []string{j.D, j.P, j.Q, j.K, j.X, j.Y, j.N} {
		if len(secret) > 2 && strings.Contains(err.Error(), secret) {
			t.Errorf("%s: got a value in the error, want none", what)
		}
	}
}

// The private half must belong to the public one: else we would sign what nobody can verify.
func TestMismatchedPrivateKeysAreRefused(t *testing.T) {
	for _, alg := range []string{"ES256", "EdDSA", "RS256"} {
		j := signingKey(t, alg, Active)
		other, err := GenerateSigningKey(alg, Active)
		if err != nil {
			t.Fatal(err)
		}
		for what, change := range map[string]func(*JWK){
			"another d": func(j *JWK) { j.D = other.D },
			"no d":      func(j *JWK) { j.D = "" },
			"short d":   func(j *JWK) { j.D = j.D[:20] },
			"zero d":    func(j *JWK) { j.D = encode(make([]byte, 32)) },
			"bad d":     func(j *JWK) { j.D = "!" + j.D[1:] },
		} {
			damaged := j
			change(&damaged)
			_, err := ParseSigningSet(docOf(t, damaged))
			checkDocumentError(t, alg+": "+what, damaged, err)
		}
		if alg != "RS256" {
			continue
		}
		for what, change := range map[string]func(*JWK){
			"other primes": func(j *JWK) { j.P, j.Q = other.P, other.Q },
			"no p":         func(j *JWK) { j.P = "" },
			"no q":         func(j *JWK) { j.Q = "" },
			"q = 1":        func(j *JWK) { j.P, j.Q = j.N, "AQ" },
		} {
			damaged := j
			change(&damaged)
			_, err := ParseSigningSet(docOf(t, damaged))
			checkDocumentError(t, alg+": "+what, damaged, err)
		}
	}
}

// House style 8, for keys: only MarshalDocument writes private members.
func TestPrintedKeysShowNoSecret(t *testing.T) {
	es, rs, oct := signingKey(t, "ES256", Active), signingKey(t, "RS256", Active), GenerateTokenKey(Active)
	signing, err := ParseSigningSet(docOf(t, es))
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := ParseTokenSet(docOf(t, oct))
	if err != nil {
		t.Fatal(err)
	}
	d, _ := decode(es.D)
	raw := tokens.Active.Secret
	private := signing.Active.Signer.(*ecdsa.PrivateKey)
	secrets := []string{
		es.D, rs.D, rs.P, rs.Q, oct.K, new(big.Int).SetBytes(d).String(), hex.EncodeToString(d), hex.EncodeToString(raw[:]),
		strings.Trim(fmt.Sprint(raw), "[]"), strings.ReplaceAll(strings.Trim(fmt.Sprint(raw), "[]"), " ", ","), string(raw[:]),
		strings.Trim(fmt.Sprint(private.D), "[]"), //nolint:staticcheck // what a printer of fields reads
	}
	for what, v := range map[string]any{
		"JWK": es, "*JWK": &rs, "oct JWK": oct, "slice of JWK": []JWK{es, rs, oct}, "Document": Document{Keys: []JWK{es, oct}},
		"TokenKey": tokens.Active, "*TokenKey": &tokens.Active, "TokenSet": *tokens, "*TokenSet": tokens,
		"SigningKey": signing.Active, "*SigningKey": &signing.Active, "SigningSet": *signing, "*SigningSet": signing,
		"map": map[string]any{"a": tokens, "b": signing.Active, "c": &es}, "struct": struct{ K TokenKey }{tokens.Active},
	} {
		var b bytes.Buffer
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%o", "%b", "%c"} {
			fmt.Fprintf(&b, verb+"\n", v)
		}
		written, _ := json.Marshal(v)
		b.Write(written)
		slog.New(slog.NewTextHandler(&b, nil)).Info("m", "v", v)
		slog.New(slog.NewJSONHandler(&b, nil)).Info("m", "v", v)
		for i, secret := range secrets {
			if strings.Contains(b.String(), secret) {
				t.Errorf("%s shows secret %d, want none", what, i)
			}
		}
	}
}
