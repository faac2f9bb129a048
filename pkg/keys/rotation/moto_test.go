package rotation_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssecrets "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/stencil-auth/refresh-tokens/pkg/deploy/awsconfig"
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
	"github.com/stencil-auth/refresh-tokens/pkg/keys/rotation"
	"github.com/stencil-auth/refresh-tokens/pkg/keys/secretsmanager"
)

// moto is another implementation of Secrets Manager, by people who know nothing of this project.
type moto struct {
	*harness

	client   *awssecrets.Client
	function string // ARN of a function that does nothing: RotateSecret wants one
}

func newMoto(t *testing.T) *moto {
	t.Helper()
	endpoint := os.Getenv("MOTO_ENDPOINT")
	if endpoint == "" {
		t.Skip("needs moto's server: make moto")
	}
	wait(t, endpoint)
	config, err := awsconfig.Local(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	config.Region = "eu-west-1"
	client := awssecrets.NewFromConfig(config)
	m := &moto{harness: newHarness(t), client: client, function: makeFunction(t, endpoint)}
	suffix := fmt.Sprint(time.Now().UnixNano()) // the server may have served before
	arns := map[string]string{}
	for _, name := range []string{"signing", "public", "token"} {
		out, err := client.CreateSecret(t.Context(), &awssecrets.CreateSecretInput{
			Name: aws.String(name + suffix), SecretString: aws.String(placeholder),
		})
		if err != nil {
			t.Fatal(err)
		}
		arns[name] = *out.ARN
	}
	m.signing.Secrets, m.signing.ARN, m.signing.PublicARN = client, arns["signing"], arns["public"]
	m.tokens.Secrets, m.tokens.ARN = client, arns["token"]
	return m
}

// wait gives a server that has just been started the time to listen.
func wait(t *testing.T, endpoint string) {
	t.Helper()
	var err error
	for range 3000 { // 5 minutes
		var connection net.Conn
		if connection, err = net.Dial("tcp", strings.TrimPrefix(endpoint, "http://")); err == nil {
			_ = connection.Close()
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal(err)
}

// makeFunction makes the server's own function, which it calls without running anything.
func makeFunction(t *testing.T, endpoint string) string {
	t.Helper()
	post := func(service, path, body string) string {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, endpoint+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=local/20260115/eu-west-1/"+service+"/aws4_request")
		request.Header.Set("Content-Type", map[bool]string{true: "application/json", false: "application/x-www-form-urlencoded"}[body[0] == '{'])
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		answer, err := io.ReadAll(response.Body)
		if err != nil || response.StatusCode >= 300 && response.StatusCode != http.StatusConflict {
			t.Fatalf("%s: %s %s %v", path, response.Status, answer, err)
		}
		return string(answer)
	}
	post("moto", "/moto-api/config", `{"lambda": {"use_docker": false}}`)
	post("iam", "/", "Action=CreateRole&Version=2010-05-08&RoleName=rotation&AssumeRolePolicyDocument=%7B%7D")
	post("lambda", "/2015-03-31/functions", `{"FunctionName":"rotation","Runtime":"provided.al2023","Handler":"bootstrap",`+
		`"Role":"arn:aws:iam::123456789012:role/rotation","Code":{"ZipFile":"UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA=="}}`)
	return "arn:aws:lambda:eu-west-1:123456789012:function:rotation"
}

// begin has the server begin a rotation, for which there must be no pending version: moto, unlike AWS, minds one
// that is the current one as well.
func (m *moto) begin(r *rotation.Rotation) string {
	m.t.Helper()
	described, err := m.client.DescribeSecret(m.t.Context(), &awssecrets.DescribeSecretInput{SecretId: &r.ARN})
	if err != nil {
		m.t.Fatal(err)
	}
	for id, stages := range described.VersionIdsToStages {
		if slices.Contains(stages, "AWSPENDING") {
			_, err := m.client.UpdateSecretVersionStage(m.t.Context(), &awssecrets.UpdateSecretVersionStageInput{
				SecretId: &r.ARN, VersionStage: aws.String("AWSPENDING"), RemoveFromVersionId: &id,
			})
			if err != nil {
				m.t.Fatal(err)
			}
		}
	}
	out, err := m.client.RotateSecret(m.t.Context(), &awssecrets.RotateSecretInput{
		SecretId: &r.ARN, RotationLambdaARN: &m.function, RotationRules: &types.RotationRulesType{AutomaticallyAfterDays: aws.Int64(30)},
	})
	if err != nil {
		m.t.Fatal(err)
	}
	return *out.VersionId
}

func (m *moto) rotate(r *rotation.Rotation) {
	m.t.Helper()
	token := m.begin(r)
	for _, step := range steps {
		for range 2 {
			if err := m.step(r, step, token); err != nil {
				m.t.Fatalf("%s: %v", step, err)
			}
		}
	}
}

// An independent second opinion: the four steps, repeated, and an emergency go the same way against moto.
func TestRotationAgainstMoto(t *testing.T) {
	m := newMoto(t)
	if _, err := secretsmanager.TokenKeys(m.client, m.tokens.ARN)(t.Context()); err == nil {
		t.Error("a placeholder is served")
	}
	var signing []string
	for range 3 {
		m.rotate(m.signing)
		m.rotate(m.tokens)
		set, err := secretsmanager.SigningKeys(m.client, m.signing.ARN)(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		public, err := secretsmanager.PublicKeys(m.client, m.signing.PublicARN)(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		signing = append(signing, set.Active.ID)
		for _, kid := range signing {
			if _, err := public.Find(kid); err != nil {
				t.Errorf("key %s: got %v, want it published", kid, err)
			}
		}
		m.Pass(rotation.MinNextAge)
	}
	if slices.Sort(signing); len(slices.Compact(signing)) != 3 {
		t.Errorf("three rotations, and the keys %v", signing)
	}
	m.wantEmergency(t)
}

func (m *moto) wantEmergency(t *testing.T) {
	t.Helper()
	before, err := secretsmanager.TokenKeys(m.client, m.tokens.ARN)(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	token := m.begin(m.tokens)
	if err := m.step(m.tokens, "createSecret", token); err != nil {
		t.Fatal(err)
	}
	if _, err := m.drop(m.tokens, before.Active.ID.String()); err != nil {
		t.Fatal(err)
	}
	if err := m.step(m.tokens, "finishSecret", token); err == nil {
		t.Error("the rotation under way was not cancelled")
	}
	after, err := secretsmanager.TokenKeys(m.client, m.tokens.ARN)(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := after.Find(before.Active.ID); err == nil || after.Active.ID == before.Active.ID {
		t.Error("the dropped key is still there")
	}
	if _, err := keys.NewRing(secretsmanager.TokenKeys(m.client, m.tokens.ARN)).Get(t.Context()); err != nil {
		t.Error(err)
	}
}
