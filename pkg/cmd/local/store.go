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

// openEmbedded opens the store in a file.
func openEmbedded(cfg config, events *event.File, log telemetry.Log) (session.Store, string, func() error, error) {
	store, err := embedded.Open(cfg.file(storeFile), embedded.Options{
		Log: log.Logger, Unrecorded: api.Unrecorded(log), Changed: events.Publish,
	})
	if err != nil {
		return nil, "", nil, err
	}
	return store, cfg.file(storeFile) + " (embedded)", store.Close, nil
}

// openStore opens the embedded store, or a table on a DynamoDB endpoint. Its events go to a file.
func openStore(ctx context.Context, cfg config, template *stack.Template, log telemetry.Log,
) (store session.Store, home string, end func() error, err error) {
	events, err := event.OpenFile(cfg.file(event.FileName), log.Logger)
	if err != nil {
		return nil, "", nil, fmt.Errorf("lifecycle events: %w", err)
	}
	closeStore := func() error { return nil }
	if cfg.endpoint == "" {
		store, home, closeStore, err = openEmbedded(cfg, events, log)
	} else {
		store, home, err = openTable(ctx, cfg, template, events, log)
	}
	if err != nil {
		return nil, "", nil, errors.Join(err, events.Close())
	}
	return store, home, func() error { return errors.Join(closeStore(), events.Close()) }, nil
}

// openTable opens a table on a DynamoDB endpoint, and makes it from the template if it is missing.
func openTable(ctx context.Context, cfg config, template *stack.Template, events *event.File, log telemetry.Log,
) (session.Store, string, error) {
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
		return nil, "", fmt.Errorf("DYNAMODB_ENDPOINT: %w", err)
	}
	client := dynamodb.NewFromConfig(config)
	ready, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	if err := table.Ensure(ready, client, template, tableName); err != nil {
		return nil, "", fmt.Errorf("table on %s: %w (is DynamoDB listening there?)", cfg.endpoint, err)
	}
	store := dynamo.New(client, tableName)
	store.Unrecorded = api.Unrecorded(log)
	return published{store, events}, fmt.Sprintf("table %s on %s", tableName, cfg.endpoint), nil
}
