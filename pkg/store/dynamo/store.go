package dynamo

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

var _ session.Store = (*Store)(nil)

// Store is a session.Store over one table. New sets all fields.
type Store struct {
	Client *dynamodb.Client
	Table  string
	// EpochCopies is the number of items that hold each application; see copies.go.
	EpochCopies int
	// Now decides only whether a session id is so young that the index may lack it.
	Now func() time.Time
	// Unrecorded is told of an entry of the history that could not be written; nil for nobody.
	Unrecorded func(context.Context, session.Entry, error)
	// Sleep waits between repeated requests. It returns the context's error if that ends first.
	Sleep func(context.Context, time.Duration) error
}

// New makes a store over a table of the layout in keys.go.
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
