package session

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"sync"

	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// memory is a Store of maps, linearizable by one mutex, with faults on demand.
type memory struct {
	APIKeys // not needed here

	mu       sync.Mutex
	sessions map[Key]Session
	apps     map[[2]string]Application
	page     int // sessions per page; 0 means all

	rotations int // applied ones
	attempts  int // calls of Rotate
	deletes   int // sessions that a delete took away

	// afterRotate and beforeRotate run inside Rotate; an error of theirs is what it answers.
	beforeRotate, afterRotate func(Rotation) error
	failApplication           error
	failDelete                error
}

func newMemory() *memory {
	return &memory{sessions: map[Key]Session{}, apps: map[[2]string]Application{}}
}

func (m *memory) Load(_ context.Context, key Key) (Session, Application, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.sessions[key]
	if !ok {
		return Session{}, Application{}, ErrNoSession
	}
	app, ok := m.apps[[2]string{key.Tenant, key.Application}]
	if !ok {
		return Session{}, Application{}, ErrNoApplication
	}
	return s, app, nil
}

func (m *memory) Locate(_ context.Context, tenant string, id token.ID) (Key, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for key := range m.sessions {
		if key.Tenant == tenant && key.ID == id {
			return key, nil
		}
	}
	return Key{}, ErrNoSession
}

func descending(a, b Key) int {
	return cmp.Or(cmp.Compare(b.Application, a.Application), bytes.Compare(b.ID[:], a.ID[:]))
}

func (m *memory) Query(_ context.Context, q Query) ([]Session, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []Session
	for key, s := range m.sessions {
		if key.Tenant == q.Tenant && key.User == q.User && (q.Application == "" || q.Application == key.Application) &&
			(q.After == nil || descending(*q.After, key) < 0) {
			found = append(found, s)
		}
	}
	slices.SortFunc(found, func(a, b Session) int { return descending(a.Key, b.Key) })
	for _, limit := range []int{q.Limit, m.page} {
		if limit > 0 && len(found) > limit {
			return found[:limit], true, nil
		}
	}
	return found, false, nil
}

func (m *memory) Create(_ context.Context, s Session) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sessions[s.Key] = s
	return nil
}

func (m *memory) Rotate(_ context.Context, r Rotation) (Session, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.attempts++
	if m.beforeRotate != nil {
		if err := m.beforeRotate(r); err != nil {
			return Session{}, false, err
		}
	}
	s, ok := m.sessions[r.Key]
	if !ok {
		return Session{}, false, ErrNoSession
	}
	permitted := r.Permits(s)
	if permitted {
		s = r.Apply(s)
		m.sessions[r.Key] = s
		m.rotations++
	}
	if m.afterRotate != nil {
		if err := m.afterRotate(r); err != nil {
			return Session{}, false, err
		}
	}
	return s, permitted, nil
}

func (m *memory) Delete(_ context.Context, key Key) (Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.sessions[key]
	if m.failDelete != nil {
		return Session{}, m.failDelete
	}
	if !ok {
		return Session{}, ErrNoSession
	}
	m.deletes++
	delete(m.sessions, key)
	return s, nil
}

func (m *memory) EndReused(ctx context.Context, key Key) error {
	_, err := m.Delete(ctx, key)
	return err
}

func (m *memory) DeleteBatch(_ context.Context, keys []Key) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, key := range keys {
		delete(m.sessions, key)
	}
	return nil
}

func (m *memory) Application(_ context.Context, tenant, id string) (Application, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	app, ok := m.apps[[2]string{tenant, id}]
	if m.failApplication != nil {
		return Application{}, m.failApplication
	}
	if !ok {
		return Application{}, ErrNoApplication
	}
	return app, nil
}

func (m *memory) ApplicationOf(ctx context.Context, key Key) (Application, error) {
	return m.Application(ctx, key.Tenant, key.Application)
}

func (m *memory) Applications(_ context.Context, tenant, _ string, ids []string) (map[string]Application, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	found := map[string]Application{}
	for _, id := range ids {
		if app, ok := m.apps[[2]string{tenant, id}]; ok {
			found[id] = app
		}
	}
	return found, nil
}

func (m *memory) PutApplication(_ context.Context, app Application) (Application, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	at := [2]string{app.Tenant, app.ID}
	app.Epoch = m.apps[at].Epoch
	m.apps[at] = app
	return app, nil
}

func (m *memory) AdvanceEpoch(_ context.Context, tenant, id string) (uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	at := [2]string{tenant, id}
	app, ok := m.apps[at]
	if !ok {
		return 0, ErrNoApplication
	}
	app.Epoch++
	m.apps[at] = app
	return app.Epoch, nil
}

// has says whether anything is stored under a key, dead or alive.
func (m *memory) has(key Key) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, ok := m.sessions[key]
	return ok
}

// get is the stored session.
func (m *memory) get(key Key) Session {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sessions[key]
}
