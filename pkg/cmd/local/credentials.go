package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const credentialsFile = "credentials.env"

// assignment is one line of the credentials file.
type assignment struct{ name, value string }

func readAssignments(path string) (map[string]string, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	for line := range strings.Lines(string(raw)) {
		if name, value, found := strings.Cut(strings.TrimSpace(line), "="); found {
			values[name] = value
		}
	}
	return values, nil
}

// writeAssignments makes path a file of mode 0600 with these lines. A file that is so already is left alone, so
// that a full disk does not matter. Readers see the old or the new file, whole; a link is replaced, not followed.
func writeAssignments(path string, lines []assignment) error {
	var text strings.Builder
	for _, line := range lines {
		fmt.Fprintf(&text, "%s=%s\n", line.name, line.value)
	}
	const private fs.FileMode = 0o600 // and a regular file
	if info, err := os.Lstat(path); err == nil && info.Mode() == private {
		if old, err := os.ReadFile(path); err == nil && string(old) == text.String() {
			return nil
		}
	}
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(file.Name()) }()
	_, err = file.WriteString(text.String())
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
