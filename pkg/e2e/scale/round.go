package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// operations are what is measured, in the order of a round.
var operations = [...]string{"refresh", "list", "delete by application", "delete by user"}

// measured is what one operation took.
type measured struct {
	took     time.Duration
	requests string // to DynamoDB
}

// round measures each operation once, for some user of the store, who has four sessions in one application and one
// in the application that is deleted. Every answer is checked.
func (p *place) round(ctx context.Context) ([len(operations)]measured, error) {
	var all [len(operations)]measured
	user := userOf(rand.IntN(p.sessions)) //nolint:gosec // only a sample
	granted, err := p.prepare(ctx, user)
	if err != nil {
		return all, fmt.Errorf("prepare: %w", err)
	}
	for n, run := range [len(operations)]func() error{
		func() error {
			g, err := p.Refresh(ctx, session.RefreshRequest{Token: granted.Refresh.Reveal()})
			return expect(err, g.Outcome == session.Rotated)
		},
		func() error {
			found, more, err := p.List(ctx, session.ListRequest{Tenant: tenant, User: user, Limit: 50})
			return expect(err, len(found) == perUser+1 && !more)
		},
		func() error {
			epoch, err := p.DeleteByApplication(ctx, tenant, deleted)
			return expect(err, epoch > 0)
		},
		func() error {
			ended, err := p.DeleteByUser(ctx, tenant, user, "")
			return expect(err, len(ended) == perUser) // that of the deleted application is over
		},
	} {
		if all[n], err = p.measure(run); err != nil {
			return all, fmt.Errorf("%s: %w", operations[n], err)
		}
	}
	return all, nil
}

// prepare gives a user sessions anew and returns the grant of one.
func (p *place) prepare(ctx context.Context, user string) (session.Grant, error) {
	if _, err := p.DeleteByUser(ctx, tenant, user, ""); err != nil {
		return session.Grant{}, err
	}
	var last session.Grant
	for n := range perUser + 1 {
		app := kept
		if n == 0 {
			app = deleted
		}
		var err error
		if last, err = p.Issue(ctx, session.IssueRequest{Tenant: tenant, User: user, Application: app}); err != nil {
			return last, err
		}
	}
	return last, nil
}

func (p *place) measure(run func() error) (measured, error) {
	var before map[string]int
	if p.requests != nil {
		before = p.requests()
	}
	started := time.Now()
	err := run()
	m := measured{took: time.Since(started)}
	if p.requests != nil {
		m.requests = difference(before, p.requests())
	}
	return m, err
}

func expect(err error, right bool) error {
	if err == nil && !right {
		err = errors.New("the answer is wrong")
	}
	return err
}
