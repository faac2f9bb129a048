package fakesm_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"

	"github.com/stencil-auth/refresh-tokens/pkg/keys/secretsmanager/fakesm"
)

const (
	tokenA = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"
	tokenB = "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb"
)

// fixture is the SDK's own client over a fake that holds one secret.
type fixture struct {
	*testing.T
	fake *fakesm.Server
	c    *secretsmanager.Client
	arn  string
}

func newFixture(t *testing.T) fixture {
	fake := fakesm.New()
	c := fake.Client(func(o *secretsmanager.Options) { o.RetryMaxAttempts = 1 })
	return fixture{t, fake, c, fake.Create("s", "v1")}
}

func (w fixture) put(token, value string, stages ...string) error {
	_, err := w.c.PutSecretValue(w.Context(), &secretsmanager.PutSecretValueInput{
		SecretId: &w.arn, ClientRequestToken: &token, SecretString: &value, VersionStages: stages,
	})
	return err
}

func (w fixture) get(version, stage string) (string, error) {
	in := &secretsmanager.GetSecretValueInput{SecretId: &w.arn}
	if version != "" {
		in.VersionId = &version
	}
	if stage != "" {
		in.VersionStage = &stage
	}
	out, err := w.c.GetSecretValue(w.Context(), in)
	if err != nil {
		return "", err
	}
	return aws.ToString(out.SecretString), nil
}

func (w fixture) move(stage, to, from string) error {
	in := &secretsmanager.UpdateSecretVersionStageInput{SecretId: &w.arn, VersionStage: &stage}
	if to != "" {
		in.MoveToVersionId = &to
	}
	if from != "" {
		in.RemoveFromVersionId = &from
	}
	_, err := w.c.UpdateSecretVersionStage(w.Context(), in)
	return err
}

func (w fixture) code(err error, want string) {
	w.Helper()
	var api smithy.APIError
	switch {
	case want == "" && err != nil, want != "" && !errors.As(err, &api):
		w.Errorf("got %v, want %q", err, want)
	case want != "" && api.ErrorCode() != want:
		w.Errorf("got %s, want %s", api.ErrorCode(), want)
	}
}

func TestARotationMovesTheStages(t *testing.T) {
	w := newFixture(t)
	first := w.fake.Version(w.arn, fakesm.Current)
	w.fake.StartRotation(w.arn, tokenA)
	_, err := w.get(tokenA, fakesm.Pending)
	w.code(err, "ResourceNotFoundException")
	w.code(w.put(tokenA, "v2", fakesm.Pending), "")
	w.code(w.move(fakesm.Current, tokenA, first), "")
	for stage, want := range map[string]string{"": "v2", fakesm.Current: "v2", fakesm.Previous: "v1", fakesm.Pending: "v2"} {
		got, err := w.get("", stage)
		if err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", stage, got, err, want)
		}
	}
	out, err := w.c.DescribeSecret(t.Context(), &secretsmanager.DescribeSecretInput{SecretId: &w.arn})
	if err != nil {
		t.Fatal(err)
	}
	if !aws.ToBool(out.RotationEnabled) || len(out.VersionIdsToStages) != 2 ||
		!slices.Contains(out.VersionIdsToStages[tokenA], fakesm.Current) || !slices.Contains(out.VersionIdsToStages[first], fakesm.Previous) {
		t.Errorf("got stages %v", out.VersionIdsToStages)
	}
	// A second rotation deprecates the first version: it has no stage and is not described.
	w.code(w.put(tokenB, "v3"), "")
	out, _ = w.c.DescribeSecret(t.Context(), &secretsmanager.DescribeSecretInput{SecretId: aws.String("s")})
	if _, shown := out.VersionIdsToStages[first]; shown {
		t.Error("DescribeSecret shows a deprecated version, want none")
	}
	if v, _ := w.fake.Value(w.arn, fakesm.Previous); v != "v2" {
		t.Errorf("the previous version: got %q, want v2", v)
	}
}

func TestAPutWithTheSameTokenIsIdempotent(t *testing.T) {
	w := newFixture(t)
	w.code(w.put(tokenA, "v2", fakesm.Pending), "")
	w.code(w.put(tokenA, "v2", fakesm.Pending), "")
	w.code(w.put(tokenA, "v3", fakesm.Pending), "ResourceExistsException")
	w.code(w.put("short", "v3"), "InvalidParameterException")
	if v, _ := w.fake.Value(w.arn, fakesm.Pending); v != "v2" {
		t.Errorf("got %q, want v2", v)
	}
}

func TestAStageMovesOnlyFromItsVersion(t *testing.T) {
	w := newFixture(t)
	first := w.fake.Version(w.arn, fakesm.Current)
	w.code(w.put(tokenA, "v2", fakesm.Pending), "")
	w.code(w.move(fakesm.Current, tokenA, ""), "InvalidParameterException")
	w.code(w.move(fakesm.Current, tokenA, tokenA), "InvalidParameterException")
	w.code(w.move(fakesm.Current, "", first), "InvalidParameterException")
	w.code(w.move(fakesm.Current, tokenB, first), "ResourceNotFoundException")
	w.code(w.move(fakesm.Current, first, ""), "")
	if w.fake.Version(w.arn, fakesm.Current) != first {
		t.Error("a refused request moved the stage, want it unmoved")
	}
	w.code(w.move(fakesm.Pending, "", tokenA), "")
	if w.fake.Version(w.arn, fakesm.Pending) != "" {
		t.Error("got a pending version, want none")
	}
	_, err := w.get(tokenA, fakesm.Current)
	w.code(err, "InvalidRequestException")
}

func TestCallsFailAsInjected(t *testing.T) {
	w := newFixture(t)
	w.fake.Fail("GetSecretValue", fakesm.Throttled, fakesm.Internal, fakesm.Failure{})
	for _, want := range []string{"ThrottlingException", "InternalServiceError"} {
		_, err := w.get("", "")
		w.code(err, want)
	}
	if _, err := w.get("", ""); err == nil {
		t.Error("got a reply, want a broken connection")
	}
	if got, err := w.get("", ""); got != "v1" || err != nil {
		t.Errorf("after the failures: got %q, %v, want success", got, err)
	}
	w.fake.Fail("PutSecretValue", fakesm.LostReply)
	if err := w.put(tokenA, "v2"); err == nil {
		t.Error("got a reply, want it lost")
	}
	if got, _ := w.get("", ""); got != "v2" {
		t.Error("the request with the lost reply had no effect, want it applied")
	}
}
