package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	awssecrets "github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/stencil-auth/refresh-tokens/pkg/e2e/lambda/runtimeapi"
	"github.com/stencil-auth/refresh-tokens/pkg/e2e/lambda/scratch"
	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/keys/secretsmanager/moto"
	"github.com/stencil-auth/refresh-tokens/pkg/stack"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamotest"
)

// account is what the functions in containers ask.
type account struct {
	scratch.Account

	template *stack.Template
	table    string // the endpoint of DynamoDB Local
	secrets  *moto.Server
	ends     []func()
}

// secret is one of the three: the function that rotates it, and the variable that names it.
type secret struct{ name, variable, rotation string }

var secrets = []secret{
	{"public-keys", "PUBLIC_KEYS_SECRET_ARN", ""}, // the rotation of the next one writes it
	{"signing-keys", "SIGNING_KEYS_SECRET_ARN", "rotate-signing-keys"},
	{"token-keys", "TOKEN_KEYS_SECRET_ARN", "rotate-token-keys"},
}

// open starts the services, makes keys and tenants, and writes what `sam local` reads.
func open(ctx context.Context, motoServer string) (a *account, err error) {
	a = &account{}
	defer func() {
		if err != nil {
			a.close()
		}
	}()
	if a.template, err = stack.Read("template.yaml", nil); err != nil {
		return a, err
	}
	onClose := func(end func()) { a.ends = append(a.ends, end) }
	a.Account = scratch.New(onClose)
	listen, reached := hosts()
	endpoint, err := serveMoto(motoServer, listen, onClose)
	if err != nil {
		return a, err
	}
	if a.secrets, err = moto.Dial(ctx, endpoint); err != nil {
		return a, err
	}
	engine, err := dynamotest.Acquire()
	if err != nil {
		return a, err
	}
	onClose(func() { _ = engine.Close() })
	a.table = engine.Endpoint
	fakes, err := a.makeKeys(ctx, endpoint)
	if err != nil {
		return a, err
	}
	if err := a.Fill(ctx, a.template, dynamotest.Client(a.table), "sam-local"); err != nil {
		return a, err
	}
	a.Set("EVENT_BUS_NAME", "default")
	a.Set("AWS_ENDPOINT_URL", at(endpoint, reached))
	a.Set("AWS_ENDPOINT_URL_DYNAMODB", at(a.table, reached)) // which listens on all addresses
	return a, errors.Join(a.writeVariables(), a.writeEvents(fakes))
}

func (a *account) close() {
	for _, end := range slices.Backward(a.ends) {
		end()
	}
}

// hosts are the address on which services listen and the name by which containers reach them: the bridge of the engine, or
// where the engine is in a virtual machine this machine's loopback.
func hosts() (listen, reached string) {
	if bridge, err := net.InterfaceByName("docker0"); err == nil {
		addresses, _ := bridge.Addrs()
		for _, address := range addresses {
			if ip, _, err := net.ParseCIDR(address.String()); err == nil && ip.To4() != nil {
				return ip.String(), ip.String()
			}
		}
	}
	return "127.0.0.1", "host.docker.internal"
}

// at is an endpoint as another host names it.
func at(endpoint, host string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return endpoint
	}
	u.Host = net.JoinHostPort(host, u.Port())
	return u.String()
}

func serveMoto(program, host string, onClose func(func())) (endpoint string, err error) {
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.ParseIP(host)})
	if err != nil {
		return "", err
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	if err := listener.Close(); err != nil {
		return "", err
	}
	server := exec.Command(program, "-H", host, "-p", port) //nolint:gosec,noctx // the caller's own program, which onClose ends
	if err := server.Start(); err != nil {
		return "", err
	}
	onClose(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	return "http://" + net.JoinHostPort(host, port), nil
}

// makeKeys has the rotation functions make the keys of three empty secrets, by the rotation of their events. It returns what
// stands in the events for the ARNs of the secrets, in pairs with these.
func (a *account) makeKeys(ctx context.Context, endpoint string) (fakes []string, err error) {
	a.At("SECRETS_MANAGER", endpoint)
	for _, s := range secrets {
		arn, err := a.secrets.Create(ctx, s.name)
		if err != nil {
			return nil, err
		}
		fakes = append(fakes, a.Value(s.variable, ""), arn)
		a.Set(s.variable, arn)
	}
	dir, err := os.MkdirTemp("", "samlocal-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	for _, s := range secrets[1:] {
		if err := runtimeapi.Build(ctx, dir, runtimeapi.Functions+s.rotation); err != nil {
			return nil, err
		}
		if err := a.rotate(ctx, dir, s); err != nil {
			return nil, fmt.Errorf("%s: %w", s.rotation, err)
		}
	}
	made := map[string][]byte{}
	for _, s := range secrets {
		arn := a.Value(s.variable, "")
		value, err := a.secrets.GetSecretValue(ctx, &awssecrets.GetSecretValueInput{SecretId: &arn})
		if err != nil {
			return nil, err
		}
		made[s.name] = []byte(*value.SecretString)
	}
	a.Keys = fixture.Keys{Token: made["token-keys"], Signing: made["signing-keys"], Public: made["public-keys"]}
	return fakes, nil
}

// rotate calls a built rotation function as Secrets Manager does.
func (a *account) rotate(ctx context.Context, dir string, s secret) error {
	function, err := a.Function(a.template, dir, s.rotation)
	if err != nil {
		return err
	}
	function.Env = append(function.Env, "AWS_REGION="+moto.Region)
	process, err := runtimeapi.Start(ctx, function)
	if err != nil {
		return err
	}
	defer func() { _ = process.Close() }()
	arn := a.Value(s.variable, "")
	token, err := a.secrets.Begin(ctx, arn, scratch.RotationToken)
	if err != nil {
		return err
	}
	for _, step := range []string{"createSecret", "setSecret", "testSecret", "finishSecret"} {
		event := fmt.Sprintf(`{"Step":%q,"SecretId":%q,"ClientRequestToken":%q}`, step, arn, token)
		if _, err := process.Invoke(ctx, []byte(event), 30*time.Second); err != nil {
			return fmt.Errorf("%s: %w", step, err)
		}
	}
	return nil
}

// writeVariables writes what `sam local --env-vars` reads: one value of a variable for all functions that declare it.
func (a *account) writeVariables() error {
	all := map[string]string{}
	for _, f := range a.template.Functions {
		variables, err := a.Variables(a.template, f.Operation)
		if err != nil {
			return err
		}
		for name, value := range variables {
			all[name] = value
		}
	}
	raw, err := json.MarshalIndent(map[string]any{"Parameters": all}, "", "  ")
	if err != nil {
		return err
	}
	return errors.Join(os.MkdirAll(filepath.Join(".build", "events"), 0o750), os.WriteFile(filepath.Join(".build", "env.json"), raw, 0o600))
}

// writeEvents writes the events with tokens and ARNs of this account.
func (a *account) writeEvents(fakes []string) error {
	files, err := filepath.Glob(filepath.Join("events", "*.json"))
	if err != nil {
		return err
	}
	own := strings.NewReplacer(fakes...)
	for _, file := range files {
		event, err := a.Event(file)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if err := os.WriteFile(filepath.Join(".build", file), []byte(own.Replace(string(event))), 0o600); err != nil {
			return err
		}
	}
	return nil
}
