package storetest

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

func importCases() []contractCase {
	return []contractCase{
		{"Law 10: Import adds a session and its locator", importAddsBoth},
		{"Law 10: Import changes nothing where the locator exists, and returns it", importNeverReplaces},
		{"Law 10: Import changes nothing where the session exists", importKeepsASession},
		{"Law 10: No deletion removes the locator, so that Import never brings a session back", importAfterDeletions},
		{"Law 10: Of concurrent imports of one token exactly one is kept", importRace},
		{"Imported of an unknown token is ErrNoSession", func(f fixture) {
			_, err := f.Imported(f.Context(), NewHash())
			f.wantError(err, session.ErrNoSession)
		}},
	}
}

// newLocator makes the locator of a session, without empty fields.
func newLocator(s session.Session) session.Locator {
	return session.Locator{
		Hash: NewHash(), Key: s.Key, Reusable: true, NeedsAccess: true, DPoP: token.DPoPRequired, ExpiresAt: s.AbsoluteExpiresAt,
	}
}

func (f fixture) wantLocator(want session.Locator) {
	f.Helper()
	got, err := f.Imported(f.Context(), want.Hash)
	f.must(err)
	f.wantSame("the locator", got, want)
}

func importAddsBoth(f fixture) {
	for _, s := range []session.Session{NewSession(f.tenant, "user", "application"), NewFullSession(f.tenant, "u#ä/%", "a#b")} {
		l := newLocator(s)
		if s.Generation == 0 {
			l.Reusable, l.NeedsAccess, l.DPoP = false, false, token.DPoPOff
		}
		_, err := f.Import(f.Context(), s, l)
		f.must(err)
		f.wantState(s)
		f.wantLocator(l)
	}
}

func importNeverReplaces(f fixture) {
	first := NewFullSession(f.tenant, "user", "application")
	l := newLocator(first)
	_, err := f.Import(f.Context(), first, l)
	f.must(err)
	for _, user := range []string{"user", "another"} {
		second := NewSession(f.tenant, user, "application")
		other := newLocator(second)
		other.Hash = l.Hash
		old, err := f.Import(f.Context(), second, other)
		f.wantError(err, session.ErrImported)
		f.wantSame("the locator that exists", old, l)
		f.wantGone(second.Key)
	}
	f.wantState(first)
	f.wantLocator(l)
}

func importKeepsASession(f fixture) {
	first := f.create(NewFullSession(f.tenant, "user", "application"))
	second := NewSession(f.tenant, "user", "application")
	second.Key = first.Key
	l := newLocator(second)
	_, err := f.Import(f.Context(), second, l)
	f.wantError(err, session.ErrImported)
	f.wantState(first)
	_, err = f.Imported(f.Context(), l.Hash)
	f.wantError(err, session.ErrNoSession)
}

func importAfterDeletions(f fixture) {
	deletions := map[string]func(session.Key) error{
		"Delete": func(k session.Key) error {
			_, err := f.Delete(f.Context(), session.Deletion{Key: k})
			return err
		},
		"DeleteBatch": func(k session.Key) error { return f.DeleteBatch(f.Context(), []session.Key{k}) },
	}
	for name, remove := range deletions {
		s := NewSession(f.tenant, "user", "application")
		l := newLocator(s)
		_, err := f.Import(f.Context(), s, l)
		f.must(err)
		f.must(remove(s.Key))
		f.Log(name)
		f.wantLocator(l)
		_, err = f.Import(f.Context(), s, l)
		f.wantError(err, session.ErrImported)
		f.wantGone(s.Key)
	}
}

func importRace(f fixture) {
	rivals := make([]session.Session, 16)
	locators := make([]session.Locator, len(rivals))
	hash := NewHash()
	for i := range rivals {
		rivals[i] = NewSession(f.tenant, "user", "application")
		locators[i] = newLocator(rivals[i])
		locators[i].Hash = hash
	}
	var kept, winner atomic.Int64
	together(f.T, len(rivals), func(i int) error {
		if _, err := f.Import(f.Context(), rivals[i], locators[i]); err == nil {
			kept.Add(1)
			winner.Store(int64(i))
		}
		return nil
	})
	if kept.Load() != 1 {
		f.Fatalf("got %d imports, want 1", kept.Load())
	}
	f.wantState(rivals[winner.Load()])
	f.wantLocator(locators[winner.Load()])
	page, _, err := f.Query(f.Context(), session.Query{Tenant: f.tenant, User: "user"})
	f.must(err)
	if len(page) != 1 || !slices.ContainsFunc(page, func(s session.Session) bool { return s.ID == rivals[winner.Load()].ID }) {
		f.Fatalf("got %d sessions at %v, want the one that was kept", len(page), time.Now())
	}
}
