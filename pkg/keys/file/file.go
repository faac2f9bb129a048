// Package file owns the key source of a laptop: two secret documents in one directory, made at first use. It must never
// weaken their mode (0600), and never replace a document that it cannot read.
package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
)

// Source reads the two documents of a directory.
type Source struct{ dir string }

// Open makes the documents that dir lacks. Errors name the file of a damaged document.
func Open(dir string) (*Source, error) {
	s := &Source{dir: dir}
	signing, err := keys.GenerateSigningKey("ES256", keys.Active)
	if err != nil {
		return nil, err
	}
	if err := s.ensure("signing-keys.json", signing); err != nil {
		return nil, err
	}
	if err := s.ensure("token-keys.json", keys.GenerateTokenKey(keys.Active)); err != nil {
		return nil, err
	}
	ctx := context.Background()
	_, err1 := s.SigningKeys(ctx)
	_, err2 := s.TokenKeys(ctx)
	return s, errors.Join(err1, err2)
}

// TokenKeys fetches the token keys.
func (s *Source) TokenKeys(context.Context) (*keys.TokenSet, error) {
	return read(s, "token-keys.json", keys.ParseTokenSet)
}

// SigningKeys fetches the active signing key.
func (s *Source) SigningKeys(context.Context) (*keys.SigningSet, error) {
	return read(s, "signing-keys.json", keys.ParseSigningSet)
}

// PublicKeys fetches the public halves of the signing keys.
func (s *Source) PublicKeys(context.Context) (*keys.PublicSet, error) {
	return read(s, "signing-keys.json", keys.ParsePublicSet)
}

func read[Set any](s *Source, name string, parse func([]byte) (*Set, error)) (*Set, error) {
	path := filepath.Join(s.dir, name)
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	set, err := parse(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return set, nil
}

func (s *Source) ensure(name string, key keys.JWK) error {
	raw, err := keys.MarshalDocument(key)
	if err != nil {
		return err
	}
	path := filepath.Join(s.dir, name)
	if _, err := os.Lstat(path); err == nil {
		return nil
	}
	file, err := os.CreateTemp(s.dir, name+".*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(file.Name()) }()
	_, err = file.Write(raw)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	// A link is atomic, and does not replace a document that another process has made in between.
	if err := os.Link(file.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
