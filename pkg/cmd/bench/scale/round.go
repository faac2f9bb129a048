package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
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
	before, err := p.prepare(ctx, user)
	if err != nil {
		return all, fmt.Errorf("prepare: %w", err)
	}
	for n, run := range [len(operations)]func() error{
		func() error {
			g, err := p.refresh(ctx, before.token)
			return expect(err, g.session == before.session)
		},
		func() error {
			found, err := p.list(ctx, user)
			return expect(err, found == perUser+1)
		},
		func() error {
			epoch, err := p.deleteByApplication(ctx, p.deleted)
			return expect(err, epoch > 0)
		},
		func() error {
			ended, err := p.deleteByUser(ctx, user)
			return expect(err, ended == perUser) // that of the deleted application is over
		},
	} {
		if all[n], err = p.measure(run); err != nil {
			return all, fmt.Errorf("%s: %w", operations[n], err)
		}
	}
	return all, nil
}

// prepare gives a user sessions anew and returns one of them.
func (p *place) prepare(ctx context.Context, user string) (last granted, err error) {
	if _, err := p.deleteByUser(ctx, user); err != nil {
		return last, err
	}
	for n := range perUser + 1 {
		app := p.kept
		if n == 0 {
			app = p.deleted
		}
		if last, err = p.issue(ctx, user, app); err != nil {
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
