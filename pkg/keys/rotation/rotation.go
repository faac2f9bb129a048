package rotation

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/telemetry"
)

// Rotation rotates the keys of one secret.
type Rotation struct {
	// Operation is the name of the function in logs.
	Operation string
	Keys      Kind
	Secrets   Secrets
	// ARN names the secret, PublicARN the secret of its public halves; "" for token keys.
	ARN       string
	PublicARN string
	Now       func() time.Time
	Log       telemetry.Log
}

// Event is the input of a rotation function that Secrets Manager invokes.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
type Event struct {
	Step               string
	SecretID           string `json:"SecretId"`
	ClientRequestToken string
}

// Drop is the whole input of an operator who removes a key.
type Drop struct {
	KeyID string `json:"dropKeyId"`
}

// Dropped is the answer to a Drop, with the keys that are active and next now.
type Dropped struct {
	KeyID    string `json:"droppedKeyId"`
	ActiveID string `json:"activeKeyId"`
	NextID   string `json:"nextKeyId"`
	// Sessions says how to end those that a token key protected; a signing key protects none.
	Sessions *Sessions `json:"sessions,omitempty"`
}

// Sessions are those whose current refresh token is of a dropped key.
type Sessions struct {
	Advice    string   `json:"advice"`
	Operation string   `json:"operation"`
	Commands  []string `json:"commands"`
}

// endSessions is part of the runbook: functions/README.md, "A key has leaked".
func endSessions() *Sessions {
	return &Sessions{
		Advice: "The refresh tokens of this key are refused as \"dropped key\". Their sessions and the access tokens handed " +
			"out stay good until they expire: end them by application, or for a whole tenant. Users log in again.",
		Operation: "delete-by-application",
		Commands: []string{
			`curl -X DELETE "$BASE_URL/jwt/applications/APPLICATION_ID/refresh" ` +
				`-H "Authorization: Bearer $REVOKE_ALL_API_KEY" -H "X-Stencil-TenantId: TENANT_ID"`,
			`invoke DeleteByTenantFunctionArn <<<'{"tenantId": "TENANT_ID", "reason": "key_leak"}'`,
		},
	}
}

// ErrInput is the error of any other input.
var ErrInput = errors.New("the input is neither a step of a rotation nor {\"dropKeyId\": \"...\"}")

// Handle runs one step for Secrets Manager, or removes a key for an operator; only a Drop has an answer.
func (r *Rotation) Handle(ctx context.Context, raw json.RawMessage) (*Dropped, error) {
	var e Event
	if err := json.Unmarshal(raw, &e); err != nil {
		return nil, ErrInput
	}
	line := telemetry.Line{Operation: r.Operation, Started: time.Now()}
	if e.Step != "" {
		outcome, err := r.step(ctx, e)
		r.done(ctx, line, e.Step, outcome, err)
		return nil, err
	}
	dropped, err := r.decodeAndDrop(ctx, raw)
	r.done(ctx, line, "drop", "dropped", err)
	return dropped, err
}

func (r *Rotation) decodeAndDrop(ctx context.Context, raw json.RawMessage) (*Dropped, error) {
	var in Drop
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&in); err != nil || in.KeyID == "" {
		return nil, ErrInput
	}
	return r.drop(ctx, in.KeyID)
}

func (r *Rotation) done(ctx context.Context, line telemetry.Line, step string, outcome Outcome, err error) {
	line.Attrs, line.Outcome, line.Err = []slog.Attr{slog.String("step", step)}, string(outcome), err
	if err != nil {
		line.Outcome = "failed"
	}
	r.Log.Write(ctx, line)
}

func (r *Rotation) secret() secret { return secret{r.Secrets, r.ARN} }

// public is the secret of the public halves; false for token keys.
func (r *Rotation) public() (secret, bool) { return secret{r.Secrets, r.PublicARN}, r.PublicARN != "" }

// step checks the event as AWS requires of a rotation function, and runs one step.
func (r *Rotation) step(ctx context.Context, e Event) (Outcome, error) {
	run, known := map[string]func(context.Context, string) (Outcome, error){
		"createSecret": r.create, "setSecret": r.set, "testSecret": r.test, "finishSecret": r.finish,
	}[e.Step]
	if !known {
		return "", fmt.Errorf("unknown step %q", e.Step)
	}
	if e.SecretID != r.ARN {
		return "", fmt.Errorf("this function does not rotate secret %q", e.SecretID)
	}
	standing, err := r.standing(ctx, e.ClientRequestToken)
	if err != nil || standing == current {
		return "done already", err
	}
	return run(ctx, e.ClientRequestToken)
}
