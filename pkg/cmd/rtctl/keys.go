package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/spf13/cobra"

	"github.com/stencil-auth/refresh-tokens/pkg/operator/socket"
)

// keySet is one of the two sets of keys, by its names in the template and on a laptop.
type keySet struct {
	name, secret, listed, function, file string
}

func signingKeys() keySet {
	return keySet{
		"signing-key", "SigningKeysSecretArn", "PublicKeysSecretArn", "RotateSigningKeysFunctionName", "signing-keys.json",
	}
}

func tokenKeys() keySet {
	return keySet{"token-key", "TokenKeysSecretArn", "TokenKeysSecretArn", "RotateTokenKeysFunctionName", "token-keys.json"}
}

// keeper is what holds the keys of a service.
type keeper interface {
	// document is the key set as it is kept. Of token keys it holds the secrets, of which nothing is printed.
	document(ctx context.Context, s keySet) ([]byte, error)
	// change drops a key at once, or starts a rotation where none is named.
	change(ctx context.Context, s keySet, drop string) (json.RawMessage, error)
}

// keyView is what a list shows of a key.
type keyView struct {
	ID      string `json:"kid"`
	Alg     string `json:"alg"`
	Status  string `json:"status"`
	Created int64  `json:"created,omitempty"` // Unix seconds
	Retired int64  `json:"retired,omitempty"`
}

func (c *ctl) keysOf(s keySet) *cobra.Command {
	free := map[string]string{tenantless: "the keys are the service's"}
	list := &cobra.Command{
		Use: "list", Short: "List the keys: ids and status, no secrets", Args: cobra.NoArgs, Annotations: free,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.showKeys(cmd.Context(), s) },
	}
	rotate := &cobra.Command{
		Use: "rotate", Short: "Start a rotation, as the schedule does", Args: cobra.NoArgs, Annotations: free,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, err := c.change(cmd.Context(), s, ""); err != nil {
				return err
			}
			return c.done(json.RawMessage(`{"started":true}`), "the rotation has started; it may take a minute")
		},
	}
	drop := &cobra.Command{
		Use: "drop KEY-ID", Short: "Drop a leaked key at once", Args: cobra.ExactArgs(1), Annotations: free,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := c.confirm(fmt.Sprintf("Drop the %s %s, and refuse what it made", s.name, args[0])); err != nil {
				return err
			}
			raw, err := c.change(cmd.Context(), s, args[0])
			if err != nil {
				return err
			}
			return c.done(raw, "%s %s is dropped; repeat this until no such key is in use", s.name, args[0])
		},
	}
	return group(s.name, "The "+strings.ReplaceAll(s.name, "-", " ")+"s of the service", list, rotate, drop)
}

func (c *ctl) showKeys(ctx context.Context, s keySet) error {
	kept, err := c.document(ctx, s)
	if err != nil {
		return err
	}
	var set struct {
		Keys []keyView `json:"keys"`
	}
	if json.Unmarshal(kept, &set) != nil { // the error could quote a secret
		return errors.New("the keys are not in the form of this version")
	}
	rows := [][]string{{"KEY", "ALGORITHM", "STATUS", "CREATED"}}
	for _, key := range set.Keys {
		created := "unknown" // no rotation made it
		if key.Created > 0 {
			at := time.Unix(key.Created, 0)
			created = when(&at, "")
		}
		rows = append(rows, []string{key.ID, key.Alg, key.Status, created})
	}
	raw, err := json.Marshal(set)
	if err != nil {
		return err
	}
	return c.show(raw, rows...)
}

func (l laptop) document(_ context.Context, s keySet) ([]byte, error) {
	return os.ReadFile(filepath.Join(l.dir, s.file))
}

func (l laptop) change(_ context.Context, s keySet, _ string) (json.RawMessage, error) {
	return nil, fmt.Errorf("on a laptop keys do not rotate: stop the service, remove %s and start it again", filepath.Join(l.dir, s.file))
}

func (c *cloud) document(ctx context.Context, s keySet) ([]byte, error) {
	arn, err := c.output(s.listed)
	if err != nil {
		return nil, err
	}
	value, err := c.secrets.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &arn})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.listed, short(err))
	}
	if value.SecretString == nil {
		return nil, errors.New("the secret has no text")
	}
	return []byte(*value.SecretString), nil
}

func (c *cloud) change(ctx context.Context, s keySet, drop string) (json.RawMessage, error) {
	if drop != "" {
		name, err := c.output(s.function)
		if err != nil {
			return nil, err
		}
		return c.invokeNamed(ctx, name, map[string]string{"dropKeyId": drop})
	}
	arn, err := c.output(s.secret)
	if err != nil {
		return nil, err
	}
	if _, err = c.secrets.RotateSecret(ctx, &secretsmanager.RotateSecretInput{SecretId: &arn}); err != nil {
		return nil, fmt.Errorf("%s: %w", s.secret, short(err))
	}
	return nil, nil
}

// invokeNamed gives a function its payload.
func (c *cloud) invokeNamed(ctx context.Context, name string, payload any) (json.RawMessage, error) {
	raw, err := json.Marshal(payload)
	if err != nil {
		return nil, err
	}
	answer, err := c.lambda.Invoke(ctx, &lambda.InvokeInput{FunctionName: &name, Payload: raw})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, short(err))
	}
	if answer.FunctionError == nil {
		return answer.Payload, nil
	}
	failure := &socket.Error{}
	if err := json.Unmarshal(answer.Payload, failure); err != nil || failure.Message == "" {
		return nil, fmt.Errorf("%s fails: see its log", name)
	}
	return nil, failure
}
