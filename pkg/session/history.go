package session

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"log/slog"
	"strings"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Event is what an entry of the history is about.
type Event string

// The events of users' entries. In a tenant's entry, EventDeleted means that all sessions of the application ended. An
// entry without an application means all sessions of the tenant.
const (
	EventIssued         Event = "issued"
	EventUpdated        Event = "updated"
	EventDeleted        Event = "deleted"
	EventReuse          Event = "reuse_detected"
	EventEvicted        Event = "evicted"
	EventDenied         Event = "denied"
	EventRetryElsewhere Event = "retry_elsewhere"
	EventRolledForward  Event = "rolled_forward"
	EventImported       Event = "imported"
)

// The other events of tenants' entries.
const (
	EventApplicationMade    Event = "application.created"
	EventApplicationChanged Event = "application.changed"
	EventApplicationDeleted Event = "application.deleted" // its sessions ended with it
	EventKeyMade            Event = "key.created"
	EventKeyRotated         Event = "key.rotated"
	EventKeyDeleted         Event = "key.deleted"
)

// The reasons that the service itself gives, and its authors beside "key:<id>" and "user:<session id>".
const (
	ReasonLogout = "logout"
	ReasonLimit  = "limit"
	ReasonReuse  = "reuse"
	ReasonHook   = "hook"

	ByOperator = "operator"
	ByService  = "service"
	ByHook     = "hook"
)

// MaxReason is the longest reason, of a-z, 0-9, _ and -.
const MaxReason = 32

// IsReason reports whether text can be the reason of an entry.
func IsReason(text string) bool {
	return text != "" && len(text) <= MaxReason && strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789_-") == ""
}

// MaxEntrySessions is the most sessions that an entry names; Count counts all of them.
const MaxEntrySessions = 50

// EntryLife is how long an entry stays.
const EntryLife = 90 * 24 * time.Hour

// Entry is one entry of the history (law 9): of a user, or of a tenant where User is "".
type Entry struct {
	ID          token.ID // UUIDv7 of its time
	Tenant      string
	User        string
	Event       Event
	Sessions    []token.ID // the first ones
	Count       int
	Application string // "" for those of several
	Epoch       uint64 // the application's new one, where all its sessions ended
	APIKey      string // the id of a key that was made, rotated or deleted
	// Changed is an object with what is new of an application or API key: the names of the members as operators write
	// them, with their values. Of an update it has supersede, where that was asked. Never a secret or a hash.
	Changed json.RawMessage
	Cause
}

// Cause is who asked for a change, why and from where. It travels in the context of a request.
type Cause struct {
	By        string // "key:<id>", "user:<session id>", "operator", "service" or "hook"
	Reason    string
	IP        string
	RequestID string
}

type causeKey struct{}

// WithCause adds to the context of a request what is known of its cause. A field that is "" keeps its earlier value.
func WithCause(ctx context.Context, c Cause) context.Context {
	old := causeOf(ctx)
	return context.WithValue(ctx, causeKey{}, Cause{
		By: cmp.Or(c.By, old.By), Reason: cmp.Or(c.Reason, old.Reason),
		IP: cmp.Or(c.IP, old.IP), RequestID: cmp.Or(c.RequestID, old.RequestID),
	})
}

func causeOf(ctx context.Context) Cause {
	c, _ := ctx.Value(causeKey{}).(Cause)
	return c
}

// Recorder writes entries.
type Recorder interface {
	// Record adds an entry with one write, which replaces nothing. The store reports an entry that it cannot write to
	// its Unrecorded; the caller goes on.
	Record(ctx context.Context, e Entry)
}

// Record writes an entry of a change that has just been made, with the cause that ctx has. The caller says what changed:
// Tenant, Event, and User, Sessions, Application, Changed or APIKey where they apply. It sets Reason or By only where
// they differ from the request's. Count is the number of Sessions unless it is set. It takes two seconds at most.
func Record(ctx context.Context, store Recorder, at time.Time, e Entry) {
	c := causeOf(ctx)
	e.By, e.Reason = cmp.Or(e.By, c.By, ByService), cmp.Or(e.Reason, c.Reason)
	e.IP, e.RequestID = c.IP, c.RequestID
	e.Count = max(e.Count, len(e.Sessions))
	e.Sessions = e.Sessions[:min(len(e.Sessions), MaxEntrySessions)]
	if (e.ID == token.ID{}) {
		// Times are whole milliseconds: what has passed since then orders the entries of one.
		passed := min(max(time.Since(at), 0), time.Millisecond-1)
		e.ID, _ = token.NewID(at.Add(passed), rand.Reader) // it never fails
	}
	ctx, cancel := patient(ctx)
	defer cancel()
	store.Record(ctx, e)
}

// entryPatience is the longest that the write of an entry may hold an answer.
const entryPatience = 2 * time.Second

// patient is the context for the write of an entry. It outlives a caller who has left, and ends early enough for the
// answer and, if need be, for the entry in the log.
func patient(ctx context.Context) (context.Context, context.CancelFunc) {
	limit := entryPatience
	if end, ends := ctx.Deadline(); ends {
		limit = min(limit, time.Until(end)/2)
	}
	return context.WithTimeout(context.WithoutCancel(ctx), limit)
}

// entryOf is an entry of one session.
func entryOf(key Key, event Event) Entry {
	return Entry{
		Tenant: key.Tenant, User: key.User, Application: key.Application, Event: event, Sessions: []token.ID{key.ID},
	}
}

// onceOf is the id of an entry that exists once for each generation of a session. It holds the time of the rotation.
func onceOf(event Event, id token.ID, generation uint32, rotated time.Time) token.ID {
	subject := binary.BigEndian.AppendUint32(append([]byte(event), id[:]...), generation)
	sum := sha256.Sum256(subject)
	once, _ := token.NewID(rotated, bytes.NewReader(sum[:])) // it never fails
	return once
}

// LogValue is the entry without the user and the address.
func (e Entry) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("id", e.ID.String()), slog.String("tenant", e.Tenant), slog.String("event", string(e.Event)),
		slog.String("application", e.Application), slog.Any("sessions", e.Sessions), slog.Int("count", e.Count),
		slog.String("reason", e.Reason), slog.String("by", e.By), slog.String("requestId", e.RequestID),
		slog.Uint64("epoch", e.Epoch), slog.String("key", e.APIKey), slog.String("changed", string(e.Changed)),
	)
}
