package rotation

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
)

// Secrets is what a rotation needs of the SDK's client.
type Secrets interface {
	DescribeSecret(context.Context, *secretsmanager.DescribeSecretInput, ...func(*secretsmanager.Options),
	) (*secretsmanager.DescribeSecretOutput, error)
	GetSecretValue(context.Context, *secretsmanager.GetSecretValueInput, ...func(*secretsmanager.Options),
	) (*secretsmanager.GetSecretValueOutput, error)
	PutSecretValue(context.Context, *secretsmanager.PutSecretValueInput, ...func(*secretsmanager.Options),
	) (*secretsmanager.PutSecretValueOutput, error)
	UpdateSecretVersionStage(context.Context, *secretsmanager.UpdateSecretVersionStageInput, ...func(*secretsmanager.Options),
	) (*secretsmanager.UpdateSecretVersionStageOutput, error)
}

// The staging labels.
const (
	current = "AWSCURRENT"
	pending = "AWSPENDING"
)

// maxDocument is the largest value of a secret, in bytes.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
const maxDocument = 65_536

// secret is one secret, by ARN.
type secret struct {
	api Secrets
	arn string
}

// version is one version of a secret and the document in it.
type version struct {
	id  string
	doc keys.Document
}

// read returns the version with a stage; a placeholder is an empty document. A version id may narrow it. The boolean is
// false for a version that does not exist or has no value yet.
func (s secret) read(ctx context.Context, id, stage string) (version, bool, error) {
	in := &secretsmanager.GetSecretValueInput{SecretId: &s.arn, VersionStage: &stage}
	if id != "" {
		in.VersionId = &id
	}
	out, err := s.api.GetSecretValue(ctx, in)
	if missing := (*types.ResourceNotFoundException)(nil); errors.As(err, &missing) {
		return version{}, false, nil
	}
	if err != nil {
		return version{}, false, fmt.Errorf("read %s of %s: %w", stage, s.arn, err)
	}
	if out.SecretString == nil || out.VersionId == nil {
		return version{}, false, fmt.Errorf("%s of %s holds no text", stage, s.arn)
	}
	v := version{id: *out.VersionId}
	if raw := []byte(*out.SecretString); !keys.IsPlaceholder(raw) {
		if v.doc, err = keys.ParseDocument(raw); err != nil {
			return version{}, false, fmt.Errorf("%s of %s: %w", stage, s.arn, err)
		}
	}
	return v, true, nil
}

// mustRead is read, with an error for a version that does not exist.
func (s secret) mustRead(ctx context.Context, id, stage string) (version, error) {
	v, found, err := s.read(ctx, id, stage)
	if err == nil && !found {
		err = fmt.Errorf("%s of %s holds nothing", stage, s.arn)
	}
	return v, err
}

// stages lists the stages of each version, and reports whether the secret rotates.
func (s secret) stages(ctx context.Context) (versions map[string][]string, rotates bool, err error) {
	out, err := s.api.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &s.arn})
	if err != nil {
		return nil, false, fmt.Errorf("describe %s: %w", s.arn, err)
	}
	return out.VersionIdsToStages, out.RotationEnabled != nil && *out.RotationEnabled, nil
}

// put stores a document as the pending version with an id.
func (s secret) put(ctx context.Context, id string, doc keys.Document) error {
	raw, err := doc.Marshal()
	if err != nil {
		return err
	}
	if len(raw) > maxDocument {
		return fmt.Errorf("%d keys do not fit into a secret of %d bytes: rotate less often", len(doc.Keys), maxDocument)
	}
	text := string(raw)
	_, err = s.api.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{
		SecretId: &s.arn, ClientRequestToken: &id, SecretString: &text, VersionStages: []string{pending},
	})
	if err != nil {
		return fmt.Errorf("write a version of %s: %w", s.arn, err)
	}
	return nil
}

// makeCurrent moves AWSCURRENT from one version to another, as a compare-and-swap: Secrets Manager refuses it when from
// is not the current version.
func (s secret) makeCurrent(ctx context.Context, id, from string) error {
	stage := current
	_, err := s.api.UpdateSecretVersionStage(ctx, &secretsmanager.UpdateSecretVersionStageInput{
		SecretId: &s.arn, VersionStage: &stage, MoveToVersionId: &id, RemoveFromVersionId: &from,
	})
	if err == nil {
		return nil
	}
	if versions, _, err := s.stages(ctx); err == nil && slices.Contains(versions[id], current) {
		return nil // an earlier attempt was applied and its reply was lost
	}
	return fmt.Errorf("make a version of %s current: %w", s.arn, err)
}

// replace makes a document current if old still is. It moves AWSPENDING to the new version, which cancels a pending
// rotation.
func (s secret) replace(ctx context.Context, old version, doc keys.Document) error {
	var random [16]byte
	_, _ = rand.Read(random[:]) // never fails: crypto/rand.Read ends the program instead
	id := hex.EncodeToString(random[:])
	if err := s.put(ctx, id, doc); err != nil {
		return err
	}
	return s.makeCurrent(ctx, id, old.id)
}

// cancel takes AWSPENDING from a version, so that a new rotation can begin.
func (s secret) cancel(ctx context.Context, id string) error {
	stage := pending
	_, err := s.api.UpdateSecretVersionStage(ctx, &secretsmanager.UpdateSecretVersionStageInput{
		SecretId: &s.arn, VersionStage: &stage, RemoveFromVersionId: &id,
	})
	if err != nil {
		return fmt.Errorf("cancel the rotation of %s: %w", s.arn, err)
	}
	return nil
}
