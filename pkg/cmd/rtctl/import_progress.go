package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
)

// progress is how far an import has come, as the file beside the lines remembers it.
type progress struct {
	Target   string `json:"target"` // the stack, tenant and application
	Offset   int64  `json:"offset"` // bytes of the file
	Line     int    `json:"line"`   // lines of it
	Sum      string `json:"sha256"` // of these bytes
	Imported int    `json:"imported"`
	Skipped  int    `json:"skipped"`

	hash hash.Hash
}

// skippedLine is a session that was not imported.
type skippedLine struct {
	Line int    `json:"line"`
	Why  string `json:"why"`
}

// totals are those of a whole file.
type totals struct {
	Lines    int `json:"lines"`
	Imported int `json:"imported"`
	Skipped  int `json:"skipped"`
}

// pass counts a line that was read.
func (p *progress) pass(line []byte) {
	p.Offset += int64(len(line))
	p.Line++
	_, _ = p.hash.Write(line)
}

// remember reads the progress of an earlier import and moves the file behind what is done. A file whose earlier lines have
// changed since is an error.
func (i *importing) remember(file *os.File, target string) error {
	i.done = progress{Target: target, hash: sha256.New()}
	raw, err := os.ReadFile(i.name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	old := progress{hash: i.done.hash}
	if err == nil {
		err = json.Unmarshal(raw, &old)
	}
	if err != nil {
		return fmt.Errorf("%s cannot be read: delete it to start again (%w)", i.name, err)
	}
	if _, err := io.CopyN(old.hash, file, old.Offset); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if old.Target != target || hex.EncodeToString(old.hash.Sum(nil)) != old.Sum {
		return fmt.Errorf("%s is of another import, or the lines before %d have changed: delete it to start again", i.name, old.Line)
	}
	i.done = old
	return nil
}

// save replaces the file of the progress in one step.
func (i *importing) save() error {
	i.done.Sum = hex.EncodeToString(i.done.hash.Sum(nil))
	raw, err := json.Marshal(i.done)
	if err != nil {
		return err
	}
	if err := os.WriteFile(i.name+".new", raw, 0o600); err != nil {
		return err
	}
	return os.Rename(i.name+".new", i.name)
}

// forget removes the progress of an import that is complete.
func (i *importing) forget() error {
	if err := os.Remove(i.name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
