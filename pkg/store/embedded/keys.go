package embedded

import (
	"bytes"
	"encoding/binary"
	"errors"
	"time"

	"go.etcd.io/bbolt"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Keys consist of parts. A part is an id, byte for byte, with 00 written as 00 ff, and the end mark 00 01. So no id can
// contain an end mark, parts sort as their ids do, and all keys with a prefix of whole parts are below the prefix that
// ends in 00 02.
//
//	session      tenant user application, id (16 bytes)     in the order of Query
//	index        tenant, id (16 bytes), user application    a session's key by its id
//	due          milliseconds (8 bytes, big endian), session key
//	application  tenant id
//	API key      id
//	entry        tenant user, id (16 bytes)             of the history; the user is empty for the tenant's own
const endMark = "\x00\x01"

func appendPart(key []byte, id string) []byte {
	for i := range len(id) {
		if key = append(key, id[i]); id[i] == 0x00 {
			key = append(key, 0xff)
		}
	}
	return append(key, endMark...)
}

// cutPart is the reverse of appendPart.
func cutPart(key []byte) (id string, rest []byte, ok bool) {
	part, rest, ok := bytes.Cut(key, []byte(endMark))
	return string(bytes.ReplaceAll(part, []byte{0x00, 0xff}, []byte{0x00})), rest, ok
}

func keyOfParts(ids ...string) []byte {
	key := make([]byte, 0, 128)
	for _, id := range ids {
		key = appendPart(key, id)
	}
	return key
}

func sessionKey(k session.Key) []byte {
	return append(keyOfParts(k.Tenant, k.User, k.Application), k.ID[:]...)
}

func indexPrefix(tenant string, id token.ID) []byte { return append(keyOfParts(tenant), id[:]...) }

func indexKey(k session.Key) []byte {
	return appendPart(appendPart(indexPrefix(k.Tenant, k.ID), k.User), k.Application)
}

// dueKey sorts a session key by the time of its next check.
func dueKey(at time.Time, key []byte) []byte {
	due := binary.BigEndian.AppendUint64(make([]byte, 0, 8+len(key)), uint64(max(0, at.UnixMilli())))
	return append(due, key...)
}

var errDamagedKey = errors.New("a key in the store is damaged")

func parseSessionKey(key []byte) (k session.Key, err error) {
	rest := key
	for _, id := range []*string{&k.Tenant, &k.User, &k.Application} {
		var ok bool
		if *id, rest, ok = cutPart(rest); !ok {
			return k, errDamagedKey
		}
	}
	if len(rest) != len(k.ID) {
		return k, errDamagedKey
	}
	k.ID = token.ID(rest)
	return k, nil
}

// parseIndexKey parses the rest of a key after the index prefix.
func parseIndexKey(tenant string, id token.ID, rest []byte) (session.Key, error) {
	user, rest, ok1 := cutPart(rest)
	application, rest, ok2 := cutPart(rest)
	if !ok1 || !ok2 || len(rest) != 0 {
		return session.Key{}, errDamagedKey
	}
	return session.Key{Tenant: tenant, User: user, Application: application, ID: id}, nil
}

var errKeyTooLong = errors.New("the ids are too long")

// checkLength refuses, before any write, a key that the database would refuse.
func checkLength(key []byte) error {
	if len(key) > bbolt.MaxKeySize-8 { // the due key is the longest one
		return errKeyTooLong
	}
	return nil
}
