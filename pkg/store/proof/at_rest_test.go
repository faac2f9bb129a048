package proof

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/stencil-auth/refresh-tokens/pkg/fixture"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamo"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamotest"
	"github.com/stencil-auth/refresh-tokens/pkg/store/storetest"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// atRest is a store with sessions in every state, a dump of it, and the secrets that the dump must not hold.
type atRest struct {
	*testing.T
	*service
	*fixture.Clock

	keys    fixture.Keys
	tenant  string
	user    string
	dump    []byte
	hashes  [][]byte // of 32 bytes: the secret hashes among them
	current []session.Grant
	secrets map[string][]byte
	foreign []string // tokens of another system; the first was refreshed
}

// newAtRest fills a store; its caller takes the dump.
func newAtRest(t *testing.T, store session.Store) *atRest {
	t.Helper()
	l := &atRest{
		T: t, Clock: newClock(), keys: fixture.NewKeys("EdDSA"), tenant: storetest.NewTenant(), user: "user-of-" + storetest.NewTenant(),
		secrets: map[string][]byte{},
	}
	l.service = newService(l.keys, store, l.Now, rand.Reader)
	l.Verbs = l.Accepting(session.Accepted{Store: store})
	hook := session.Hook{Ask: func(context.Context, session.HookCall) (session.HookAnswer, error) {
		return session.HookAnswer{Claims: json.RawMessage(`{"plan":"of the hook"}`)}, nil
	}}
	l.Issuer, l.Refresher = l.Issuer.WithHook(hook), l.Refresher.WithHook(hook, store)
	register(t, store, l.tenant, "web", nil)
	register(t, store, l.tenant, "service", func(s *session.Settings) { s.Usage = session.Reusable })
	for n := range 4 {
		g, err := l.Issue(t.Context(), session.IssueRequest{
			Tenant: l.tenant, User: l.user, Application: []string{"web", "service"}[n%2], Scope: "read",
			Claims: json.RawMessage(`{"roles":["admin"]}`),
		})
		for range n {
			l.remember(g)
			if err == nil {
				l.Pass(time.Second)
				g, err = l.Refresh(t.Context(), session.RefreshRequest{Token: g.Refresh.Reveal()})
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		l.remember(g)
		l.current = append(l.current, g)
	}
	l.importSessions(store)
	apiKey := newAPIKey(t, store, l.tenant, l.Now())
	active := l.keys.TokenKey()
	l.secrets["an API key"] = []byte(apiKey.Text().Reveal())
	l.secrets["the secret of an API key"] = apiKey.Secret[:]
	l.secrets["the token key"] = active.Secret[:]
	return l
}

// importSessions brings two sessions of another system along, and refreshes the token of one.
func (l *atRest) importSessions(store session.Store) {
	l.Helper()
	var all []session.ImportRequest
	for range 2 {
		text := "a token of another system " + rand.Text()
		l.foreign = append(l.foreign, text)
		all = append(all, session.ImportRequest{User: l.user, Foreign: token.ForeignOf(text)})
		hash := sha256.Sum256([]byte(text))
		secret := token.ForeignOf(text).Secret()
		l.secrets[text] = []byte(text)
		l.secrets["the hash of "+text] = hash[:]
		l.secrets["the secret of "+text] = secret[:]
	}
	if skipped, err := session.NewImporter(store, l.Now).Import(l.Context(), l.tenant, "web", all); err != nil || skipped[0]+skipped[1] != "" {
		l.Fatalf("import: got %q, %v, want both imported", skipped, err)
	}
	g, err := l.Refresh(l.Context(), session.RefreshRequest{Token: l.foreign[0]})
	if err != nil {
		l.Fatal(err)
	}
	l.remember(g)
	l.current = append(l.current, g)
	never, err := l.Live(l.Context(), session.Key{
		Tenant: l.tenant, User: l.user, Application: "web", ID: token.ForeignOf(l.foreign[1]).Session(l.Now()),
	})
	if err != nil {
		l.Fatal(err)
	}
	l.current = append(l.current, session.Grant{Session: never})
}

// remember keeps the secrets of a grant.
func (l *atRest) remember(g session.Grant) {
	l.Helper()
	t, err := l.Identify(l.Context(), g.Refresh.Reveal())
	if err != nil {
		l.Fatal(err)
	}
	text := g.Refresh.Reveal()
	raw := fixture.Must(base64.RawURLEncoding.DecodeString(strings.TrimPrefix(text, "srt_")))
	n := len(l.secrets)
	l.secrets[fmt.Sprintf("refresh token %d", n)] = []byte(text)
	l.secrets[fmt.Sprintf("the bytes of refresh token %d", n)] = raw
	l.secrets[fmt.Sprintf("the tag of refresh token %d", n)] = raw[len(raw)-16:]
	l.secrets[fmt.Sprintf("the secret of refresh token %d", n)] = bytes.Clone(t.Secret[:])
	l.secrets[fmt.Sprintf("access token %d", n)] = []byte(g.Access.Reveal())
}

// encodings are the forms in which a dump may hold bytes. Base64 of a longer text has them in one of three alignments.
// Only the characters in the middle are the same in every such text.
func encodings(secret []byte) map[string][]byte {
	all := map[string][]byte{
		"as it is": secret, "in hex": []byte(hex.EncodeToString(secret)), "in upper-case hex": []byte(fmt.Sprintf("%X", secret)),
	}
	for name, encoding := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "base64url": base64.RawURLEncoding} {
		for shift := range 3 {
			text := encoding.EncodeToString(slices.Concat(make([]byte, shift), secret))
			all[fmt.Sprintf("in %s, shifted by %d", name, shift)] = []byte(text[(shift*8+5)/6 : len(text)-2])
		}
	}
	return all
}

// finds lists the secrets that some bytes hold in any encoding.
func finds(dump []byte, secrets map[string][]byte) (found []string) {
	for what, secret := range secrets {
		for how, encoded := range encodings(secret) {
			if bytes.Contains(dump, encoded) {
				found = append(found, what+" "+how)
			}
		}
	}
	return found
}

// flatten concatenates every name and value of an item.
func flatten(value types.AttributeValue) []byte {
	switch v := value.(type) {
	case *types.AttributeValueMemberS:
		return []byte(v.Value)
	case *types.AttributeValueMemberN:
		return []byte(v.Value)
	case *types.AttributeValueMemberB:
		return v.Value
	case *types.AttributeValueMemberM:
		return flattenAll(v.Value)
	case *types.AttributeValueMemberL:
		var all []byte
		for _, one := range v.Value {
			all = append(append(all, flatten(one)...), '\n')
		}
		return all
	case *types.AttributeValueMemberBOOL:
		return fmt.Append(nil, v.Value)
	default:
		panic(fmt.Sprintf("an attribute of type %T", value))
	}
}

func flattenAll(item map[string]types.AttributeValue) (all []byte) {
	for name, value := range item {
		all = append(append(append(append(all, name...), '='), flatten(value)...), '\n')
	}
	return all
}

// scan reads every item of a table.
func scan(t *testing.T, store *dynamo.Store) (items []map[string]types.AttributeValue) {
	t.Helper()
	pages := dynamodb.NewScanPaginator(store.Client, &dynamodb.ScanInput{TableName: &store.Table, ConsistentRead: aws.Bool(true)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		items = append(items, page.Items...)
	}
	return items
}

func dumpDynamoDB(t *testing.T) (*atRest, *dynamotest.Transport) {
	t.Helper()
	if os.Getenv("STORE_TEST_TABLE") != "" {
		t.Skip("a table that others use is not dumped; unset STORE_TEST_TABLE")
	}
	store, transport := onEngine(t)
	l := newAtRest(t, store)
	for _, item := range scan(t, store) {
		l.dump = append(l.dump, flattenAll(item)...)
		if hash, is := item["sh"].(*types.AttributeValueMemberB); is {
			l.hashes = append(l.hashes, hash.Value)
		}
	}
	return l, transport
}

func dumpFile(t *testing.T) *atRest {
	t.Helper()
	store, path := onDisk(t)
	l := newAtRest(t, store)
	dump, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	l.dump = dump
	for _, g := range l.current {
		if hash := g.Session.SecretHash; bytes.Contains(dump, hash[:]) {
			l.hashes = append(l.hashes, hash[:])
		}
	}
	return l
}
