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

// Config names the secrets of the documents, by ARN. It is empty for a document that the function may not read.
type Config struct {
	Client      Client
	TokenKeys   string
	SigningKeys string
	PublicKeys  string // of the public halves, for functions that only verify
}

// Source fetches the documents; its methods are what keys.NewRing takes.
type Source struct{ config Config }

// New makes a source. It sends no request.
func New(c Config) *Source { return &Source{c} }

// TokenKeys fetches the token keys.
func (s *Source) TokenKeys(ctx context.Context) (*keys.TokenSet, error) {
	return fetch(ctx, s.config.Client, s.config.TokenKeys, keys.ParseTokenSet)
}

// SigningKeys fetches the active signing key.
func (s *Source) SigningKeys(ctx context.Context) (*keys.SigningSet, error) {
	return fetch(ctx, s.config.Client, s.config.SigningKeys, keys.ParseSigningSet)
}

// PublicKeys fetches the public halves of the signing keys.
func (s *Source) PublicKeys(ctx context.Context) (*keys.PublicSet, error) {
	return fetch(ctx, s.config.Client, s.config.PublicKeys, keys.ParsePublicSet)
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
