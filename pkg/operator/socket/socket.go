// Package socket owns the Unix socket through which the operator functions of a laptop answer: where it lies, and both of
// its ends. Whoever can open it is the operator, so it lies in a directory that only its owner can enter. It must never
// know what a function does, nor listen on an address of a network.
package socket

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

const (
	// pointer is the file in the data directory that names the socket.
	pointer = "socket"
	// longest is the longest path of a socket, in bytes. Systems allow 103 (macOS) or 107 (Linux).
	longest = 100
)

// Listener is a socket. Close removes it and the file that names it.
type Listener struct {
	*net.UnixListener

	pointer   string
	temporary string // the directory of a socket whose path would be too long
}

// Listen opens the socket of a data directory, and names it in that directory's file "socket". It lies in the directory
// operator there, or, where that path has over 100 bytes, in a fresh one under the temporary directory.
func Listen(dir string) (*Listener, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	l := &Listener{pointer: filepath.Join(dir, pointer)}
	home := filepath.Join(dir, "operator")
	if len(filepath.Join(home, pointer)) > longest {
		if home, err = os.MkdirTemp("", "refresh-tokens-"); err != nil { // mode 0700
			return nil, err
		}
		l.temporary = home
	} else if err := os.Mkdir(home, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	path := filepath.Join(home, pointer)
	if err := errors.Join(checkOwner(home), removeStale(path)); err != nil {
		return nil, errors.Join(err, l.forget())
	}
	if l.UnixListener, err = net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"}); err != nil {
		return nil, errors.Join(err, l.forget())
	}
	if err := errors.Join(os.Chmod(path, 0o600), writePointer(l.pointer, path)); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// Close implements net.Listener.
func (l *Listener) Close() error {
	return errors.Join(l.UnixListener.Close(), ignoreMissing(os.Remove(l.pointer)), l.forget())
}

func (l *Listener) forget() error {
	if l.temporary == "" {
		return nil
	}
	return os.RemoveAll(l.temporary)
}

// checkOwner refuses a directory that another user owns or can enter, and a link to one.
func checkOwner(dir string) error {
	info, err := os.Lstat(dir) //nolint:gosec // the owner of what it names is what is checked
	if err != nil {
		return err
	}
	owner, known := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || info.Mode().Perm() != 0o700 || !known || int(owner.Uid) != os.Getuid() {
		return fmt.Errorf("%s must be a directory of yours that only you can enter: remove it, or chmod 700 it", dir)
	}
	return nil
}

// removeStale removes the socket of a process that was killed.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("%s is in the way: remove it", path)
	}
	if connection, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"}); err == nil {
		return errors.Join(fmt.Errorf("another service answers on %s", path), connection.Close())
	}
	return os.Remove(path)
}

// writePointer replaces the file, whole, and follows no link.
func writePointer(name, path string) error {
	file, err := os.CreateTemp(filepath.Dir(name), pointer+".*") // mode 0600
	if err != nil {
		return err
	}
	_, err = file.WriteString(path + "\n")
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}

// find is the socket of a data directory, if a service has made one and it is this user's.
func find(dir string) (string, error) {
	raw, err := os.ReadFile(filepath.Join(dir, pointer))
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("no service runs in %s: start one with make run, or name its directory", dir)
	}
	path := strings.TrimSuffix(string(raw), "\n")
	if err != nil {
		return "", err
	}
	if !filepath.IsAbs(path) {
		return "", fmt.Errorf("%s names no socket", filepath.Join(dir, pointer))
	}
	return path, checkOwner(filepath.Dir(path))
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
