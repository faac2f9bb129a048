package embedded

import (
	"bytes"
	"cmp"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/storetest"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

func FuzzKeysKeepEveryByteAndSortAsTheirParts(f *testing.F) {
	f.Add("tenant", "user", "application", "a#")
	f.Add("", "\x00", "\x00\x01", "\x00\xff")
	f.Add("\x00\xff\x01", "a", "a\x00", "a\x00\x01")
	f.Fuzz(func(t *testing.T, tenant, user, application, other string) {
		key := session.Key{Tenant: tenant, User: user, Application: application, ID: storetest.NewID()}
		if got, err := parseSessionKey(sessionKey(key)); err != nil || got != key {
			t.Fatalf("session key: got %v, %v; want %v", got, err, key)
		}
		rest, found := bytes.CutPrefix(indexKey(key), indexPrefix(tenant, key.ID))
		if got, err := parseIndexKey(tenant, key.ID, rest); !found || err != nil || got != key {
			t.Fatalf("index key: got %v, %v; want %v", got, err, key)
		}
		second := key
		second.Application, second.ID = other, storetest.NewID()
		want := cmp.Or(cmp.Compare(application, other), bytes.Compare(key.ID[:], second.ID[:]))
		if got := bytes.Compare(sessionKey(key), sessionKey(second)); got != want {
			t.Fatalf("got order %d, want %d", got, want)
		}
		end := keyOfParts(tenant, user)
		end[len(end)-1]++
		if bytes.Compare(sessionKey(key), end) >= 0 {
			t.Fatal("got a key above the end of its prefix, want it below")
		}
		if other != user && bytes.HasPrefix(sessionKey(key), keyOfParts(tenant, other)) {
			t.Fatal("got a key with the prefix of another user, want its own")
		}
	})
}

// deletedApplication has every field.
func deletedApplication() application {
	return application{storetest.NewApplication("t", "a"), storetest.Now()}
}

func FuzzDecodingNeverPanics(f *testing.F) {
	f.Add(encodeSession(storetest.NewFullSession("t", "u", "a")))
	f.Add(encodeApplication(deletedApplication()))
	f.Add(encodeAPIKey(storetest.NewAPIKey("t")))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, value []byte) {
		if s, err := decodeSession(session.Key{}, value); err == nil && len(value) < 3*16 {
			t.Fatalf("got session %v from %d bytes, want an error", s.ID, len(value))
		}
		_, _ = decodeApplication("t", "a", value)
		_, _ = decodeAPIKey("id", value)
	})
}

func TestAValueOfAnotherLengthOrVersionIsDamaged(t *testing.T) {
	values := map[string]struct {
		value  []byte
		decode func([]byte) error
	}{
		"session": {encodeSession(storetest.NewFullSession("t", "u", "a")), func(b []byte) error {
			_, err := decodeSession(session.Key{}, b)
			return err
		}},
		"application": {encodeApplication(deletedApplication()), func(b []byte) error {
			_, err := decodeApplication("t", "a", b)
			return err
		}},
		"API key": {encodeAPIKey(storetest.NewAPIKey("t")), func(b []byte) error {
			_, err := decodeAPIKey("id", b)
			return err
		}},
	}
	for name, c := range values {
		if err := c.decode(c.value); err != nil {
			t.Errorf("%s: got %v, want a value", name, err)
		}
		later := bytes.Clone(c.value)
		later[0]++
		damaged := [][]byte{later, append(bytes.Clone(c.value), 0)}
		for n := range len(c.value) {
			damaged = append(damaged, c.value[:n])
		}
		for _, value := range damaged {
			if c.decode(value) == nil {
				t.Errorf("%s: got a value from %d bytes, first %x, want an error", name, len(value), value[:min(1, len(value))])
			}
		}
	}
}

func TestAnIDWithAnEndMarkReachesNoOtherUser(t *testing.T) {
	s, start := stopped(t)
	start()
	hidden := session.Key{Tenant: "t", User: "u\x00\x01a", Application: "b", ID: token.ID{1}}
	added := newSession()
	added.Key = hidden
	if err := s.Create(t.Context(), added); err != nil {
		t.Fatal(err)
	}
	page, _, err := s.Query(t.Context(), session.Query{Tenant: "t", User: "u"})
	if err != nil || len(page) != 0 {
		t.Fatalf("got %d sessions of another user, %v; want none", len(page), err)
	}
	if got, err := s.Locate(t.Context(), "t", hidden.ID); err != nil || got != hidden {
		t.Fatalf("got %v, %v; want %v", got, err, hidden)
	}
}
