package secretsmanager_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	awssecrets "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/stencil-auth/refresh-tokens/pkg/deploy/awsconfig"
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/keys/secretsmanager"
	"github.com/stencil-auth/refresh-tokens/pkg/keys/secretsmanager/fakesm"
)

func document(t *testing.T, set ...keys.JWK) string {
	t.Helper()
	raw, err := keys.MarshalDocument(set...)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// tokenKeys fetches from a secret that holds value.
func tokenKeys(value string) (*fakesm.Server, secretsmanager.Fetch[keys.TokenSet]) {
	fake := fakesm.New()
	return fake, secretsmanager.TokenKeys(fake.Client(), fake.Create("token-keys", value))
}

// at fetches token keys from an endpoint.
func at(t *testing.T, endpoint string) secretsmanager.Fetch[keys.TokenSet] {
	t.Helper()
	config, err := awsconfig.Local(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	return secretsmanager.TokenKeys(awssecrets.NewFromConfig(config), "arn")
}

// Each document is read from its own secret with one GetSecretValue.
func TestDocumentsAreReadByARN(t *testing.T) {
	signing, err := keys.GenerateSigningKey("ES256", keys.Active)
	if err != nil {
		t.Fatal(err)
	}
	key := keys.GenerateTokenKey(keys.Active)
	public := signing
	public.D = ""
	fake := fakesm.New()
	client := fake.Client()
	a, err1 := secretsmanager.TokenKeys(client, fake.Create("token-keys", document(t, key)))(t.Context())
	b, err2 := secretsmanager.SigningKeys(client, fake.Create("signing-keys", document(t, signing)))(t.Context())
	c, err3 := secretsmanager.PublicKeys(client, fake.Create("public-keys", document(t, public)))(t.Context())
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Find(signing.ID); err != nil || a.Active.ID.String() != key.ID || b.Active.ID != signing.ID {
		t.Errorf("got token key %s and signing key %s, want %s and %s, published", a.Active.ID, b.Active.ID, key.ID, signing.ID)
	}
	if fake.Calls("GetSecretValue") != 3 {
		t.Errorf("got %d calls, want 3", fake.Calls("GetSecretValue"))
	}
}

func TestOnlyTheCurrentVersionIsRead(t *testing.T) {
	old, next := keys.GenerateTokenKey(keys.Active), keys.GenerateTokenKey(keys.Active)
	fake := fakesm.New()
	arn := fake.Create("token-keys", document(t, old))
	c := fake.Client()
	fetch := secretsmanager.TokenKeys(c, arn)
	rotate(t, c, fake, arn, document(t, next), func() {
		if set, err := fetch(t.Context()); err != nil || set.Active.ID.String() != old.ID {
			t.Errorf("during the rotation: got %v, %v, want key %s", set, err, old.ID)
		}
	})
	if set, err := fetch(t.Context()); err != nil || set.Active.ID.String() != next.ID {
		t.Errorf("after the rotation: got %v, %v, want key %s", set, err, next.ID)
	}
}

// Law 8: a secret without a document is a missing key set.
func TestPlaceholdersAreUnavailable(t *testing.T) {
	for what, value := range map[string]string{
		"empty": "", "text": "placeholder-value", "object": "{}", "no keys": `{"keys":[]}`, "generated": `{"password":"placeholder-value"}`,
		"damaged": `{"keys":[{"kty":"oct","kid":"00000001","status":"active","k":"placeholder-value"}]}`,
	} {
		fake, fetch := tokenKeys(value)
		_, err := keys.NewRing(fetch).Get(t.Context())
		if !errors.Is(err, keys.ErrUnavailable) {
			t.Errorf("%s: got %v, want %v", what, err, keys.ErrUnavailable)
		}
		if err != nil && (!strings.Contains(err.Error(), "token-keys") || leaks(err, "placeholder-value")) {
			t.Errorf("%s: got %v, want the name of the secret and not its value", what, err)
		}
		if fake.Calls("GetSecretValue") != 1 {
			t.Errorf("%s: got %d calls, want 1", what, fake.Calls("GetSecretValue"))
		}
	}
}

// leaks reports whether fmt prints the secret for the error.
func leaks(err error, secret string) bool {
	for _, verb := range []string{"%v", "%+v", "%q"} {
		if strings.Contains(fmt.Sprintf(verb, err), secret) {
			return true
		}
	}
	return false
}

func TestMissingSecretsAreUnavailable(t *testing.T) {
	fake := fakesm.New()
	empty := fake.CreateEmpty("empty")
	for what, arn := range map[string]string{"not configured": "", "unknown": "arn:unknown", "without a version": empty} {
		fetch := secretsmanager.TokenKeys(fake.Client(), arn)
		if _, err := keys.NewRing(fetch).Get(t.Context()); !errors.Is(err, keys.ErrUnavailable) {
			t.Errorf("%s: got %v, want %v", what, err, keys.ErrUnavailable)
		}
	}
	var missing *types.ResourceNotFoundException
	_, err := secretsmanager.TokenKeys(fake.Client(), empty)(t.Context())
	if !errors.As(err, &missing) {
		t.Errorf("got %v, want the error of the service in it", err)
	}
}

// A fetch tolerates four throttled, failed, broken or malformed replies, and not five.
func TestFailuresAreRetried(t *testing.T) {
	bad := fakesm.Failure{Status: http.StatusBadGateway}
	reset := fakesm.Failure{}
	for what, f := range map[string]fakesm.Failure{"throttled": fakesm.Throttled, "5xx": fakesm.Internal, "proxy": bad, "reset": reset} {
		fake, fetch := tokenKeys(document(t, keys.GenerateTokenKey(keys.Active)))
		fake.Fail("GetSecretValue", f, f, f, f)
		if _, err := fetch(t.Context()); err != nil || fake.Calls("GetSecretValue") != 5 {
			t.Errorf("%s, 4 failures: got %d calls, %v, want 5 and success", what, fake.Calls("GetSecretValue"), err)
		}
		fake.Fail("GetSecretValue", f, f, f, f, f)
		if _, err := fetch(t.Context()); err == nil || fake.Calls("GetSecretValue") != 10 {
			t.Errorf("%s, 5 failures: got %d calls, %v, want 5 more and an error", what, fake.Calls("GetSecretValue"), err)
		}
	}
}

func TestAccessDeniedIsNotRetried(t *testing.T) {
	fake, fetch := tokenKeys("{}")
	fake.Fail("GetSecretValue", fakesm.Failure{Status: http.StatusBadRequest, Code: "AccessDeniedException"})
	if _, err := fetch(t.Context()); err == nil || fake.Calls("GetSecretValue") != 1 {
		t.Errorf("got %d calls, %v, want 1 and an error", fake.Calls("GetSecretValue"), err)
	}
}

func TestACancelledContextEndsTheRetries(t *testing.T) {
	fake, fetch := tokenKeys("{}")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := fetch(ctx); !errors.Is(err, context.Canceled) || fake.Calls("GetSecretValue") != 0 {
		t.Errorf("got %d calls, %v, want none and %v", fake.Calls("GetSecretValue"), err, context.Canceled)
	}
}

func TestErrorsQuoteNoMalformedReply(t *testing.T) {
	for _, body := range []string{`{"SecretString":"very-secret"`, `{"SecretString":{"very-secret":1}}`, `very-secret`, `["very-secret"]`} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/x-amz-json-1.1")
			_, _ = w.Write([]byte(body))
		}))
		_, err := at(t, server.URL)(t.Context())
		if err == nil || leaks(err, "very-secret") {
			t.Errorf("%s: got %v, want an error without the secret", body, err)
		}
		server.Close()
	}
}
