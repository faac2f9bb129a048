package token_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

func TestIDsSortByCreation(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 678_000_000, time.UTC)
	var last token.ID
	for i := range 4000 {
		now := at.Add(time.Duration(i) * 250 * time.Nanosecond) // the resolution of twelve bits is 245 ns
		id, err := token.NewID(now, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Compare(last[:], id[:]) >= 0 {
			t.Fatalf("id %d: got %s after %s, want ascending ids", i, id, last)
		}
		if id[6]>>4 != 7 || id[8]>>6 != 2 {
			t.Fatalf("got %s, want a UUIDv7", id)
		}
		if want := now.Truncate(time.Millisecond); !id.Time().Equal(want) {
			t.Fatalf("got %s, want %s", id.Time(), want)
		}
		last = id
	}
}

func TestAnIDHasOneSpelling(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := token.ID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		if got, ok := token.ParseID(id.String()); !ok || got != id {
			t.Fatalf("got %s, %v, want %s", got, ok, id)
		}
	})
	for _, s := range []string{
		"", uuid[1:], uuid + "0", strings.ToUpper(uuid), "{" + uuid + "}", strings.ReplaceAll(uuid, "-", ""),
		strings.ReplaceAll(uuid, "-", "_"), "g" + uuid[1:], " " + uuid[1:], uuid[:35] + "\n",
	} {
		if _, ok := token.ParseID(s); ok {
			t.Errorf("%q: got an id, want none", s)
		}
	}
}

func TestAnAPIKeyHasOneSpelling(t *testing.T) {
	key, err := token.NewAPIKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	text := key.Text().Reveal()
	if got, ok := token.ParseAPIKey(text); !ok || got != key {
		t.Fatalf("got %v, %v, want %v", got, ok, key)
	}
	if !token.IsAPIKey(text) || token.IsAPIKey("ey"+text) {
		t.Error("IsAPIKey: got a wrong answer for the prefix")
	}
	wrong := []string{
		"", "sak_", text[4:], "SAK_" + text[4:], text + "A", text + "=", text + "\n", text[:len(text)-1],
		"sak_" + strings.ToUpper(key.ID[:31]+"a") + text[36:], strings.Replace(text, "_", "-", 2),
		"sak_" + text, text[:40] + "\n" + text[41:], text[:len(text)-2] + "==",
	}
	// The last character has two spare bits, which must be zero.
	for _, c := range "BCDFGH" {
		wrong = append(wrong, text[:len(text)-1]+string(c))
	}
	for _, s := range wrong {
		if _, ok := token.ParseAPIKey(s); ok && s != text {
			t.Errorf("a damaged key of length %d: got a key, want none", len(s))
		}
	}
}

// Without randomness neither a key nor an id is made: a zero secret must never be issued.
func TestFailingRandomnessIsAnError(t *testing.T) {
	broken := io.MultiReader(bytes.NewReader(make([]byte, 20)), failing{})
	if _, err := token.NewAPIKey(broken); !errors.Is(err, errNoRandom) {
		t.Errorf("NewAPIKey: got %v, want %v", err, errNoRandom)
	}
	if _, err := token.NewID(time.Now(), failing{}); !errors.Is(err, errNoRandom) {
		t.Errorf("NewID: got %v, want %v", err, errNoRandom)
	}
}

var errNoRandom = errors.New("no randomness")

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errNoRandom }
