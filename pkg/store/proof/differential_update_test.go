package proof

import (
	"encoding/json"
	"time"

	"pgregory.net/rapid"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

func (d *differential) patch(t *rapid.T) (p session.Patch) {
	pick := func(texts ...string) *string {
		text := rapid.SampledFrom(texts).Draw(t, "text")
		return &text
	}
	p.Supersede = rapid.Bool().Draw(t, "supersede")
	if rapid.Bool().Draw(t, "claims") {
		p.Claims = json.RawMessage(*pick(`{"roles":null}`, `{"plan":{"a":1,"b":null}}`, `{"plan":"<pro>"}`, `{"sub":"x"}`))
	}
	if rapid.Bool().Draw(t, "scope") {
		p.Scope = pick("", "read", "read write:all")
	}
	if rapid.Bool().Draw(t, "name") {
		p.DeviceName = pick("", "Äiti's phone")
	}
	if rapid.IntRange(0, 3).Draw(t, "end") == 0 {
		life := rapid.SampledFrom([]time.Duration{-time.Second, 5 * time.Second, time.Hour, 200 * 24 * time.Hour}).Draw(t, "life")
		p.AbsoluteExpiresAt = d.Now().Add(life).UTC().Truncate(time.Millisecond)
	}
	return p
}

func (d *differential) update(t *rapid.T) {
	f, c, p := d.anySession(t), d.caller(t), d.patch(t)
	_, _ = d.both(t, "update", func(s *service) (any, error) { return s.Update(t.Context(), c, f.id, p) })
}

func (d *differential) updateByUser(t *rapid.T) {
	type answer struct {
		Updated   []token.ID
		Remaining int
	}
	p := d.patch(t)
	q := session.Query{Tenant: d.tenant, User: d.user(t), Application: rapid.SampledFrom([]string{"", "web", "unknown"}).Draw(t, "of application")}
	_, _ = d.both(t, "update by user", func(s *service) (any, error) {
		updated, remaining, err := s.UpdateByUser(t.Context(), q, p)
		return answer{updated, remaining}, err
	})
}
