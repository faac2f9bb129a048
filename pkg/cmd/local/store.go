package main

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/deploy/awsconfig"
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

// openStore opens the embedded store, or a table on a DynamoDB endpoint, which it makes from the template.
func openStore(ctx context.Context, cfg config, template *stack.Template, log telemetry.Log,
) (session.Store, string, func() error, error) {
	if cfg.endpoint == "" {
		store, err := embedded.Open(cfg.file(storeFile), embedded.Options{Log: log.Logger, Unrecorded: api.Unrecorded(log)})
		if err != nil {
			return nil, "", nil, err
		}
		return store, cfg.file(storeFile) + " (embedded)", store.Close, nil
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
