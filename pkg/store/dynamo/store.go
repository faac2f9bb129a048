package dynamo

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

var _ session.Store = (*Store)(nil)

// Store is a session.Store over one table. New sets every field.
type Store struct {
	Client *dynamodb.Client
	Table  string
	// EpochCopies is how many copies of an application's epoch sessions read, the application item itself
	// included; see copies.go.
	EpochCopies int
	// Now only tells whether a session id is so young that the index may not know it yet.
	Now func() time.Time
	// Sleep waits between repeated requests, or until the context ends, whose error it then returns.
	Sleep func(context.Context, time.Duration) error
}

// New makes a store over a table that has the layout of keys.go.
func New(client *dynamodb.Client, table string) *Store {
	return &Store{Client: client, Table: table, EpochCopies: 1, Now: time.Now, Sleep: sleep}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
