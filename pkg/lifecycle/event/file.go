package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

const (
	// FileName is the name of the file in the data directory of a laptop.
	FileName = "events.jsonl"
	// maxFile is the size from which on a file is replaced, in bytes. The one before it stays.
	maxFile = 8 << 20
)

// File keeps events, one line of JSON each. It has at most about twice maxFile: a full one becomes FileName with .1, in
// place of an earlier one.
type File struct {
	path string
	log  *slog.Logger
	most int64

	mu   sync.Mutex
	file *os.File
	size int64
}

// OpenFile opens the file at path, or makes it, with mode 0600. It follows no link. An event that cannot be written later
// is one line of the log.
func OpenFile(path string, log *slog.Logger) (*File, error) {
	f := &File{path: path, log: log, most: maxFile}
	return f, f.open()
}

func (f *File) open() error {
	file, err := os.OpenFile(f.path, os.O_RDWR|os.O_APPEND|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	size, err := endOfLines(file)
	if err = errors.Join(err, file.Chmod(0o600)); err != nil {
		return errors.Join(err, file.Close())
	}
	f.file, f.size = file, size
	return nil
}

// endOfLines cuts off a line that a killed process left without its end, and returns the size.
func endOfLines(file *os.File) (int64, error) {
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	size, block := info.Size(), make([]byte, 4096)
	for end := size; end > 0; {
		start := max(0, end-int64(len(block)))
		n, err := file.ReadAt(block[:end-start], start)
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		if at := bytes.LastIndexByte(block[:n], '\n'); at >= 0 {
			end = start + int64(at) + 1
			return end, file.Truncate(end)
		}
		end = start
	}
	return 0, file.Truncate(0)
}

// Publish writes the events of changes, in order.
func (f *File) Publish(changes []session.Change) {
	var lines bytes.Buffer
	encoder := json.NewEncoder(&lines)
	for _, change := range changes {
		e := Of(change)
		_ = encoder.Encode(Envelope{ // strings, numbers and valid JSON always encode
			Version: "0", ID: e.Detail.ID, DetailType: e.Type, Source: Source, Account: "000000000000",
			Time: e.Detail.At.Truncate(time.Second), Region: "local", Resources: []string{}, Detail: e.Detail,
		})
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.write(lines.Bytes()); err != nil {
		f.log.Error("lifecycle events not written", "events", len(changes), "error", err)
	}
}

func (f *File) write(lines []byte) error {
	if f.size > 0 && f.size+int64(len(lines)) > f.most {
		if err := errors.Join(f.file.Close(), os.Rename(f.path, f.path+".1"), f.open()); err != nil {
			return err
		}
	}
	n, err := f.file.Write(lines)
	if f.size += int64(n); err != nil && n > 0 {
		f.size -= int64(n)
		err = errors.Join(err, f.file.Truncate(f.size))
	}
	return err
}

// Close closes the file.
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.file.Close()
}

// ReadFile reads the events of a file, and of the one before it, from a time on. Those before begin may be lost; it is
// zero if all are there. A missing file has none.
func ReadFile(path string, since time.Time) (events []Envelope, begin time.Time, err error) {
	for _, name := range []string{path + ".1", path} {
		raw, err := os.ReadFile(name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, begin, err
		}
		n := 0
		for line := range bytes.Lines(raw) {
			n++
			var e Envelope
			if !bytes.HasSuffix(line, []byte("\n")) {
				break // it is being written
			}
			if err := json.Unmarshal(line, &e); err != nil {
				return nil, begin, fmt.Errorf("%s, line %d: %w", name, n, err)
			}
			if n == 1 && name != path {
				begin = e.Detail.At
			}
			if !e.Detail.At.Before(since) {
				events = append(events, e)
			}
		}
	}
	return events, begin, nil
}
