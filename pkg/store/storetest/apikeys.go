package storetest

import (
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

func apiKeyCases() []contractCase {
	return []contractCase{
		{"PutAPIKey keeps every field of an API key", apiKeyKeepsEveryField},
		{"PutAPIKey never replaces one", apiKeyNeverReplaces},
		{"Of concurrent PutAPIKey of one id exactly one is kept", apiKeyRace},
		{"APIKey of an unknown id is ErrNoAPIKey", apiKeyUnknown},
		{"DeleteAPIKey removes a key of the tenant only", apiKeyDelete},
		{"ListAPIKeys has the tenant's, in ascending order, without hashes", apiKeyList},
		{"RotateAPIKey adds one key and changes one expiry", apiKeyRotate},
		{"RotateAPIKey that is refused changes nothing", apiKeyRotateRefused},
		{"Of concurrent RotateAPIKey from one expiry exactly one adds a key", apiKeyRotateRace},
	}
}

// listed are the keys as the list of their tenant has them.
func listed(keys ...session.APIKey) []session.APIKey {
	for i := range keys {
		keys[i].SecretHash = token.Hash{}
	}
	slices.SortFunc(keys, func(a, b session.APIKey) int { return strings.Compare(a.ID, b.ID) })
	return keys
}

func (f fixture) wantListed(want ...session.APIKey) {
	f.Helper()
	got, err := f.ListAPIKeys(f.Context(), f.tenant)
	f.must(err)
	f.wantSame("the list", got, listed(want...))
}

func apiKeyList(f fixture) {
	f.wantListed()
	f.register(f.tenant, "application")
	var all []session.APIKey
	for i := range 7 {
		key := NewAPIKey(f.tenant)
		if i == 3 {
			key.ExpiresAt = time.Time{}
		}
		all = append(all, key)
		f.must(f.PutAPIKey(f.Context(), key))
		f.must(f.PutAPIKey(f.Context(), NewAPIKey(f.tenant+"2")))
	}
	f.wantListed(slices.Clone(all)...)
	f.must(f.DeleteAPIKey(f.Context(), f.tenant, all[4].ID))
	f.wantListed(slices.Delete(slices.Clone(all), 4, 5)...)
}

func apiKeyRotate(f fixture) {
	for _, until := range []time.Time{{}, Now().Add(time.Hour)} {
		old, added := NewAPIKey(f.tenant), NewAPIKey(f.tenant)
		old.ExpiresAt = until
		f.must(f.PutAPIKey(f.Context(), old))
		sooner := Now().Add(time.Minute)
		f.must(f.RotateAPIKey(f.Context(), old, sooner, added))
		old.ExpiresAt = sooner
		f.wantAPIKey(old)
		f.wantAPIKey(added)
		f.wantListed(old, added)
		f.must(f.DeleteAPIKey(f.Context(), f.tenant, old.ID))
		f.must(f.DeleteAPIKey(f.Context(), f.tenant, added.ID))
	}
}

func apiKeyRotateRefused(f fixture) {
	old, added := NewAPIKey(f.tenant), NewAPIKey(f.tenant)
	f.must(f.PutAPIKey(f.Context(), old))
	for _, seen := range []time.Time{{}, old.ExpiresAt.Add(time.Millisecond)} {
		stale := old
		stale.ExpiresAt = seen
		f.wantError(f.RotateAPIKey(f.Context(), stale, Now(), added), session.ErrChanged)
	}
	f.wantError(f.RotateAPIKey(f.Context(), added, Now(), NewAPIKey(f.tenant)), session.ErrNoAPIKey)
	taken := NewAPIKey(f.tenant)
	taken.ID = old.ID
	if err := f.RotateAPIKey(f.Context(), old, Now(), taken); err == nil {
		f.Error("got no error for a new key of a known id, want one")
	}
	f.wantAPIKey(old)
	f.wantListed(old)
}

func apiKeyRotateRace(f fixture) {
	old := NewAPIKey(f.tenant)
	f.must(f.PutAPIKey(f.Context(), old))
	var added atomic.Int64
	together(f.T, 16, func(i int) error {
		err := f.RotateAPIKey(f.Context(), old, Now().Add(time.Duration(i)*time.Second), NewAPIKey(f.tenant))
		if errors.Is(err, session.ErrChanged) {
			return nil
		}
		added.Add(1)
		return err
	})
	all, err := f.ListAPIKeys(f.Context(), f.tenant)
	f.must(err)
	if added.Load() != 1 || len(all) != 2 {
		f.Fatalf("got %d of 16 rotations, %d keys, want 1 and 2", added.Load(), len(all))
	}
}

func (f fixture) wantAPIKey(want session.APIKey) {
	f.Helper()
	got, err := f.APIKey(f.Context(), want.ID)
	f.must(err)
	f.wantSame("the API key", got, want)
}

func apiKeyKeepsEveryField(f fixture) {
	for _, change := range []func(*session.APIKey){
		func(*session.APIKey) {},
		func(k *session.APIKey) { k.ExpiresAt = time.Time{} },
		func(k *session.APIKey) { k.ExpiresAt = k.CreatedAt.Add(-time.Hour) }, // the store does not check the expiry
		func(k *session.APIKey) { k.Permissions = []session.Permission{session.MayRevoke} },
		func(k *session.APIKey) { k.Permissions = []session.Permission{session.MayRevoke, session.MayIssue} },
		func(k *session.APIKey) { k.Permissions = nil },
		func(k *session.APIKey) { k.Name = "" },
		func(k *session.APIKey) { k.Tenant += "#%/🦊" },
	} {
		key := NewAPIKey(f.tenant)
		change(&key)
		f.must(f.PutAPIKey(f.Context(), key))
		f.wantAPIKey(key)
	}
}

func apiKeyNeverReplaces(f fixture) {
	first := NewAPIKey(f.tenant)
	f.must(f.PutAPIKey(f.Context(), first))
	for _, tenant := range []string{f.tenant, f.tenant + "2"} {
		second := NewAPIKey(tenant)
		second.ID = first.ID
		if err := f.PutAPIKey(f.Context(), second); err == nil {
			f.Error("got no error for a second API key of the same id, want one")
		}
		f.wantAPIKey(first)
	}
}

func apiKeyRace(f fixture) {
	rivals := make([]session.APIKey, 16)
	for i := range rivals {
		rivals[i] = NewAPIKey(f.tenant)
		rivals[i].ID = rivals[0].ID
	}
	var added, winner atomic.Int64
	together(f.T, len(rivals), func(i int) error {
		if f.PutAPIKey(f.Context(), rivals[i]) == nil {
			added.Add(1)
			winner.Store(int64(i))
		}
		return nil
	})
	if added.Load() != 1 {
		f.Fatalf("got %d added of %d, want 1", added.Load(), len(rivals))
	}
	f.wantAPIKey(rivals[winner.Load()])
}

func apiKeyUnknown(f fixture) {
	key := NewAPIKey(f.tenant)
	f.must(f.PutAPIKey(f.Context(), key))
	for _, id := range []string{NewAPIKey(f.tenant).ID, key.ID + "0", key.ID[:31], f.tenant, "x"} {
		_, err := f.APIKey(f.Context(), id)
		f.wantError(err, session.ErrNoAPIKey)
		f.wantError(f.DeleteAPIKey(f.Context(), f.tenant, id), session.ErrNoAPIKey)
	}
}

func apiKeyDelete(f fixture) {
	key, kept := NewAPIKey(f.tenant), NewAPIKey(f.tenant)
	f.must(f.PutAPIKey(f.Context(), key))
	f.must(f.PutAPIKey(f.Context(), kept))
	for _, tenant := range []string{f.tenant + "2", f.tenant + "#", f.tenant[:len(f.tenant)-1], "storetest"} {
		f.wantError(f.DeleteAPIKey(f.Context(), tenant, key.ID), session.ErrNoAPIKey)
		f.wantAPIKey(key)
	}
	f.must(f.DeleteAPIKey(f.Context(), f.tenant, key.ID))
	_, err := f.APIKey(f.Context(), key.ID)
	f.wantError(err, session.ErrNoAPIKey)
	f.wantError(f.DeleteAPIKey(f.Context(), f.tenant, key.ID), session.ErrNoAPIKey)
	f.wantAPIKey(kept)
}
