package deploy_test

import (
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/deploy"
)

func env(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

func TestReadListsEveryMistake(t *testing.T) {
	_, err := deploy.Read(env(map[string]string{
		deploy.Issuer: "auth.example.com", deploy.Origins: "https://a.example, b.example,*,https://c.example/",
		deploy.SigningAlg: "HS256", deploy.EpochCopies: "65",
	}), deploy.TableName, deploy.TokenKeys)
	if err == nil {
		t.Fatal("a wrong environment was accepted")
	}
	for _, part := range []string{
		"TABLE_NAME is not set", "TOKEN_KEYS_SECRET_ARN is not set", "ISSUER must be", "SIGNING_ALGORITHM must be", "EPOCH_COPIES must be", `"b.example"`, `"*"`,
		`"https://c.example/"`,
	} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not name %s:\n%v", part, err)
		}
	}
}

func TestReadTakesTheWholeEnvironment(t *testing.T) {
	c, err := deploy.Read(env(map[string]string{
		deploy.TableName: "tokens", deploy.Issuer: "https://auth.example.com", deploy.SigningKeys: "arn:1",
		deploy.PublicKeys: "arn:2", deploy.TokenKeys: "arn:3", deploy.SigningAlg: "EdDSA", deploy.EpochCopies: "4",
		deploy.Origins: "https://a.example, http://localhost:5173", deploy.Metrics: "RefreshTokens/stack",
	}), deploy.TableName, deploy.Issuer, deploy.SigningKeys)
	if err != nil {
		t.Fatal(err)
	}
	if c.Table != "tokens" || c.SigningKeys != "arn:1" || c.PublicKeys != "arn:2" || c.TokenKeys != "arn:3" || c.SigningAlg != "EdDSA" || c.EpochCopies != 4 ||
		c.Metrics != "RefreshTokens/stack" ||
		strings.Join(c.Origins, " ") != "https://a.example http://localhost:5173" {
		t.Errorf("got %+v", c)
	}
}

func TestReadNeedsOnlyWhatIsNamed(t *testing.T) {
	c, err := deploy.Read(env(nil))
	if err != nil || len(c.Origins) != 0 || c.EpochCopies != 1 {
		t.Errorf("got %+v, %v", c, err)
	}
}
