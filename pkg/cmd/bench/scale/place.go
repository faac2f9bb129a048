package main

import (
	"context"
	"fmt"
	"sync"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/storetest"
)

// population is who has sessions: users with four each, two in each of two applications of one tenant.
type population struct {
	tenant, kept string
	deleted      string // the application whose sessions end in every round
}

const perUser = 4

// userOf is the owner of session n.
func userOf(n int) string { return fmt.Sprintf("user-%08d", n/perUser) }

func (p population) applicationOf(n int) string {
	if n%2 == 0 {
		return p.kept
	}
	return p.deleted
}

// session makes session n.
func (p population) session(n int) session.Session {
	return storetest.NewSession(p.tenant, userOf(n), p.applicationOf(n))
}

// service is what is measured, for one tenant.
type service interface {
	issue(ctx context.Context, user, application string) (granted, error)
	// refresh rotates; any other outcome is an error.
	refresh(ctx context.Context, token string) (granted, error)
	// list counts the sessions of a user, all of which must be on the first page.
	list(ctx context.Context, user string) (int, error)
	deleteByApplication(ctx context.Context, application string) (epoch uint64, err error)
	deleteByUser(ctx context.Context, user string) (ended int, err error)
}

// granted is a session's id and its refresh token.
type granted struct{ session, token string }

// place is a service over a store with so many sessions.
type place struct {
	service
	population

	sessions int
	requests func() map[string]int // to DynamoDB so far; nil elsewhere
	close    func() error
}

// fill calls create for each of so many, from several goroutines and about in order.
func fill(count, writers int, create func(n int) error) error {
	next := make(chan int, writers)
	errs := make(chan error, writers)
	var work sync.WaitGroup
	for range min(writers, count) {
		work.Go(func() {
			for n := range next {
				if err := create(n); err != nil {
					errs <- fmt.Errorf("create number %d: %w", n, err)
					return
				}
			}
		})
	}
	go func() { work.Wait(); close(errs) }()
	for n := range count {
		select {
		case next <- n:
		case err := <-errs:
			return err
		}
	}
	close(next)
	return <-errs
}
