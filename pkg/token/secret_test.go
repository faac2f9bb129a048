package token_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// shown is everything that fmt, encoders and loggers print of v.
func shown(v any) string {
	var b bytes.Buffer
	for _, verb := range []string{
		"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%#x", "%d", "%o", "%b", "%c", "%U", "%e", "%t", "%20v", "%-5.2s", "%!",
	} {
		fmt.Fprintf(&b, verb+"\n", v)
	}
	fmt.Fprintln(&b, v, fmt.Sprint(v), fmt.Errorf("wrapped: %v", v))
	raw, _ := json.Marshal(v)
	b.Write(raw)
	for _, h := range []slog.Handler{slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, nil)} {
		log := slog.New(h)
		log.Info("m", "v", v, "group", slog.GroupValue(slog.Any("v", v)))
		log.With("v", v).Info(fmt.Sprint(v))
	}
	return b.String()
}

// spellings are the ways to print bytes.
func spellings(secret []byte) []string {
	decimal := strings.Trim(fmt.Sprintf("%d", secret), "[]")
	goSyntax := strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%#v", secret), "[]byte{"), "}")
	short := func(s string, n int) string { return s[:min(n, len(s))] }
	return []string{
		string(secret), hex.EncodeToString(secret)[:12], strings.ToUpper(hex.EncodeToString(secret)[:12]), short(decimal, 16),
		short(strings.ReplaceAll(decimal, " ", ","), 16), short(goSyntax, 20), base64.RawURLEncoding.EncodeToString(secret)[:10],
		base64.StdEncoding.EncodeToString(secret)[:10], short(fmt.Sprintf("% x", secret), 16), short(strings.Trim(fmt.Sprintf("%o", secret), "[]"), 16),
	}
}

func hidden(t *testing.T, what string, v any, secrets ...[]byte) {
	t.Helper()
	out := shown(v)
	for n, secret := range secrets {
		for i, s := range spellings(secret) {
			if strings.Contains(out, s) {
				t.Errorf("%s shows secret %d in spelling %d, want none", what, n, i)
			}
		}
	}
}

// By every verb, encoder and logger, alone and inside other values.
func TestSecretsPrintAsRedacted(t *testing.T) {
	r := sample()
	text, err := r.Encode(tokenKey(7))
	if err != nil {
		t.Fatal(err)
	}
	presented, err := token.ParseRefresh(text.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	secret, hash, raw := r.Secret, r.Secret.Hash(), text.Reveal()
	key := token.APIKey{ID: "00112233445566778899aabbccddeeff", Secret: secret}
	type holder struct {
		Text    token.Text
		Secret  *token.Secret
		Hashes  []token.Hash
		Keys    map[token.Hash]token.APIKey
		Any     any
		Refresh *token.Refresh
	}
	h := holder{text, &secret, []token.Hash{hash}, map[token.Hash]token.APIKey{hash: key}, secret, &r}
	for what, v := range map[string]any{
		"Text": text, "*Text": &text, "Secret": secret, "*Secret": &secret, "Hash": hash, "*Hash": &hash, "Refresh": r, "*Refresh": &r,
		"Presented": presented, "*Presented": &presented, "APIKey": key, "API key text": key.Text(), "struct": h, "*struct": &h,
		"slice": []token.Secret{secret}, "slice of Text": []token.Text{text}, "array": [2]token.Hash{hash, hash},
		"map": map[string]token.Secret{"k": secret}, "slice of any": []any{text, secret, hash, r}, "nested": [][]holder{{h}},
	} {
		hidden(t, what, v, secret[:], hash[:], []byte(raw), []byte(raw[4:]), []byte(key.Text().Reveal()[37:]))
	}
	if got := fmt.Sprintf("%s %v %x %d", text, secret, hash, secret); got != strings.Repeat("[redacted] ", 3)+"[redacted]" {
		t.Errorf("got %q, want [redacted] four times", got)
	}
	if text.String() != "[redacted]" || secret.String() != "[redacted]" || hash.String() != "[redacted]" {
		t.Errorf("got %s, %s, %s, want [redacted]", text.String(), secret.String(), hash.String())
	}
}

// shown and spellings must find a secret that is printed.
func TestAPrintedSecretIsFound(t *testing.T) {
	secret := sample().Secret
	for what, v := range map[string]any{"bytes": secret[:], "array": [32]byte(secret), "string": string(secret[:])} {
		found := false
		for _, s := range spellings(secret[:]) {
			found = found || strings.Contains(shown(v), s)
		}
		if !found {
			t.Errorf("a plain %s: got no finding", what)
		}
	}
}

func TestErrorsQuoteNoCredential(t *testing.T) {
	r := sample()
	text := encode(t, r)
	var all []string
	for i := range text {
		if p, err := token.ParseRefresh(text[:i] + "~" + text[i+1:]); err != nil {
			all = append(all, err.Error())
		} else if _, err := p.Verify(tokenKey(p.KeyID())); err != nil {
			all = append(all, err.Error())
		}
	}
	_, err := r.Encode(tokenKey(9))
	all = append(all, err.Error())
	_, _, err = r.Successor(tokenKey(9), tokenKey(9))
	all = append(all, err.Error())
	w := newService()
	access := w.sign(t, "ES256", w.access())
	for i := range access {
		if _, err := w.verifier().Verify(t.Context(), access[:i]+"~"+access[i+1:]); err != nil {
			all = append(all, err.Error())
		}
	}
	joined := strings.Join(all, "\n")
	key := tokenKey(7)
	for _, secret := range [][]byte{r.Secret[:], key.Secret[:], []byte(text[10:30]), []byte(access[:20]), []byte("user-1")} {
		for _, s := range append(spellings(append(secret, make([]byte, 16)...)), string(secret)) {
			if strings.Contains(joined, s) {
				t.Error("an error quotes a credential, want none")
			}
		}
	}
}
