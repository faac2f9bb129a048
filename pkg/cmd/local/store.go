package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy/awsconfig"
	"github.com/stencil-auth/refresh-tokens/pkg/lifecycle/event"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/stack"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamo"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamo/table"
	"github.com/stencil-auth/refresh-tokens/pkg/store/embedded"
	"github.com/stencil-auth/refresh-tokens/pkg/telemetry"
)

const (
	storeFile = "store.db"
	tableName = "refresh-tokens"
)

// openEmbedded opens the store in a file, and publishes its events in another.
func openEmbedded(cfg config, log telemetry.Log) (session.Store, string, func() error, error) {
	events, err := event.OpenFile(cfg.file(event.FileName), log.Logger)
	if err != nil {
		return nil, "", nil, fmt.Errorf("lifecycle events: %w", err)
	}
	store, err := embedded.Open(cfg.file(storeFile), embedded.Options{
		Log: log.Logger, Unrecorded: api.Unrecorded(log), Changed: events.Publish,
	})
	if err != nil {
		return nil, "", nil, errors.Join(err, events.Close())
	}
	end := func() error { return errors.Join(store.Close(), events.Close()) }
	return store, cfg.file(storeFile) + " (embedded)", end, nil
}

// openStore opens the embedded store, or a table on a DynamoDB endpoint, which it makes from the template.
func openStore(ctx context.Context, cfg config, template *stack.Template, log telemetry.Log,
) (session.Store, string, func() error, error) {
	if cfg.endpoint == "" {
		return openEmbedded(cfg, log)
	}
	config, err := awsconfig.Load(func(name string) string {
		switch name {
		case "AWS_ENDPOINT_URL":
			return cfg.endpoint
		case "AWS_ENDPOINT_URL_DYNAMODB":
			return ""
		}
		return cfg.getenv(name)
	})
	if err != nil {
		return nil, "", nil, fmt.Errorf("DYNAMODB_ENDPOINT: %w", err)
	}
	client := dynamodb.NewFromConfig(config)
	ready, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	if err := table.Ensure(ready, client, template, tableName); err != nil {
		return nil, "", nil, fmt.Errorf("table on %s: %w (is DynamoDB listening there?)", cfg.endpoint, err)
	}
	store := dynamo.New(client, tableName)
	store.Unrecorded = api.Unrecorded(log)
	return store, fmt.Sprintf("table %s on %s", tableName, cfg.endpoint),
		func() error { return nil }, nil
}
