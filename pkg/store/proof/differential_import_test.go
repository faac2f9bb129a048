package proof

import (
	"encoding/json"
	"fmt"
	"time"

	"pgregory.net/rapid"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// imports brings a session of one of few tokens of another system along.
func (d *differential) imports(t *rapid.T) {
	text := fmt.Sprint("of another system ", d.tenant, rapid.IntRange(0, 4).Draw(t, "token"))
	req := session.ImportRequest{User: d.user(t), Foreign: token.ForeignOf(text)}
	application := d.application(t)
	if age := rapid.SampledFrom([]time.Duration{0, time.Hour, 24 * time.Hour, 400 * 24 * time.Hour}).Draw(t, "age"); age > 0 {
		req.CreatedAt = d.Now().Add(-age)
	}
	if rapid.Bool().Draw(t, "everything") {
		req.AbsoluteExpiresAt = d.Now().Add(48 * time.Hour)
		req.Claims, req.Scope = json.RawMessage(`{"plan":"free"}`), "read"
		req.Device = &session.Device{Name: "Jane's old phone"}
	}
	got, err := d.both(t, "import", func(s *service) (any, error) {
		return session.NewImporter(s.Store, d.Now).Import(t.Context(), d.tenant, application, []session.ImportRequest{req})
	})
	if err != nil {
		return
	}
	why := got.([]session.Skipped)[0]
	if d.seen["import: "+string(why)]++; why != "" {
		return
	}
	created := d.Now()
	if !req.CreatedAt.IsZero() {
		created = req.CreatedAt
	}
	id := req.Foreign.Session(created)
	imported, err := d.services[0].Retrieve(t.Context(), session.Caller{Tenant: d.tenant}, id)
	if err != nil {
		t.Fatalf("the imported session: %v", err)
	}
	d.sessions = append(d.sessions, &clientSession{
		user: req.User, application: application, id: id, grants: []revealed{{Refresh: text, Session: imported}},
	})
}

// changeHook changes what the claims hook says.
func (d *differential) changeHook(t *rapid.T) {
	d.hook = session.HookAnswer{}
	switch says := rapid.SampledFrom([]string{"keep", "keep", "{}", `{"roles":["guest"],"Plan":"pro"}`, `{"n":1}`, "{}", "keep", "deny"}).Draw(t, "says"); says {
	case "keep":
	case "deny":
		d.hook.Deny, d.hook.Reason = true, "suspended"
	default:
		d.hook.Claims = json.RawMessage(says)
	}
}
