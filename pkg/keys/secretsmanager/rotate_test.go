package secretsmanager_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/stencil-auth/refresh-tokens/pkg/keys/secretsmanager/fakesm"
)

// rotate puts value through the stages of a rotation, calling during while the new version is pending.
func rotate(t *testing.T, c *secretsmanager.Client, fake *fakesm.Server, arn, value string, during func()) {
	t.Helper()
	token, stage, current := "11111111-1111-4111-8111-111111111111", fakesm.Pending, fakesm.Current
	fake.StartRotation(arn, token)
	during()
	_, err := c.PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{
		SecretId: &arn, ClientRequestToken: &token, SecretString: &value, VersionStages: []string{stage},
	})
	if err != nil {
		t.Fatal(err)
	}
	during()
	from := fake.Version(arn, fakesm.Current)
	_, err = c.UpdateSecretVersionStage(t.Context(), &secretsmanager.UpdateSecretVersionStageInput{
		SecretId: &arn, VersionStage: &current, MoveToVersionId: &token, RemoveFromVersionId: &from,
	})
	if err != nil {
		t.Fatal(err)
	}
}
