package dynamo_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/storetest"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// The table in the package's doc. DynamoDB Local reports 2 units for a transaction without the index; AWS counts 2 for each item.
func TestEachVerbIsOneRequestOfTheDocumentedCapacity(t *testing.T) {
	b := onEngine(t)
	apiKey := storetest.NewAPIKey(b.tenant)
	cases := []struct {
		verb, operation string
		units, index    float64
		run             func(session.Session) error
	}{
		{"Rotate", "UpdateItem", 1, 0, func(s session.Session) error {
			_, applied, err := b.Rotate(b.Context(), storetest.NewRotation(s))
			if err == nil && !applied {
				err = errors.New("refused")
			}
			return err
		}},
		{"Update", "UpdateItem", 1, 0, func(s session.Session) error {
			_, applied, err := b.Update(b.Context(), storetest.NewUpdate(s))
			if err == nil && !applied {
				err = errors.New("refused")
			}
			return err
		}},
		{"Application", "GetItem", 1, 0, func(s session.Session) error {
			_, err := b.Application(b.Context(), s.Tenant, s.Application)
			return err
		}},
		{"Load", "BatchGetItem", 2, 0, func(s session.Session) error {
			_, _, err := b.Load(b.Context(), s.Key)
			return err
		}},
		{"Applications", "BatchGetItem", 1, 0, func(s session.Session) error {
			_, err := b.Applications(b.Context(), s.Tenant, s.User, []string{s.Application, s.Application})
			return err
		}},
		{"Locate", "Query", 0.5, 0.5, func(s session.Session) error {
			_, err := b.Locate(b.Context(), s.Tenant, s.ID)
			return err
		}},
		{"Query", "Query", 1, 0, func(s session.Session) error {
			_, _, err := b.Query(b.Context(), session.Query{Tenant: s.Tenant, User: s.User, Limit: 3})
			return err
		}},
		{"Create", "PutItem", 2, 1, func(s session.Session) error {
			return b.Create(b.Context(), storetest.NewSession(s.Tenant, s.User, s.Application))
		}},
		{"Delete", "DeleteItem", 2, 1, func(s session.Session) error {
			_, err := b.Delete(b.Context(), session.Deletion{Key: s.Key})
			return err
		}},
		{"DeleteBatch", "BatchWriteItem", 2, 1, func(s session.Session) error {
			return b.DeleteBatch(b.Context(), []session.Key{s.Key, s.Key})
		}},
		{"PutApplication", "UpdateItem", 1, 0, func(s session.Session) error {
			changed := storetest.NewApplication(s.Tenant, s.Application)
			changed.Version = 1
			_, err := b.PutApplication(b.Context(), changed)
			return err
		}},
		{"PutApplication (new)", "TransactWriteItems", 2, 0, func(s session.Session) error {
			_, err := b.PutApplication(b.Context(), storetest.NewApplication(s.Tenant, "new"))
			return err
		}},
		{"DeleteApplication", "UpdateItem", 1, 0, func(s session.Session) error {
			app := storetest.NewApplication(s.Tenant, "new")
			app.Version = 1
			_, err := b.DeleteApplication(b.Context(), app, storetest.Now())
			return err
		}},
		{"ListApplications", "Query", 1, 0, func(s session.Session) error {
			_, _, err := b.ListApplications(b.Context(), s.Tenant, session.Page{})
			return err
		}},
		{"ListTenants", "Query", 1, 0, func(session.Session) error {
			_, _, err := b.ListTenants(b.Context(), session.Page{})
			return err
		}},
		{"AdvanceEpoch", "UpdateItem", 1, 0, func(s session.Session) error {
			_, err := b.AdvanceEpoch(b.Context(), s.Tenant, s.Application, 0)
			return err
		}},
		{"PutAPIKey", "TransactWriteItems", 2, 0, func(session.Session) error { return b.PutAPIKey(b.Context(), apiKey) }},
		{"APIKey", "GetItem", 1, 0, func(session.Session) error {
			_, err := b.APIKey(b.Context(), apiKey.ID)
			return err
		}},
		{"Import", "TransactWriteItems", 6, 2, func(s session.Session) error {
			s = storetest.NewSession(s.Tenant, s.User, s.Application)
			_, err := b.Import(b.Context(), s, session.Locator{Hash: storetest.NewHash(), Key: s.Key, ExpiresAt: s.AbsoluteExpiresAt})
			return err
		}},
		{"Imported", "GetItem", 1, 0, func(session.Session) error {
			if _, err := b.Imported(b.Context(), token.Hash{}); !errors.Is(err, session.ErrNoSession) {
				return err
			}
			return nil
		}},
		{"ListAPIKeys", "Query", 1, 0, func(session.Session) error {
			_, err := b.ListAPIKeys(b.Context(), b.tenant)
			return err
		}},
		{"RotateAPIKey", "TransactWriteItems", 2, 0, func(session.Session) error {
			return b.RotateAPIKey(b.Context(), apiKey, storetest.Now(), storetest.NewAPIKey(b.tenant))
		}},
		{"DeleteAPIKey", "TransactWriteItems", 2, 0, func(session.Session) error {
			return b.DeleteAPIKey(b.Context(), b.tenant, apiKey.ID)
		}},
	}
	for _, c := range cases {
		s := b.stored()
		if err := c.run(s); err != nil {
			t.Errorf("%s: got %v, want no error", c.verb, err)
		}
		if got := fmt.Sprint(b.transport.Requests()); got != fmt.Sprintf("map[%s:1]", c.operation) {
			t.Errorf("%s: got requests %s, want one %s", c.verb, got, c.operation)
		}
		if units, index := b.transport.Units(c.operation); units != c.units || index != c.index {
			t.Errorf("%s: got %v units, %v of the index, want %v and %v", c.verb, units, index, c.units, c.index)
		}
	}
}

// Laws 1 and 4: a rotation costs 1 write unit while the item stays under 1 KB. It does with UUIDs, device, scope, key, caller
// and 150 bytes of claims, half of them the hook's; with the longest ids of one length that fit a token too, and without
// claims where one id is as long as it may be.
func TestARotationCostsOneWriteUnit(t *testing.T) {
	const uuid = "0198c0de-7a3b-7c1d-8e2f-000000000001"
	b := onEngine(t)
	long := func(n int) string { return strings.Repeat("x", n) }
	for name, ids := range map[string][3]string{
		"UUIDs":                         {uuid, uuid, uuid},
		"three alike":                   {long(token.RoomForIDs / 3), long(token.RoomForIDs / 3), long(token.RoomForIDs / 3)},
		"a long tenant":                 {long(token.RoomForIDs - 2), "u", "a"},
		"a long tenant beside UUIDs":    {long(token.RoomForIDs - 32), uuid, uuid},
		"a long user beside UUIDs":      {uuid, long(token.RoomForIDs - 32), uuid},
		"a long application and a UUID": {uuid, "u", long(token.RoomForIDs - 17)},
	} {
		if token.Room(ids[0], ids[1], ids[2]) < 0 {
			t.Fatalf("%s: the ids do not fit a token", name)
		}
		s := storetest.NewFullSession(ids[0], ids[1], ids[2])
		s.CreatedAt = s.ID.Time()
		s.Claims, s.HookClaims = nil, nil
		if name == "UUIDs" || name == "three alike" {
			s.Claims, s.HookClaims = json.RawMessage(`{"x":"`+long(75-8)+`"}`), json.RawMessage(`{"y":""}`)
		}
		s.Policy = session.Policy{KeepPreviousAccess: true, Access: 900e9, Idle: 30 * 86400e9, Overlap: 86400e9}
		s.Device = &session.Device{Name: long(30), Type: long(10), UserAgent: long(120), IP: long(15)}
		s.Scope = long(40)
		b.must(b.Create(b.Context(), s))
		b.transport.Reset()
		r := storetest.NewRotation(s)
		if r.Seen = s.LastSeen; s.HookClaims != nil {
			r.HookClaims = json.RawMessage(`{"y":"` + long(75-8) + `"}`)
		}
		if _, applied, err := b.Rotate(b.Context(), r); err != nil || !applied {
			t.Fatalf("%s: got applied %v, %v; want true", name, applied, err)
		}
		if units, index := b.transport.Units("UpdateItem"); units != 1 || index != 0 {
			t.Errorf("%s: got %v write units, %v of the index; want 1 and none", name, units, index)
		}
	}
}
