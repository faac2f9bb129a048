package schedules

import (
	"context"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// sessionItem names the item of a session by its id; a query reads the items of all its user's sessions.
func sessionItem(key session.Key) string { return "session " + key.ID.String() }

// writes names what a write of a session touches: the session, and what queries of its user read.
func writes(key session.Key) request {
	return request{items: []string{sessionItem(key), partition(key)}, write: true}
}

// Application reads what ApplicationOf does.
func (c *container) Application(ctx context.Context, tenant, id string) (session.Application, error) {
	return send(c, request{items: []string{"application " + id}}, "read application", func() (session.Application, error) {
		return c.Store.Application(ctx, tenant, id)
	})
}

// Applications is one read of all of them.
func (c *container) Applications(ctx context.Context, tenant, user string, ids []string) (map[string]session.Application, error) {
	var r request
	for _, id := range ids {
		r.items = append(r.items, "application "+id)
	}
	return send(c, r, "read applications", func() (map[string]session.Application, error) {
		return c.Store.Applications(ctx, tenant, user, ids)
	})
}

// AdvanceEpoch writes an application.
func (c *container) AdvanceEpoch(ctx context.Context, tenant, id string, from uint64) (session.Ending, error) {
	r := request{items: []string{"application " + id}, write: true}
	return send(c, r, "advance epoch", func() (session.Ending, error) { return c.Store.AdvanceEpoch(ctx, tenant, id, from) })
}

// Locate reads the index.
func (c *container) Locate(ctx context.Context, tenant string, id token.ID) (session.Key, error) {
	r := request{items: []string{"session " + id.String()}}
	return send(c, r, "locate", func() (session.Key, error) { return c.Store.Locate(ctx, tenant, id) })
}

// Load reads a session and its application.
func (c *container) Load(ctx context.Context, key session.Key) (session.Session, session.Application, error) {
	type pair struct {
		session session.Session
		app     session.Application
	}
	r := request{items: []string{sessionItem(key), application(key)}}
	got, err := send(c, r, "load", func() (pair, error) {
		s, app, err := c.Store.Load(ctx, key)
		return pair{s, app}, err
	})
	return got.session, got.app, err
}

// Query reads a user's sessions.
func (c *container) Query(ctx context.Context, q session.Query) ([]session.Session, bool, error) {
	type page struct {
		sessions []session.Session
		more     bool
	}
	got, err := send(c, request{items: []string{"sessions of " + q.User}}, "query", func() (page, error) {
		sessions, more, err := c.Store.Query(ctx, q)
		return page{sessions, more}, err
	})
	return got.sessions, got.more, err
}

// Create is not repeated.
func (c *container) Create(ctx context.Context, s session.Session) error {
	r := writes(s.Key)
	r.once = !c.client.scenario.repeatsCreate
	_, err := send(c, r, "create", func() (struct{}, error) { return struct{}{}, c.Store.Create(ctx, s) })
	return err
}

// Rotate is the one write of a refresh.
func (c *container) Rotate(ctx context.Context, r session.Rotation) (session.Session, bool, error) {
	type state struct {
		session session.Session
		applied bool
	}
	got, err := send(c, writes(r.Key), "rotate", func() (state, error) {
		s, applied, err := c.Store.Rotate(ctx, r)
		return state{s, applied}, err
	})
	return got.session, got.applied, err
}

// Delete notes who deletes.
func (c *container) Delete(ctx context.Context, d session.Deletion) (session.Session, error) {
	return send(c, writes(d.Key), "delete", func() (session.Session, error) {
		old, err := c.Store.Delete(ctx, d)
		if err == nil {
			s := c.client.schedule
			s.mu.Lock()
			defer s.mu.Unlock()
			s.deletedBy[d.ID.String()] = append(s.deletedBy[d.ID.String()], c.client.index)
		}
		return old, err
	})
}

// DeleteBatch is one request for few sessions.
func (c *container) DeleteBatch(ctx context.Context, keys []session.Key) error {
	r := request{write: true}
	for _, key := range keys {
		r.items = append(r.items, writes(key).items...)
	}
	_, err := send(c, r, "delete batch", func() (struct{}, error) { return struct{}{}, c.Store.DeleteBatch(ctx, keys) })
	return err
}
