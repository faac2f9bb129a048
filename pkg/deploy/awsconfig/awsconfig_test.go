package awsconfig_test

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/stencil-auth/refresh-tokens/pkg/deploy/awsconfig"
)

func env(pairs ...string) func(string) string {
	return func(name string) string {
		for _, pair := range pairs {
			if value, found := strings.CutPrefix(pair, name+"="); found {
				return value
			}
		}
		return ""
	}
}

// Lambda's own variables.
var lambda = []string{"AWS_REGION=eu-north-1", "AWS_ACCESS_KEY_ID=id", "AWS_SECRET_ACCESS_KEY=HIDE", "AWS_SESSION_TOKEN=token"}

func load(t *testing.T, pairs ...string) aws.Config {
	t.Helper()
	config, err := awsconfig.Load(env(pairs...))
	if err != nil {
		t.Fatal(err)
	}
	return config
}

func TestRegionAndCredentialsComeFromTheEnvironment(t *testing.T) {
	config := load(t, lambda...)
	got, err := config.Credentials.Retrieve(t.Context())
	want := aws.Credentials{AccessKeyID: "id", SecretAccessKey: "HIDE", SessionToken: "token", Source: "environment"}
	if config.Region != "eu-north-1" || got != want || err != nil {
		t.Errorf("got %s, %+v, %v; want eu-north-1, %+v", config.Region, got, err, want)
	}
	if got := load(t, append(lambda[1:], "AWS_DEFAULT_REGION=eu-west-1")...).Region; got != "eu-west-1" {
		t.Errorf("got region %s, want that of AWS_DEFAULT_REGION", got)
	}
	if text := fmt.Sprintf("%+v %#v", config, config); strings.Contains(text, "HIDE") {
		t.Errorf("got the configuration printed as %s, want no credentials in it", text)
	}
}

func TestTheEndpointOfAServiceOverridesThatOfAll(t *testing.T) {
	own := []string{"AWS_ENDPOINT_URL_DYNAMODB=http://1", "AWS_ENDPOINT_URL_SECRETS_MANAGER=http://2"}
	for _, c := range []struct {
		env               []string
		dynamodb, secrets string
	}{
		{nil, "", ""},
		{own, "http://1", "http://2"},
		{[]string{"AWS_ENDPOINT_URL=http://3"}, "http://3", "http://3"},
		{append(own[1:], "AWS_ENDPOINT_URL=http://3"), "http://3", "http://2"},
	} {
		config := load(t, append(c.env, lambda...)...)
		table := aws.ToString(dynamodb.NewFromConfig(config).Options().BaseEndpoint)
		secrets := aws.ToString(secretsmanager.NewFromConfig(config).Options().BaseEndpoint)
		if table != c.dynamodb || secrets != c.secrets {
			t.Errorf("%v: got endpoints %q and %q, want %q and %q", c.env, table, secrets, c.dynamodb, c.secrets)
		}
	}
}

func TestTheErrorListsEveryMistakeAndNoSecret(t *testing.T) {
	_, err := awsconfig.Load(env("AWS_ENDPOINT_URL=not a URL", "AWS_SECRET_ACCESS_KEY=HIDE"))
	for _, want := range []string{"AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "endpoint"} {
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "HIDE") {
			t.Errorf("got error %q, want one with %s and without the secret", err, want)
		}
	}
}

func TestOnlyALoopbackEndpointNeedsNoCredentials(t *testing.T) {
	for endpoint, enough := range map[string]bool{
		"http://127.0.0.1:8000": true, "http://localhost:8000": true, "http://[::1]:8000": true,
		"http://192.0.2.1:8000": false, "https://localhost.example": false, "": false,
	} {
		if _, err := awsconfig.Load(env("AWS_ENDPOINT_URL=" + endpoint)); (err == nil) != enough {
			t.Errorf("%q: got %v, want an error: %v", endpoint, err, !enough)
		}
	}
}

// Performance: the SDK's config, sts and sso cost milliseconds of every cold start. No function may contain test support.
func TestNoFunctionLinksTheSDKsConfigOrTestSupport(t *testing.T) {
	list, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "../../../functions/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := strings.Fields(string(list))
	if len(packages) < 50 {
		t.Fatalf("got %d packages, want at least 50", len(packages))
	}
	for _, p := range packages {
		for _, unwanted := range []string{
			"github.com/aws/aws-sdk-go-v2/config", "github.com/aws/aws-sdk-go-v2/credentials",
			"github.com/aws/aws-sdk-go-v2/service/sso", "github.com/aws/aws-sdk-go-v2/service/sts",
			"github.com/goccy/go-yaml", "github.com/lmittmann/tint", "net/http/httptest", "testing",
		} {
			if p == unwanted || strings.HasPrefix(p, unwanted+"/") {
				t.Errorf("got %s linked into a function, want it left out", p)
			}
		}
	}
}
