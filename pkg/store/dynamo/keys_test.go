package dynamo

import (
	"cmp"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Law 1: no id can smuggle a '#', no two ids meet, and keys sort as the ids do.
func FuzzKeysKeepIDsApartAndInOrder(f *testing.F) {
	for _, id := range []string{
		"", "a", "a#b", "a%23b", "%", "$", "a!", "a\"", "a b", "é", "日本", "\uffff", "\x00", "\x7f", "\xff", "a\xf0",
		"�", "#TOKEN#", "USER#x", "a/b", "&", "%2", "%zz",
	} {
		f.Add(id, "a")
		f.Add("a", id)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		for _, id := range []string{a, b} {
			part := escape(id)
			if strings.ContainsAny(part, "#") || !utf8.ValidString(part) {
				t.Errorf("escape(%q): got %q, want valid UTF-8 without #", id, part)
			}
			if back, ok := unescape(part); !ok || back != id {
				t.Errorf("unescape(escape(%q)): got %q, %v; want the id", id, back, ok)
			}
		}
		if (a == b) != (escape(a) == escape(b)) {
			t.Errorf("got %q and %q for %q and %q, want them to differ as the ids do", escape(a), escape(b), a, b)
		}
		if !utf8.ValidString(a) || !utf8.ValidString(b) {
			return
		}
		if keys := cmp.Compare(sessionSort(a, token.ID{}), sessionSort(b, token.ID{})); keys != cmp.Compare(a, b) {
			t.Errorf("keys of %q and %q: got order %d, want %d", a, b, keys, cmp.Compare(a, b))
		}
	})
}

func FuzzAParsedKeyIsTheOriginal(f *testing.F) {
	f.Add("t", "u", "a", []byte("0123456789abcdef"))
	f.Add("t#USER#", "%23", "#TOKEN#", []byte("0123456789abcdef"))
	f.Fuzz(func(t *testing.T, tenant, user, application string, id []byte) {
		if len(id) != len(token.ID{}) {
			return
		}
		key := session.Key{Tenant: tenant, User: user, Application: application, ID: token.ID(id)}
		if back, err := parseSessionKey(sessionKey(key)); err != nil || back != key {
			t.Errorf("got %+v, %v; want %+v", back, err, key)
		}
	})
}

func TestAKeyOfAnotherLayoutIsAnError(t *testing.T) {
	const id = "0198c0de-7a3b-7c1d-8e2f-000000000001"
	for _, key := range []item{
		{},
		primaryKey("TENANT#t", "APP#a"),
		primaryKey("TENANT#t#USER#u#x", "APP#a#TOKEN#"+id),
		primaryKey("TENANT#t#user#u", "APP#a#TOKEN#"+id),
		primaryKey("TENANT#t#USER#u", "APP#a#TOKEN#"+strings.ToUpper(id)),
		primaryKey("TENANT#t#USER#%61", "APP#a#TOKEN#"+id),
		primaryKey("TENANT#t#USER#%2", "APP#a#TOKEN#"+id),
		primaryKey("TENANT#t#USER#u!", "APP#a#TOKEN#"+id),
		{attrPK: text("TENANT#t#USER#u"), attrSK: number(int64(1))},
	} {
		if got, err := parseSessionKey(key); err == nil {
			t.Errorf("%v: got %+v, want an error", key, got)
		}
	}
}

func TestUsersSpreadOverAllCopies(t *testing.T) {
	for _, copies := range []int{1, 2, 4, 32} {
		s := Store{EpochCopies: copies}
		users := map[rowKey]int{}
		for n := range 64 * copies {
			users[keyOf(s.applicationOf(session.Key{Tenant: "t", User: fmt.Sprint("user-", n), Application: "a"}))]++
		}
		for at, n := range users {
			if n < 32 || n > 96 {
				t.Errorf("%v: got %d of %d users, want 32 to 96", at, n, 64*copies)
			}
		}
		if len(users) != copies {
			t.Errorf("got %d partition keys, want %d", len(users), copies)
		}
	}
	// All functions, of all releases, must choose the same copy.
	s := Store{EpochCopies: 32}
	at := keyOf(s.applicationOf(session.Key{Tenant: "t", User: "jane doe", Application: "a b"}))
	if want := (rowKey{"TENANT#t#APP#a%20b#COPY#10", "COPY"}); at != want {
		t.Errorf("got %v, want %v", at, want)
	}
}

func FuzzACopyIsNoOtherItem(f *testing.F) {
	f.Add("t", "a", uint64(1))
	f.Add("t#APP#a", "b#COPY#2", uint64(2))
	f.Fuzz(func(t *testing.T, tenant, application string, n uint64) {
		at := copyKey(tenant, application, n)
		if isCopy(at) != (n > 0) {
			t.Errorf("item %d: got a copy %v, want %v", n, isCopy(at), n > 0)
		}
		if _, err := parseSessionKey(at); err == nil {
			t.Errorf("%v: got the key of a session, want an error", at)
		}
		if _, isApplication := idOf(at, sortOfApplications); isApplication != (n == 0) {
			t.Errorf("item %d: got an application %v, want %v", n, isApplication, n == 0)
		}
	})
}
