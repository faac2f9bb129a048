package measure

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// LocalService is the program of this project's service on one machine, built at path, with its data in dir. It
// logs warnings only: a line per request would be measured with it. Env is further assignments.
func LocalService(path, dir string, env ...string) Program {
	return Program{
		Command: []string{path}, Ready: "/.well-known/jwks.json",
		Env: append([]string{"LOCAL_DIR=" + dir, "LOG_LEVEL=warn"}, env...),
	}
}

// Credentials reads the assignments that the service has written into its directory.
func Credentials(dir string) (map[string]string, error) {
	raw, err := os.ReadFile(filepath.Join(dir, "credentials.env"))
	if err != nil {
		return nil, fmt.Errorf("credentials of the local service: %w", err)
	}
	values := map[string]string{}
	for line := range strings.Lines(string(raw)) {
		if name, value, found := strings.Cut(strings.TrimSpace(line), "="); found {
			values[name] = value
		}
	}
	return values, nil
}
