// Package secretsmanager owns the source of key sets in AWS Secrets Manager: one document in each secret, read at its
// current version. It must never write a secret, and never put a document into an error.
package secretsmanager

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
)

// Client is what this package needs of the SDK's client.
type Client interface {
	GetSecretValue(context.Context, *secretsmanager.GetSecretValueInput, ...func(*secretsmanager.Options),
	) (*secretsmanager.GetSecretValueOutput, error)
}

// Fetch reads a key set, as keys.NewRing takes it.
type Fetch[Set any] func(context.Context) (*Set, error)

// TokenKeys fetches the token keys from the secret with an ARN.
func TokenKeys(c Client, arn string) Fetch[keys.TokenSet] { return source(c, arn, keys.ParseTokenSet) }

// SigningKeys fetches the active signing key.
func SigningKeys(c Client, arn string) Fetch[keys.SigningSet] {
	return source(c, arn, keys.ParseSigningSet)
}

// PublicKeys fetches the public halves of the signing keys, from the public secret or the private one.
func PublicKeys(c Client, arn string) Fetch[keys.PublicSet] {
	return source(c, arn, keys.ParsePublicSet)
}

func source[Set any](c Client, arn string, parse func([]byte) (*Set, error)) Fetch[Set] {
	return func(ctx context.Context) (*Set, error) { return fetch(ctx, c, arn, parse) }
}

// fetch reads the AWSCURRENT version. A secret without a document is an error too.
func fetch[Set any](ctx context.Context, c Client, arn string, parse func([]byte) (*Set, error)) (*Set, error) {
	if arn == "" {
		return nil, errors.New("no secret is configured for these keys")
	}
	stage := "AWSCURRENT"
	out, err := c.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &arn, VersionStage: &stage})
	if err != nil {
		return nil, fmt.Errorf("read secret %s: %w", arn, err)
	}
	if out.SecretString == nil {
		return nil, fmt.Errorf("secret %s holds no text", arn)
	}
	set, err := parse([]byte(*out.SecretString))
	if err != nil {
		return nil, fmt.Errorf("secret %s: %w", arn, err)
	}
	return set, nil
}
