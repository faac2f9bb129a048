package load

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/cmd/bench/service"
)

// chain is one user's session and its holder, who knows what every answer must be.
type chain struct {
	*service.Service

	record     *recorder
	number     int
	random     *rand.Rand
	sessions   int
	user       string // a new one for each session
	tokens     service.Tokens
	generation int
}

func newChain(s *service.Service, record *recorder, number int) *chain {
	//nolint:gosec // the same steps in every run
	return &chain{Service: s, record: record, number: number, random: rand.New(rand.NewPCG(uint64(number), 1))}
}

// run takes steps until the time is up. Requests in flight are finished.
func (c *chain) run(ctx context.Context, m mix, until time.Time) {
	finish := context.WithoutCancel(ctx)
	for time.Now().Before(until) && ctx.Err() == nil {
		err := m.next(c.random).take(c, finish)
		for err != nil && time.Now().Before(until) && ctx.Err() == nil { // the state of the session is unknown
			time.Sleep(100 * time.Millisecond)
			err = c.issue(finish)
		}
	}
}

// issue starts a session.
func (c *chain) issue(ctx context.Context) error {
	c.sessions++
	c.user = fmt.Sprintf("load-%d-%d", c.number, c.sessions)
	return c.record.do("issue", func() (err error) {
		c.tokens, err = c.Issue(ctx, c.user, c.Web)
		c.generation = 0
		return err
	})
}

// refresh rotates: another token of the same session.
func (c *chain) refresh(ctx context.Context) error {
	return c.record.do("refresh", func() error {
		got, err := c.Refresh(ctx, c.tokens.Refresh)
		if err == nil && (got.ID != c.tokens.ID || got.Access == c.tokens.Access) {
			err = service.Wrong("refresh: another session, or the access token of before")
		}
		if err == nil {
			c.tokens, c.generation = got, c.generation+1
		}
		return err
	})
}

// retry refreshes, and again with the same token as if the answer was lost: the same successor both times.
func (c *chain) retry(ctx context.Context) error {
	before := c.tokens.Refresh
	if err := c.refresh(ctx); err != nil {
		return err
	}
	return c.record.do("refresh again", func() error {
		again, err := c.Refresh(ctx, before)
		if err == nil && (again.Refresh != c.tokens.Refresh || again.ID != c.tokens.ID) {
			err = service.Wrong("refresh again: another successor")
		}
		if err == nil {
			c.tokens.Access = again.Access
		}
		return err
	})
}

// retrieve reads the session with its own access token: the authorizer, then by id.
func (c *chain) retrieve(ctx context.Context) error {
	return c.record.do("retrieve-by-id", func() error {
		got, err := c.Retrieve(ctx, c.tokens.Access, c.tokens.ID)
		return c.check(got, err)
	})
}

// list reads all sessions of the user, who has one.
func (c *chain) list(ctx context.Context) error {
	return c.record.do("retrieve-by-user", func() error {
		got, err := c.List(ctx, c.tokens.Access, c.user)
		if err == nil && len(got) != 1 {
			return service.Wrong("list: got %d sessions, want one", len(got))
		}
		if err != nil {
			return err
		}
		return c.check(got[0], nil)
	})
}

func (c *chain) check(got service.Session, err error) error {
	if want := (service.Session{ID: c.tokens.ID, User: c.user, Generation: c.generation}); err == nil && got != want {
		err = service.Wrong("got session %+v, want %+v", got, want)
	}
	return err
}

// delete ends the session, finds its token dead at once, and starts another.
func (c *chain) delete(ctx context.Context) error {
	err := c.record.do("delete-by-id", func() error {
		got, err := c.Delete(ctx, c.tokens.Access, c.tokens.ID)
		return c.check(got, err)
	})
	if err == nil {
		err = c.record.do("refresh, refused", func() error { return c.Refused(ctx, c.tokens.Refresh) })
	}
	if err != nil {
		return err
	}
	return c.issue(ctx)
}
