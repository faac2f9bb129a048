package rotation_test

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/keys/rotation"
	"github.com/stencil-auth/refresh-tokens/pkg/keys/secretsmanager"
	"github.com/stencil-auth/refresh-tokens/pkg/keys/secretsmanager/moto"
)

// motoHarness is the harness over a Secrets Manager by other people.
type motoHarness struct {
	*harness

	server *moto.Server
}

func newMoto(t *testing.T) *motoHarness {
	t.Helper()
	endpoint := os.Getenv("MOTO_ENDPOINT")
	if endpoint == "" {
		t.Skip("needs moto's server: make moto")
	}
	server, err := moto.Dial(t.Context(), endpoint)
	if err != nil {
		t.Fatal(err)
	}
	m := &motoHarness{harness: newHarness(t), server: server}
	suffix := fmt.Sprint(time.Now().UnixNano()) // the server may have served before
	arns := map[string]string{}
	for _, name := range []string{"signing", "public", "token"} {
		if arns[name], err = server.Create(t.Context(), name+suffix); err != nil {
			t.Fatal(err)
		}
	}
	m.signing.Secrets, m.signing.ARN, m.signing.PublicARN = server, arns["signing"], arns["public"]
	m.tokens.Secrets, m.tokens.ARN = server, arns["token"]
	return m
}

// begin has the server begin a rotation.
func (m *motoHarness) begin(r *rotation.Rotation) string {
	m.t.Helper()
	token, err := m.server.Begin(m.t.Context(), r.ARN, "")
	if err != nil {
		m.t.Fatal(err)
	}
	return token
}

func (m *motoHarness) rotate(r *rotation.Rotation) {
	m.t.Helper()
	token := m.begin(r)
	for _, step := range steps {
		for range 2 {
			if err := m.step(r, step, token); err != nil {
				m.t.Fatalf("%s: %v", step, err)
			}
		}
	}
}

// An independent second opinion: the four steps, repeated, and an emergency go the same way against moto.
func TestRotationAgainstMoto(t *testing.T) {
	m := newMoto(t)
	if _, err := secretsmanager.TokenKeys(m.server, m.tokens.ARN)(t.Context()); err == nil {
		t.Error("a placeholder is served")
	}
	var signing []string
	for range 3 {
		m.rotate(m.signing)
		m.rotate(m.tokens)
		set, err := secretsmanager.SigningKeys(m.server, m.signing.ARN)(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		public, err := secretsmanager.PublicKeys(m.server, m.signing.PublicARN)(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		signing = append(signing, set.Active.ID)
		for _, kid := range signing {
			if _, err := public.Find(kid); err != nil {
				t.Errorf("key %s: got %v, want it published", kid, err)
			}
		}
		m.Pass(rotation.MinNextAge)
	}
	if slices.Sort(signing); len(slices.Compact(signing)) != 3 {
		t.Errorf("three rotations, and the keys %v", signing)
	}
	m.wantEmergency(t)
}

func (m *motoHarness) wantEmergency(t *testing.T) {
	t.Helper()
	before, err := secretsmanager.TokenKeys(m.server, m.tokens.ARN)(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	token := m.begin(m.tokens)
	if err := m.step(m.tokens, "createSecret", token); err != nil {
		t.Fatal(err)
	}
	if _, err := m.drop(m.tokens, before.Active.ID.String()); err != nil {
		t.Fatal(err)
	}
	if err := m.step(m.tokens, "finishSecret", token); err == nil {
		t.Error("the rotation under way was not cancelled")
	}
	after, err := secretsmanager.TokenKeys(m.server, m.tokens.ARN)(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := after.Find(before.Active.ID); err == nil || after.Active.ID == before.Active.ID {
		t.Error("the dropped key is still there")
	}
	if _, err := keys.NewRing(secretsmanager.TokenKeys(m.server, m.tokens.ARN)).Get(t.Context()); err != nil {
		t.Error(err)
	}
}
