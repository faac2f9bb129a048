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

// world is the SDK's own client over a fake that holds one secret.
type world struct {
	*testing.T
	fake *fakesm.Server
	c    *secretsmanager.Client
	arn  string
}

func newWorld(t *testing.T) world {
	fake := fakesm.New()
	c := fake.Client(func(o *secretsmanager.Options) { o.RetryMaxAttempts = 1 })
	return world{t, fake, c, fake.Create("s", "v1")}
}

func (w world) put(token, value string, stages ...string) error {
	_, err := w.c.PutSecretValue(w.Context(), &secretsmanager.PutSecretValueInput{
		SecretId: &w.arn, ClientRequestToken: &token, SecretString: &value, VersionStages: stages,
	})
	return err
}

func (w world) get(version, stage string) (string, error) {
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

func (w world) move(stage, to, from string) error {
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

func (w world) code(err error, want string) {
	w.Helper()
	var api smithy.APIError
	switch {
	case want == "" && err != nil, want != "" && !errors.As(err, &api):
		w.Errorf("%v instead of %q", err, want)
	case want != "" && api.ErrorCode() != want:
		w.Errorf("%s instead of %s", api.ErrorCode(), want)
	}
}

func TestARotationMovesTheStages(t *testing.T) {
	w := newWorld(t)
	first := w.fake.Version(w.arn, fakesm.Current)
	w.fake.StartRotation(w.arn, tokenA)
	_, err := w.get(tokenA, fakesm.Pending)
	w.code(err, "ResourceNotFoundException")
	w.code(w.put(tokenA, "v2", fakesm.Pending), "")
	w.code(w.move(fakesm.Current, tokenA, first), "")
	for stage, want := range map[string]string{"": "v2", fakesm.Current: "v2", fakesm.Previous: "v1", fakesm.Pending: "v2"} {
		got, err := w.get("", stage)
		if err != nil || got != want {
			t.Errorf("%s holds %q: %v", stage, got, err)
		}
	}
	out, err := w.c.DescribeSecret(t.Context(), &secretsmanager.DescribeSecretInput{SecretId: &w.arn})
	if err != nil {
		t.Fatal(err)
	}
	if !aws.ToBool(out.RotationEnabled) || len(out.VersionIdsToStages) != 2 ||
		!slices.Contains(out.VersionIdsToStages[tokenA], fakesm.Current) || !slices.Contains(out.VersionIdsToStages[first], fakesm.Previous) {
		t.Errorf("described as %v", out.VersionIdsToStages)
	}
	// A second rotation deprecates the first version: it bears no stage and is not shown.
	w.code(w.put(tokenB, "v3"), "")
	out, _ = w.c.DescribeSecret(t.Context(), &secretsmanager.DescribeSecretInput{SecretId: aws.String("s")})
	if _, shown := out.VersionIdsToStages[first]; shown {
		t.Error("a deprecated version is shown")
	}
	if v, _ := w.fake.Value(w.arn, fakesm.Previous); v != "v2" {
		t.Errorf("the previous version holds %q", v)
	}
}

func TestTokensMakePutsIdempotent(t *testing.T) {
	w := newWorld(t)
	w.code(w.put(tokenA, "v2", fakesm.Pending), "")
	w.code(w.put(tokenA, "v2", fakesm.Pending), "")
	w.code(w.put(tokenA, "v3", fakesm.Pending), "ResourceExistsException")
	w.code(w.put("short", "v3"), "InvalidParameterException")
	if v, _ := w.fake.Value(w.arn, fakesm.Pending); v != "v2" {
		t.Errorf("holds %q", v)
	}
}

func TestStagesAreMovedWithCare(t *testing.T) {
	w := newWorld(t)
	first := w.fake.Version(w.arn, fakesm.Current)
	w.code(w.put(tokenA, "v2", fakesm.Pending), "")
	w.code(w.move(fakesm.Current, tokenA, ""), "InvalidParameterException")
	w.code(w.move(fakesm.Current, tokenA, tokenA), "InvalidParameterException")
	w.code(w.move(fakesm.Current, "", first), "InvalidParameterException")
	w.code(w.move(fakesm.Current, tokenB, first), "ResourceNotFoundException")
	w.code(w.move(fakesm.Current, first, ""), "")
	if w.fake.Version(w.arn, fakesm.Current) != first {
		t.Error("a refused request moved the stage")
	}
	w.code(w.move(fakesm.Pending, "", tokenA), "")
	if w.fake.Version(w.arn, fakesm.Pending) != "" {
		t.Error("the stage was not removed")
	}
	_, err := w.get(tokenA, fakesm.Current)
	w.code(err, "InvalidRequestException")
}

func TestFailuresAreInjected(t *testing.T) {
	w := newWorld(t)
	w.fake.Fail("GetSecretValue", fakesm.Throttled, fakesm.Internal, fakesm.Failure{})
	for _, want := range []string{"ThrottlingException", "InternalServiceError"} {
		_, err := w.get("", "")
		w.code(err, want)
	}
	if _, err := w.get("", ""); err == nil {
		t.Error("the connection did not break")
	}
	if got, err := w.get("", ""); got != "v1" || err != nil {
		t.Errorf("after the failures: %q, %v", got, err)
	}
	w.fake.Fail("PutSecretValue", fakesm.LostReply)
	if err := w.put(tokenA, "v2"); err == nil {
		t.Error("the reply was not lost")
	}
	if got, _ := w.get("", ""); got != "v2" {
		t.Error("the lost request had no effect")
	}
}
