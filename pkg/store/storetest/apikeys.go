package storetest

import (
	"sync/atomic"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

func apiKeyCases() []contractCase {
	return []contractCase{
		{"PutAPIKey keeps every field of an API key", apiKeyKeepsEveryField},
		{"PutAPIKey never replaces one", apiKeyNeverReplaces},
		{"Of concurrent PutAPIKey of one id exactly one is kept", apiKeyRace},
		{"APIKey of an unknown id is ErrNoAPIKey", apiKeyUnknown},
		{"DeleteAPIKey removes a key of the tenant only", apiKeyDelete},
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
