package config_test

import (
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/config"
)

func env(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

func TestReadListsEveryMistake(t *testing.T) {
	_, err := config.Read(env(map[string]string{
		config.Issuer: "auth.example.com", config.Origins: "https://a.example, b.example,*,https://c.example/",
		config.SigningAlg: "HS256", config.EpochCopies: "65",
	}), config.TableName, config.TokenKeys)
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
	c, err := config.Read(env(map[string]string{
		config.TableName: "tokens", config.Issuer: "https://auth.example.com", config.SigningKeys: "arn:1",
		config.PublicKeys: "arn:2", config.TokenKeys: "arn:3", config.SigningAlg: "EdDSA", config.EpochCopies: "4",
		config.Origins: "https://a.example, http://localhost:5173", config.Metrics: "RefreshTokens/stack",
	}), config.TableName, config.Issuer, config.SigningKeys)
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
	c, err := config.Read(env(nil))
	if err != nil || len(c.Origins) != 0 || c.EpochCopies != 1 {
		t.Errorf("got %+v, %v", c, err)
	}
}
