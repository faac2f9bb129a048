package compare

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/stencil-auth/refresh-tokens/pkg/cmd/bench/measure"
	"github.com/stencil-auth/refresh-tokens/pkg/cmd/bench/service"
)

// The libraries that are compared, as fosite.mod and package.json under testdata pin them.
const (
	fositeVersion       = "0.49.0"
	oidcProviderVersion = "9.13.3"
)

const source = "./pkg/cmd/bench/compare/"

// subjects builds the programs: the floor, this service on two of its routes, and the libraries' harnesses. Their data
// is in a directory.
func (p plan) subjects(ctx context.Context, data string) ([]*subject, error) {
	bin := filepath.Join(measure.Cache, "bin")
	floor, err1 := measure.Build(ctx, bin, source+"floor")
	local, err2 := measure.Build(ctx, bin, "./pkg/cmd/local")
	fosite, err3 := measure.Build(ctx, bin, "-mod=readonly", "-modfile="+source+"testdata/fosite/fosite.mod", source+"testdata/fosite")
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	harness := func(name, store string, program measure.Program) *subject {
		program.Ready = "/ready"
		return &subject{name: name, store: store, program: program, wire: oauth("/token"), mint: mintAtHarness}
	}
	all := []*subject{
		harness("floor", "bbolt, durable", measure.Program{Command: []string{floor}, Env: []string{"LOCAL_DIR=" + data}}),
		ours(oauth("/oauth2/token"), local, filepath.Join(data, "oauth")),
		ours(canonical(), local, filepath.Join(data, "canonical")),
		harness("fosite "+fositeVersion, "memory, lock added", measure.Program{Command: []string{fosite}}),
	}
	dir, err := p.oidcProvider(ctx)
	if dir != "" {
		all = append(all, harness("oidc-provider "+oidcProviderVersion, "memory (Map)", measure.Program{
			Command: []string{"node", "server.mjs"}, Dir: dir, Env: []string{"NODE_ENV=production"},
		}))
	}
	return all, err
}

// ours is this service, in a process of its own.
func ours(w wire, program, dir string) *subject {
	return &subject{
		name: "this service, " + w.path, store: "bbolt, durable", wire: w, ours: true, program: service.Program(program, dir),
		mint: func(ctx context.Context, s *subject) (string, error) {
			backend, err := service.Connect(s.server, dir, 1)
			if err != nil {
				return "", err
			}
			defer backend.Close()
			issued, err := backend.Issue(ctx, "user", backend.Web)
			return issued.Refresh, err
		},
	}
}

// mintAtHarness asks a harness for a first token: how users log in is not compared.
func mintAtHarness(ctx context.Context, s *subject) (string, error) {
	status, raw, err := s.client.Send(ctx, http.MethodPost, "/mint", nil, "")
	if err != nil {
		return "", err
	}
	if status != http.StatusOK {
		return "", fmt.Errorf("/mint: got status %d, want 200", status)
	}
	_, refresh, err := oauthTokens(raw)
	return refresh, err
}

// oidcProvider installs the library, as its lock file pins it, beside its harness. Without node it returns "" and says
// so, or fails if REQUIRE_ENGINES=1.
func (p plan) oidcProvider(ctx context.Context) (string, error) {
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("REQUIRE_ENGINES") == "1" {
				return "", err
			}
			fmt.Fprintln(p.out, "without oidc-provider: install node and npm for it")
			return "", nil
		}
	}
	dir := filepath.Join(measure.Cache, "oidc-provider")
	err := os.RemoveAll(dir) // of an earlier run
	if err == nil {
		err = os.CopyFS(dir, os.DirFS(source+"testdata/oidc-provider"))
	}
	if err != nil {
		return "", err
	}
	install := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error")
	install.Dir = dir
	if out, err := install.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm ci: %w\n%s", err, out)
	}
	return dir, nil
}
