package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// The buckets of the file. keys.go and values.go have the layout of keys and values.
const (
	sessionsBucket     = "sessions"     // session key: session
	idsBucket          = "ids"          // index key: nothing
	dueBucket          = "due"          // due key: nothing
	applicationsBucket = "applications" // tenant, id: application
	apiKeysBucket      = "apikeys"      // id: API key
	entriesBucket      = "entries"      // tenant, user, id: entry of the history
	entriesDueBucket   = "entriesdue"   // id, key of the entry: nothing
	importedBucket     = "imported"     // hash: locator of an imported token
	importedDueBucket  = "importeddue"  // due key of the hash: nothing
	metaBucket         = "meta"
)

func buckets() []string {
	return []string{
		sessionsBucket, idsBucket, dueBucket, applicationsBucket, apiKeysBucket, entriesBucket, entriesDueBucket,
		importedBucket, importedDueBucket, metaBucket,
	}
}

const (
	formatKey = "format" // in the meta bucket
	// format is the version of the layout of the whole file.
	format = 5
	// lockTimeout is the wait for the lock of a process that is ending.
	lockTimeout = time.Second
)

var (
	errInUse   = errors.New("another process has it open")
	errDamaged = errors.New("the file is damaged")
	errForeign = errors.New("the file is not a store of this service")
)

// openFile opens and checks the file. The database panics on some damage, and a missing page at the end of the file is a
// memory fault; openFile returns both as errors.
func openFile(path string) (db *bbolt.DB, err error) {
	var file *os.File
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			db, err = nil, fmt.Errorf("%w: %v", errDamaged, r)
			_ = file.Close() // and with it the lock, whatever state the database is in
		}
	}()
	if err := errors.Join(createFile(path), checkSize(path)); err != nil {
		return nil, err
	}
	// The file has the freelist. To rebuild it reads the whole file at each start, and panics on damage where no caller can
	// recover. A file without it saves a few percent of a write.
	db, err = bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout:      lockTimeout,
		FreelistType: bbolt.FreelistMapType,
		NoStatistics: true,
		OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
			file, err = os.OpenFile(name, flag, mode)
			return file, err
		},
	})
	if err != nil {
		return nil, explain(err)
	}
	if err := errors.Join(prepare(db), os.Chmod(path, 0o600), syncDirectory(path)); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// explain distinguishes an error of the system from a file that the database cannot read.
func explain(err error) error {
	var refused syscall.Errno
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return errInUse
	case errors.As(err, &refused):
		return err
	default:
		return fmt.Errorf("%w, or its head is damaged: %w", errForeign, err)
	}
}

// createFile creates a new store under another name and renames it. So a failed start, on a full disk for example, leaves
// no incomplete file.
func createFile(path string) error {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return nil // it exists, or opening it returns the error
	}
	unfinished := path + ".new"
	_ = os.Remove(unfinished)
	db, err := bbolt.Open(unfinished, 0o600, &bbolt.Options{Timeout: lockTimeout})
	if err != nil {
		return errors.Join(explain(err), os.Remove(unfinished))
	}
	if err = errors.Join(db.Update(create), db.Close()); err == nil {
		err = os.Rename(unfinished, path)
	}
	if err != nil {
		_ = os.Remove(unfinished)
	}
	return err
}

// checkSize finds a truncated file by its head.
func checkSize(path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errForeign
	}
	if info.Size() == 0 {
		return nil
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true, Timeout: lockTimeout})
	if err != nil {
		return explain(err)
	}
	err = db.View(func(tx *bbolt.Tx) error {
		if info, err = os.Stat(path); err == nil && info.Size() < tx.Size() {
			err = fmt.Errorf("%w: %d bytes of at least %d", errDamaged, info.Size(), tx.Size())
		}
		return err
	})
	return errors.Join(err, db.Close())
}

// prepare checks a file, and creates the store in an empty one. It changes no file that is not a store.
func prepare(db *bbolt.DB) error {
	empty := false
	err := db.View(func(tx *bbolt.Tx) error {
		if first, _ := tx.Cursor().First(); first == nil {
			empty = true
			return nil
		}
		return check(tx)
	})
	if err == nil && empty {
		err = db.Update(create)
	}
	return err
}

func check(tx *bbolt.Tx) error {
	meta := tx.Bucket([]byte(metaBucket))
	if meta == nil {
		return errForeign
	}
	if version := meta.Get([]byte(formatKey)); len(version) != 1 || version[0] != format {
		return fmt.Errorf("%w: it has format %x and this version reads format %x; remove its directory to start anew",
			errForeign, version, []byte{format})
	}
	for _, name := range buckets() {
		b := tx.Bucket([]byte(name))
		if b == nil {
			return fmt.Errorf("%w: %s are missing", errDamaged, name)
		}
		b.Cursor().First()
		b.Cursor().Last()
	}
	return nil
}

func create(tx *bbolt.Tx) error {
	for _, name := range buckets() {
		if _, err := tx.CreateBucket([]byte(name)); err != nil {
			return err
		}
	}
	return tx.Bucket([]byte(metaBucket)).Put([]byte(formatKey), []byte{format})
}

// syncDirectory makes the name of a new file durable.
func syncDirectory(path string) error {
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
