package dynamo

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// The layout of the table. Keys are strings of parts joined by '#'.
//
//	item         PK                     SK                  GSI1PK
//	session      TENANT#<t>#USER#<u>    APP#<a>#TOKEN#<id>  TENANT#<t>#TOKEN#<id>
//	application  TENANT#<t>             APP#<a>
//	its copy i   TENANT#<t>#APP#<a>#COPY#<i>  COPY
//	tenant       TENANTS                TENANT#<t>
//	API key      APIKEY#<keyId>         APIKEY
//	in its list  TENANT#<t>             KEY#<keyId>
//	imported token  IMPORTED#<hash>     IMPORTED
//	entry of a user's history      TENANT#<t>#USER#<u>    EVENT#<id>
//	entry of a tenant's history    TENANT#<t>             EVENT#<id>
//
// A session after its third refresh:
//
//	PK      TENANT#acme#USER#jane%20doe
//	SK      APP#web#TOKEN#0198c0de-7a3b-7c1d-8e2f-000000000001
//	GSI1PK  TENANT#acme#TOKEN#0198c0de-7a3b-7c1d-8e2f-000000000001
//	sh      <32 bytes>     rh  <16 bytes>      gn   3            tk  <4 bytes>
//	aj      <16 bytes>     sv  0  up  0        rb   <16 bytes>   ls  <60 bytes>
//	r0      1755500000000  r1  1755500900000   r2   1755501800000
//	ie      1758092000000  ae  1771052000000   ttl  1758092000
//	ac      900000         ov  30000           li   2592000000   lis 2592000
//	sc      "read"         dv  {n: "Jane's phone", i: "192.0.2.1"}
//
// In an id, all bytes up to '%' are percent-escaped, and so are invalid bytes of UTF-8. So no id can smuggle a '#', and
// different ids never have one key. '#' sorts before '%', and '%' before all unescaped bytes, so keys sort as the ids do,
// byte by byte: a descending query is in the order of application, then id. (Ids of invalid UTF-8 sort elsewhere; no
// interface accepts them.)
const (
	// IndexName is the index of sessions by tenant and token id; its projection is KEYS_ONLY.
	IndexName = "ByTokenId"

	attrPK     = "PK"
	attrSK     = "SK"
	attrGSI1PK = "GSI1PK"
	attrTTL    = "ttl" // epoch seconds, rounded up: the idle expiry of a session
)

// Attributes of a session. Their names are short, because a refresh costs one write unit only while the item has at most
// 1 024 bytes, names included. It has, with ids of any lengths that fit a token, 512 bytes of device and scope, and the
// default policy. Claims, those of the claims hook included, and longer devices come on top. So do two bytes for each
// escaped byte of an id, four in a tenant id, which is stored twice. A tenant id of 80 bytes beside two UUIDs leaves no
// room for claims. Times are epoch milliseconds. The item lacks zero numbers that no expression reads, and false flags.
const (
	attrSecretHash  = "sh"
	attrRootHash    = "rh"
	attrTokenKey    = "tk" // the id of the key that the current refresh token is signed with, big endian
	attrGeneration  = "gn"
	attrAccessToken = "aj" // the id of the current access token
	attrCreatedAt   = "ca" // missing if it is the time in the session id
	attrVersion     = "sv" // always present, for rotations that raise it
	attrUpdates     = "up" // always present, for updates that raise it
	attrRotatedBy   = "rb" // missing before the first refresh, as are ls and the times r0 to r5
	attrLastSeen    = "ls" // see encodeSeen
	attrIdleEnd     = "ie"
	attrAbsoluteEnd = "ae"
	attrEpoch       = "ep"
	attrAccessSpan  = "ac"
	attrIdleSpan    = "li"
	attrIdleSeconds = "lis" // li in seconds, rounded up: an expression can add but not divide
	attrOverlapSpan = "ov"
	attrReusable    = "re"
	attrKeepsAccess = "kp"
	attrScope       = "sc"
	attrDevice      = "dv" // a map
	attrClaims      = "cl" // JSON, unchanged; binary, so that an expression sees its size in bytes
	attrHookClaims  = "hc" // likewise, of the claims hook
	attrJKT         = "jk" // missing before the session is bound to a key

	attrDeviceName  = "n"
	attrDeviceType  = "t"
	attrDeviceAgent = "u"
	attrDeviceIP    = "i"
)

// Attributes of applications and API keys, which are few and small. Settings are JSON.
const (
	attrName        = "name"
	attrSettings    = "settings"
	attrAppEpoch    = "epoch"
	attrAppVersion  = "version"   // of name and settings
	attrWriter      = "writer"    // of the latest put, at random: a repeated one recognizes its own
	attrEnder       = "ender"     // likewise of the latest write of the epoch
	attrCopies      = "copies"    // the number of items of an application; missing: 1
	attrDeletedAt   = "deletedAt" // of an application that was deleted
	attrTenant      = "tenantId"
	attrPermissions = "permissions"
	attrKeyHash     = "secretHash"
	attrCreated     = "createdAt"
	attrExpires     = "expiresAt" // missing: never
)

// Attributes of the locator of an imported token: the ids of its session, and what a token of its own would say.
const (
	attrLocUser        = "us"
	attrLocApplication = "ap"
	attrLocSession     = "id"
	attrLocNeedsAccess = "na"
	attrLocDPoP        = "dp"
)

// attrRotated names the attribute of a slot of rotation times.
func attrRotated(slot uint32) string { return "r" + strconv.FormatUint(uint64(slot), 10) }

// item is one row, or the key of one.
type item map[string]types.AttributeValue

func primaryKey(pk, sk string) item { return item{attrPK: text(pk), attrSK: text(sk)} }

// rowKey is a comparable primary key.
type rowKey struct{ pk, sk string }

func keyOf(i item) rowKey {
	r := reader{item: i}
	return rowKey{r.text(attrPK), r.text(attrSK)}
}

func (k rowKey) compare(other rowKey) int {
	return cmp.Or(cmp.Compare(k.pk, other.pk), cmp.Compare(k.sk, other.sk))
}

func sessionKey(k session.Key) item {
	return primaryKey(userPartition(k.Tenant, k.User), sessionSort(k.Application, k.ID))
}

func applicationKey(tenant, id string) item {
	return primaryKey(tenantPartition(tenant), sortOfApplications+escape(id))
}

// tenantPartition has the applications of a tenant and the list of its API keys.
func tenantPartition(tenant string) string { return sortOfTenants + escape(tenant) }

// tenantKey is the key of the item that lists a tenant.
func tenantKey(tenant string) item { return primaryKey(partitionOfTenants, tenantPartition(tenant)) }

const (
	partitionOfTenants = "TENANTS"
	sortOfTenants      = "TENANT#"
	sortOfApplications = "APP#"
	sortOfAPIKeys      = "KEY#"
)

// idOf is the id in a sort key of this prefix; false for another one.
func idOf(i item, prefix string) (string, bool) {
	part, found := strings.CutPrefix(keyOf(i).sk, prefix)
	id, ok := unescape(part)
	return id, found && ok
}

// copyKey is the key of item n of an application. Item 0 is the application itself; each copy has its own partition key.
func copyKey(tenant, id string, n uint64) item {
	if n == 0 {
		return applicationKey(tenant, id)
	}
	return primaryKey(tenantPartition(tenant)+"#APP#"+escape(id)+"#COPY#"+strconv.FormatUint(n, 10), sortOfCopies)
}

const sortOfCopies = "COPY"

func isCopy(i item) bool { return keyOf(i).sk == sortOfCopies }

// originalOf is the key of the application of a copy.
func originalOf(i item) item {
	parts := strings.Split(keyOf(i).pk, "#")
	return primaryKey(strings.Join(parts[:2], "#"), strings.Join(parts[2:4], "#"))
}

func apiKeyKey(id string) item { return primaryKey("APIKEY#"+escape(id), "APIKEY") }

// listedKey is the key of the item that lists an API key among those of its tenant.
func listedKey(tenant, id string) item {
	return primaryKey(tenantPartition(tenant), sortOfAPIKeys+escape(id))
}

// locatorKey is the key of the item that finds the session of an imported token.
func locatorKey(hash token.Hash) item {
	return primaryKey("IMPORTED#"+hex.EncodeToString(hash[:]), "IMPORTED")
}

func userPartition(tenant, user string) string {
	return "TENANT#" + escape(tenant) + "#USER#" + escape(user)
}

// sortOfEntries is the prefix of the sort keys of entries of the history, in the partition of a user or of a tenant. It sorts
// behind the sessions, and behind the applications.
const sortOfEntries = "EVENT#"

// entryPartition is the partition of a user's entries, or of a tenant's where the user is "".
func entryPartition(tenant, user string) string {
	if user == "" {
		return "TENANT#" + escape(tenant)
	}
	return userPartition(tenant, user)
}

// parseEntryKey parses the key of an entry.
func parseEntryKey(i item) (e session.Entry, err error) {
	key := keyOf(i)
	id, isEntry := strings.CutPrefix(key.sk, sortOfEntries)
	parts := strings.Split(key.pk, "#")
	isUsers := len(parts) == 4 && parts[2] == "USER"
	if !isEntry || parts[0] != "TENANT" || len(parts) != 2 && !isUsers {
		return e, errMalformedKey
	}
	var ok1, ok3 bool
	ok2 := true
	e.Tenant, ok1 = unescape(parts[1])
	if isUsers {
		e.User, ok2 = unescape(parts[3])
	}
	if e.ID, ok3 = token.ParseID(id); !ok1 || !ok2 || !ok3 {
		return e, errMalformedKey
	}
	return e, nil
}

func sessionSort(application string, id token.ID) string {
	return sessionSortPrefix(application) + id.String()
}

// sessionSorts is the prefix of the sort keys of all sessions in the partition of a user.
const sessionSorts = "APP#"

// sessionSortPrefix is the prefix of the sort keys of the sessions of one application only.
func sessionSortPrefix(application string) string {
	return sessionSorts + escape(application) + "#TOKEN#"
}

func indexKey(tenant string, id token.ID) string {
	return "TENANT#" + escape(tenant) + "#TOKEN#" + id.String()
}

// parseSessionKey parses the key of an item or of an entry of the index.
func parseSessionKey(i item) (session.Key, error) {
	pk, isText1 := i[attrPK].(*types.AttributeValueMemberS)
	sk, isText2 := i[attrSK].(*types.AttributeValueMemberS)
	if !isText1 || !isText2 {
		return session.Key{}, errMalformedKey
	}
	p, s := strings.Split(pk.Value, "#"), strings.Split(sk.Value, "#")
	if len(p) != 4 || len(s) != 4 || p[0] != "TENANT" || p[2] != "USER" || s[0] != "APP" || s[2] != "TOKEN" {
		return session.Key{}, errMalformedKey
	}
	tenant, ok1 := unescape(p[1])
	user, ok2 := unescape(p[3])
	application, ok3 := unescape(s[1])
	id, ok4 := token.ParseID(s[3])
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return session.Key{}, errMalformedKey
	}
	return session.Key{Tenant: tenant, User: user, Application: application, ID: id}, nil
}

const lastEscaped = '%'

// escape encodes an id as a part of a key.
func escape(id string) string {
	clean := utf8.ValidString(id)
	for i := 0; clean && i < len(id); i++ {
		clean = id[i] > lastEscaped
	}
	if clean {
		return id
	}
	var b strings.Builder
	for rest := id; rest != ""; {
		r, size := utf8.DecodeRuneInString(rest)
		if r <= lastEscaped || r == utf8.RuneError && size == 1 {
			fmt.Fprintf(&b, "%%%02X", rest[0])
		} else {
			b.WriteString(rest[:size])
		}
		rest = rest[size:]
	}
	return b.String()
}

// unescape decodes a part of a key. It returns false for parts that escape never returns.
func unescape(part string) (string, bool) {
	id, err := url.PathUnescape(part)
	return id, err == nil && escape(id) == part
}
