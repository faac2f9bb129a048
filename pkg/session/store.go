package session

import (
	"context"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Store keeps sessions, applications and API keys. One verb is one DynamoDB request (a batch: one per 25 or 100
// items).
//
// Consistency contract. Every read is strongly consistent and every write is durable when it returns, except
// Locate, whose index may lag: it may miss a session that was just created and name one that was just deleted,
// so its answer finds a session and proves nothing. Writes to one session are linearizable. A verb that returns an
// error other than a sentinel of this package may or may not have been applied; Rotate and every deletion may be
// repeated. An unreachable or throttled store is ErrUnavailable.
//
// A store may remove an expired session at any time and may return it until then; the verbs of this package check every
// expiry themselves.
type Store interface {
	Reader
	Writer
	UpdateWriter
	Applications
	Registry
	APIKeys
	History
	Imports
}

// Reader finds sessions.
type Reader interface {
	// Load reads a session together with its application. Errors: ErrNoSession, ErrNoApplication.
	Load(ctx context.Context, key Key) (Session, Application, error)
	// Locate finds a session's key by its id (the one read of the index). Errors: ErrNoSession.
	Locate(ctx context.Context, tenant string, id token.ID) (Key, error)
	// Query reads one page of a user's sessions, in descending order of key (application, then id). More is true
	// if there may be another page, after the last session of this one; such a page is never empty.
	Query(ctx context.Context, q Query) (sessions []Session, more bool, err error)
}

// Query selects sessions of one user.
type Query struct {
	Tenant      string
	User        string
	Application string // "" means all
	After       *Key   // start after this key, which need not exist; nil for the first page
	Limit       int    // at most so many; 0 for the default of the store
}

// Writer changes sessions.
type Writer interface {
	// Create adds a session. It never replaces one, and it is sent once: a repetition could arrive after the
	// deletion of what the first one added. After any error the session may exist, or come to exist.
	Create(ctx context.Context, s Session) error
	// Rotate applies r if r.Permits says so for the session as it stands, in one atomic step. Applied tells
	// which; the session returned is the new one or, when refused, the one that refused. Errors: ErrNoSession.
	Rotate(ctx context.Context, r Rotation) (s Session, applied bool, err error)
	// Delete removes a session if d.Permits says so, in one atomic step, and returns its last state. Of concurrent
	// calls exactly one returns it. Errors: ErrNoSession, which may be ErrPerhapsDeleted; ErrChanged, with the session that
	// refused.
	Delete(ctx context.Context, d Deletion) (Session, error)
	// DeleteBatch removes sessions; a session that does not exist is no error.
	DeleteBatch(ctx context.Context, keys []Key) error
}

// UpdateWriter changes what an update may change of a session.
type UpdateWriter interface {
	// Update applies u if u.Permits says so for the session as it stands, in one atomic step. Applied tells which; the
	// session returned is the new one or, when refused, the one that refused. Errors: ErrNoSession.
	Update(ctx context.Context, u Update) (s Session, applied bool, err error)
}

// History keeps the entries of law 9, each until EntryLife has passed.
type History interface {
	Recorder
	// Entries reads one page of entries, newest first. More is true if there may be another page.
	Entries(ctx context.Context, q EntryQuery) (entries []Entry, more bool, err error)
}

// EntryQuery selects entries of a user, or of a tenant where User is "".
type EntryQuery struct {
	Tenant string
	User   string
	Before token.ID // only those below this id; zero for all
	Limit  int
}

// Applications keeps the applications of tenants. One that was deleted keeps its epoch, for the case that it is made
// again; the verbs treat it as one that does not exist.
type Applications interface {
	// Application reads one. Errors: ErrNoApplication.
	Application(ctx context.Context, tenant, id string) (Application, error)
	// ApplicationOf reads the application of a session, whose id may be zero. Errors: ErrNoApplication.
	ApplicationOf(ctx context.Context, key Key) (Application, error)
	// Applications reads up to 100 applications of one user's sessions. The answer lacks those that do not exist.
	Applications(ctx context.Context, tenant, user string, ids []string) (map[string]Application, error)
	// PutApplication writes name and settings if the version is still app.Version, 0 for one that does not exist.
	// It raises the version, leaves the epoch as it is, and returns the result. The first application of a tenant
	// makes the tenant, in the same step. Errors: ErrChanged.
	PutApplication(ctx context.Context, app Application) (Application, error)
	// AdvanceEpoch adds one to the epoch if it is still from, which ends all sessions of the application. A greater
	// one stays: another deletion came first. Errors: ErrNoApplication.
	AdvanceEpoch(ctx context.Context, tenant, id string, from uint64) (Ending, error)
}

// Ending is what became of a request to end all sessions of an application.
type Ending struct {
	Epoch uint64 // the application's: sessions of an older one are over
	Own   bool   // this request ended them; false: another one did, after the application was read
}

// Registry is what operators alone need of tenants and their applications.
type Registry interface {
	// DeleteApplication deletes an application, in one write, if epoch and version are still those of app. It adds
	// one to the epoch, which ends all sessions. One that was deleted since it was read stays as it is. Errors:
	// ErrNoApplication, ErrChanged.
	DeleteApplication(ctx context.Context, app Application, at time.Time) (Ending, error)
	// ListApplications reads a page of a tenant's applications in ascending order of id, byte by byte, after an id
	// that need not exist; "" for the first page. More is true if there may be another page.
	ListApplications(ctx context.Context, tenant string, page Page) (apps []Application, more bool, err error)
	// ListTenants reads a page of the tenants that have, or had, an application, in the same way.
	ListTenants(ctx context.Context, page Page) (tenants []string, more bool, err error)
}

// Page selects a part of a list.
type Page struct {
	After string // the last id of the page before; "" for the first page
	Limit int    // at most so many; 0 for the default of the store
}

// APIKeys stores API keys without their secrets.
type APIKeys interface {
	// APIKey reads one. Errors: ErrNoAPIKey.
	APIKey(ctx context.Context, id string) (APIKey, error)
	// ListAPIKeys reads those of a tenant in ascending order of id, without the hashes of their secrets.
	ListAPIKeys(ctx context.Context, tenant string) ([]APIKey, error)
	// PutAPIKey adds one. It never replaces one, and adds nothing if it arrives after a deletion.
	PutAPIKey(ctx context.Context, key APIKey) error
	// RotateAPIKey adds one beside another, whose expiry it changes, both or neither. Errors: ErrNoAPIKey;
	// ErrChanged if the expiry of the other is not that of old any more.
	RotateAPIKey(ctx context.Context, old APIKey, expiresAt time.Time, added APIKey) error
	// DeleteAPIKey removes one of a tenant. Errors: ErrNoAPIKey.
	DeleteAPIKey(ctx context.Context, tenant, id string) error
}

// APIKey is an API key as it is stored, with the hash of its secret.
type APIKey struct {
	ID          string
	SecretHash  token.Hash
	Tenant      string
	Name        string
	Permissions []Permission
	CreatedAt   time.Time
	ExpiresAt   time.Time // zero: never
}

// Permission allows operations to an API key.
type Permission string

// The permissions.
const (
	MayIssue  Permission = "tokens:issue"
	MayRead   Permission = "tokens:read"
	MayUpdate Permission = "tokens:update"
	MayRevoke Permission = "tokens:revoke" // one token, a user's, a user's in one application

	MayRevokeAll  Permission = "tokens:revoke-all" // all of an application's
	MayIntrospect Permission = "tokens:introspect" // RFC 7662 alone
)

// Permissions lists all permissions.
func Permissions() []Permission {
	return []Permission{MayIssue, MayRead, MayUpdate, MayRevoke, MayRevokeAll, MayIntrospect}
}

// Includes says whether a permission allows what another one does: who may read may introspect.
func (p Permission) Includes(other Permission) bool {
	return p == other || p == MayRead && other == MayIntrospect
}
