package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/embedded"
	"github.com/stencil-auth/refresh-tokens/pkg/store/storetest"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// The population of a store: users with four sessions each, two in each of two applications of one tenant.
const (
	tenant  = "demo"
	kept    = "web"
	deleted = "mobile" // its sessions end in every round
	perUser = 4
)

// userOf is the owner of session n.
func userOf(n int) string { return fmt.Sprintf("user-%08d", n/perUser) }

func applicationOf(n int) string {
	if n%2 == 0 {
		return kept
	}
	return deleted
}

// place is a service over a store with so many sessions.
type place struct {
	*session.Service

	sessions int
	requests func() map[string]int // to DynamoDB so far; nil elsewhere
	close    func() error
}

// newPlace makes the service; the store is still to be filled.
func newPlace(ctx context.Context, store session.Store, sessions int) (*place, error) {
	signing, err := keys.GenerateSigningKey("ES256", keys.Active)
	if err != nil {
		return nil, err
	}
	for _, id := range []string{kept, deleted} {
		app := storetest.NewApplication(tenant, id)
		if _, err := store.PutApplication(ctx, app); err != nil {
			return nil, err
		}
	}
	public := ringOf(keys.ParsePublicSet, signing)
	return &place{sessions: sessions, close: func() error { return nil }, Service: &session.Service{
		Store: store, TokenKeys: ringOf(keys.ParseTokenSet, keys.GenerateTokenKey(keys.Active)),
		Signing:  ringOf(keys.ParseSigningSet, signing),
		Verifier: token.Verifier{Issuer: "https://auth.example.com", Keys: public, Now: time.Now},
		Issuer:   "https://auth.example.com", Now: time.Now, Random: rand.Reader,
	}}, nil
}

func ringOf[Set any](parse func([]byte) (*Set, error), key keys.JWK) *keys.Ring[Set] {
	return keys.NewRing(func(context.Context) (*Set, error) {
		raw, err := keys.MarshalDocument(key)
		if err != nil {
			return nil, err
		}
		return parse(raw)
	})
}

// onDisk fills an embedded store in a file of its own.
func onDisk(ctx context.Context, directory string, sessions int) (*place, error) {
	path := filepath.Join(directory, fmt.Sprintf("%d.db", sessions))
	store, err := embedded.Open(path, embedded.Options{})
	if err != nil {
		return nil, err
	}
	p, err := newPlace(ctx, store, sessions)
	if err == nil {
		err = fill(sessions, writers, func(n int) error {
			return store.Create(ctx, storetest.NewSession(tenant, userOf(n), applicationOf(n)))
		})
	}
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	p.close = func() error { return errors.Join(store.Close(), os.Remove(path)) }
	return p, nil
}

// writers is how many sessions are created at once: the embedded store syncs once for all that wait.
const writers = 2048

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
