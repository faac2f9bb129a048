package scale

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/cmd/bench/measure"
	"github.com/stencil-auth/refresh-tokens/pkg/cmd/bench/service"
	"github.com/stencil-auth/refresh-tokens/pkg/store/embedded"
	"github.com/stencil-auth/refresh-tokens/pkg/store/storetest"
)

// operations are measured in this order in every round.
var operations = [...]string{"refresh", "list", "delete by application", "delete by user"}

// populated is a service with so many sessions: of users with four each, two in each of two applications.
type populated struct {
	*service.Service

	server   *measure.Server
	sessions int
	took     [len(operations)][]time.Duration
}

const perUser = 4

func userOf(n int) string { return fmt.Sprintf("user-%08d", n/perUser) }

// populate starts a service, which makes its keys, applications and API keys, stops it, writes what would take an hour
// over HTTP into its file, and starts it again.
func populate(ctx context.Context, program, dir string, sessions int) (*populated, error) {
	const connections = 1
	data := filepath.Join(dir, strconv.Itoa(sessions))
	server, client, err := service.Start(ctx, program, data, connections)
	if err != nil {
		return nil, err
	}
	if _, err := server.Stop(); err != nil {
		return nil, err
	}
	if err := fill(ctx, filepath.Join(data, "store.db"), client, sessions); err != nil {
		return nil, err
	}
	if server, client, err = service.Start(ctx, program, data, connections); err != nil {
		return nil, err
	}
	p := &populated{Service: client, server: server, sessions: sessions}
	if err := p.wantListed(ctx, userOf(0), perUser); err != nil {
		_, stopped := server.Stop()
		return nil, errors.Join(fmt.Errorf("it does not see what was written: %w", err), stopped)
	}
	return p, nil
}

// fill adds sessions to the file of a service that does not run.
func fill(ctx context.Context, path string, s *service.Service, sessions int) error {
	store, err := embedded.Open(path, embedded.Options{})
	if err != nil {
		return err
	}
	const writers = 2048 // the store syncs once for all that wait
	var work sync.WaitGroup
	errs := make([]error, writers)
	for w := range writers {
		work.Go(func() {
			for n := w; n < sessions && errs[w] == nil; n += writers {
				application := s.Web
				if n%2 == 1 {
					application = s.Other
				}
				errs[w] = store.Create(ctx, storetest.NewSession(s.Tenant, userOf(n), application))
			}
		})
	}
	work.Wait()
	return errors.Join(errors.Join(errs...), store.Close())
}

// round measures each operation once, for a user with four sessions in one application and one in the other, which is
// deleted. Every answer is checked.
func (p *populated) round(ctx context.Context) error {
	user := userOf(rand.IntN(p.sessions)) //nolint:gosec // a sample
	if _, err := p.DeleteByUser(ctx, user); err != nil {
		return err
	}
	var last service.Tokens
	for n := range perUser + 1 {
		application := p.Web
		if n == 0 {
			application = p.Other
		}
		var err error
		if last, err = p.Issue(ctx, user, application); err != nil {
			return err
		}
	}
	for n, operation := range [len(operations)]func() error{
		func() error {
			got, err := p.Refresh(ctx, last.Refresh)
			if err == nil && got.ID != last.ID {
				err = service.Wrong("got session %s, want %s", got.ID, last.ID)
			}
			return err
		},
		func() error { return p.wantListed(ctx, user, perUser+1) },
		func() error { return p.DeleteByApplication(ctx, p.Other) },
		func() error {
			ended, err := p.DeleteByUser(ctx, user)
			if err == nil && ended != perUser { // that of the deleted application has ended before
				err = service.Wrong("got %d sessions ended, want %d", ended, perUser)
			}
			return err
		},
	} {
		began := time.Now()
		if err := operation(); err != nil {
			return fmt.Errorf("%s: %w", operations[n], err)
		}
		p.took[n] = append(p.took[n], time.Since(began))
	}
	return nil
}

func (p *populated) wantListed(ctx context.Context, user string, want int) error {
	got, err := p.List(ctx, p.Key, user)
	if err == nil && len(got) != want {
		err = service.Wrong("got %d sessions, want %d", len(got), want)
	}
	return err
}
