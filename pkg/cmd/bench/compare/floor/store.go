package main

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"runtime"

	"go.etcd.io/bbolt"
)

const idSize = 16

// grant is a refresh token: which chain it belongs to, and the secret that changes.
type grant struct {
	id     [idSize]byte
	secret [32]byte
}

var errRefused = errors.New("not the current token of a chain")

func newGrant() (g grant) {
	_, _ = rand.Read(g.id[:]) // never fails
	return g.successor()
}

func (g grant) successor() grant {
	_, _ = rand.Read(g.secret[:])
	return g
}

// String is the token.
func (g grant) String() string {
	return base64.RawURLEncoding.EncodeToString(append(g.id[:], g.secret[:]...))
}

func parseGrant(text string) (g grant, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(raw) != len(g.id)+len(g.secret) {
		return g, errRefused
	}
	copy(g.id[:], raw)
	copy(g.secret[:], raw[idSize:])
	return g, nil
}

// store keeps the hash of each chain's current secret. Writes that wait share a transaction, as in the service's own
// embedded store.
type store struct {
	db     *bbolt.DB
	writes chan *write
	done   chan struct{}
}

type write struct {
	old, next grant
	refused   error
	answer    chan error
}

var bucket = []byte("grants")

func openStore(path string) (*store, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{FreelistType: bbolt.FreelistMapType, NoStatistics: true})
	if err != nil {
		return nil, err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucketIfNotExists(bucket)
		return err
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	const mayWait = 1024
	s := &store{db: db, writes: make(chan *write, mayWait), done: make(chan struct{})}
	go s.commitAll()
	return s, nil
}

func (s *store) close() error {
	close(s.writes)
	<-s.done
	return s.db.Close()
}

// swap replaces a chain's token by the next one if it is the current one, and returns when that is durable. With the
// zero grant it begins a chain.
func (s *store) swap(old, next grant) error {
	w := &write{old: old, next: next, answer: make(chan error, 1)}
	s.writes <- w
	return <-w.answer
}

// commitAll is the one goroutine that writes.
func (s *store) commitAll() {
	defer close(s.done)
	for first := range s.writes {
		batch := []*write{first}
		for range len(s.writes) {
			batch = append(batch, <-s.writes)
		}
		err := s.db.Update(func(tx *bbolt.Tx) error {
			b := tx.Bucket(bucket)
			for _, w := range batch {
				if err := w.apply(b); err != nil {
					return err
				}
			}
			return nil
		})
		for _, w := range batch {
			w.answer <- errors.Join(err, w.refused)
		}
		runtime.Gosched()
	}
}

func (w *write) apply(b *bbolt.Bucket) error {
	value := b.Get(w.next.id[:])
	hash := sha256.Sum256(w.old.secret[:])
	if known := value != nil; known == (w.old == grant{}) || known && !bytes.Equal(value, hash[:]) {
		w.refused = errRefused
		return nil
	}
	hash = sha256.Sum256(w.next.secret[:])
	return b.Put(w.next.id[:], hash[:])
}
