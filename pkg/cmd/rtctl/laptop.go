package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/lifecycle/event"
	"github.com/stencil-auth/refresh-tokens/pkg/operator/socket"
)

// laptop is the service whose data lie in a directory.
type laptop struct{ dir string }

func (l laptop) invoke(ctx context.Context, function string, payload any) (json.RawMessage, error) {
	raw, err := json.Marshal(payload)
	if err != nil {
		return nil, err
	}
	return socket.Invoke(ctx, l.dir, function, raw)
}

func (l laptop) home(context.Context) (home, error) {
	credentials, err := l.credentials()
	return home{url: credentials["BASE_URL"], keys: map[string]string{
		credentials["TENANT_ID"]: credentials["API_KEY"], credentials["OTHER_TENANT_ID"]: credentials["OTHER_API_KEY"],
	}}, err
}

func (l laptop) credentialsFile() string { return filepath.Join(l.dir, "credentials.env") }

// events implements archive.
func (l laptop) events(_ context.Context, since time.Time) ([]event.Envelope, time.Time, error) {
	return event.ReadFile(filepath.Join(l.dir, event.FileName), since)
}

// credentials are the assignments of the service's credentials.env.
func (l laptop) credentials() (map[string]string, error) {
	raw, err := os.ReadFile(l.credentialsFile()) //nolint:gosec // the directory is the operator's own setting
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("no service has run in %s: start one with make run, set LOCAL_DIR, or name a --stack", l.dir)
	}
	values := map[string]string{}
	for line := range strings.Lines(string(raw)) {
		if name, value, found := strings.Cut(strings.TrimSpace(line), "="); found {
			values[name] = value
		}
	}
	return values, err
}
