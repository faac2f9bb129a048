// Package moto owns the way to a server of moto (https://docs.getmoto.org), a Secrets Manager by people who know nothing
// of this project. Tests rotate keys against it, and make sam-local keeps keys there. It must never be linked into a function.
package moto

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssecrets "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/stencil-auth/refresh-tokens/pkg/deploy/awsconfig"
)

// Region is that of the secrets: sam local's own.
const Region = "us-east-1"

// placeholder is the value of a secret without keys, as in template.yaml.
const placeholder = `{"keys":[]}`

// Server is one server.
type Server struct {
	*awssecrets.Client

	// rotates is the ARN of the server's own function, which it calls without running anything: RotateSecret wants one.
	rotates string
}

// patience is how long a server that has just been started may take to listen.
const patience = 5 * time.Minute

// Dial waits for the server at an endpoint such as http://127.0.0.1:5000.
func Dial(ctx context.Context, endpoint string) (*Server, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		connection, err := new(net.Dialer).DialContext(ctx, "tcp", strings.TrimPrefix(endpoint, "http://"))
		if err == nil {
			_ = connection.Close()
			break
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("moto: %w", err)
		case <-time.After(100 * time.Millisecond):
		}
	}
	config, err := awsconfig.Load(func(name string) string {
		return map[string]string{
			"AWS_ENDPOINT_URL": endpoint, "AWS_REGION": Region, "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local",
		}[name]
	})
	if err != nil {
		return nil, err
	}
	return &Server{awssecrets.NewFromConfig(config), "arn:aws:lambda:" + Region + ":123456789012:function:rotation"}, makeFunction(ctx, endpoint)
}

func makeFunction(ctx context.Context, endpoint string) error {
	post := func(service, path, body string) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint+path, strings.NewReader(body))
		if err != nil {
			return err
		}
		request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=local/20260115/"+Region+"/"+service+"/aws4_request")
		request.Header.Set("Content-Type", map[bool]string{true: "application/json", false: "application/x-www-form-urlencoded"}[body[0] == '{'])
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		defer func() { _ = response.Body.Close() }()
		answer, err := io.ReadAll(response.Body)
		if response.StatusCode >= 300 && response.StatusCode != http.StatusConflict { // it has served before
			return fmt.Errorf("moto: %s: %s %s", path, response.Status, answer)
		}
		return err
	}
	return errors.Join(
		post("moto", "/moto-api/config", `{"lambda": {"use_docker": false}}`),
		post("iam", "/", "Action=CreateRole&Version=2010-05-08&RoleName=rotation&AssumeRolePolicyDocument=%7B%7D"),
		post("lambda", "/2015-03-31/functions", `{"FunctionName":"rotation","Runtime":"provided.al2023","Handler":"bootstrap",`+
			`"Role":"arn:aws:iam::123456789012:role/rotation","Code":{"ZipFile":"UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA=="}}`),
	)
}

// Create makes a secret without keys and returns its ARN.
func (s *Server) Create(ctx context.Context, name string) (arn string, err error) {
	out, err := s.CreateSecret(ctx, &awssecrets.CreateSecretInput{Name: &name, SecretString: aws.String(placeholder)})
	if err != nil {
		return "", err
	}
	return *out.ARN, nil
}

// Begin begins a rotation and returns its client token, the given one unless that is "". There must be no pending version
// then: moto, unlike AWS, minds one that is the current one as well.
func (s *Server) Begin(ctx context.Context, arn, token string) (string, error) {
	described, err := s.DescribeSecret(ctx, &awssecrets.DescribeSecretInput{SecretId: &arn})
	if err != nil {
		return "", err
	}
	for id, stages := range described.VersionIdsToStages {
		if slices.Contains(stages, "AWSPENDING") {
			_, err := s.UpdateSecretVersionStage(ctx, &awssecrets.UpdateSecretVersionStageInput{
				SecretId: &arn, VersionStage: aws.String("AWSPENDING"), RemoveFromVersionId: &id,
			})
			if err != nil {
				return "", err
			}
		}
	}
	in := &awssecrets.RotateSecretInput{
		SecretId: &arn, RotationLambdaARN: &s.rotates, RotationRules: &types.RotationRulesType{AutomaticallyAfterDays: aws.Int64(30)},
	}
	if token != "" {
		in.ClientRequestToken = &token
	}
	out, err := s.RotateSecret(ctx, in)
	if err != nil {
		return "", err
	}
	return *out.VersionId, nil
}
