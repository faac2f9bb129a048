// Package event owns the form of lifecycle events, which pkg/lifecycle describes, and the file in which the service of a
// laptop keeps its own. It must never read or write a store.
package event

import (
	"encoding/json"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// Source is the source of all events.
const Source = "refresh-tokens"

// Envelope is an event as EventBridge delivers it to a target, and as the file of a laptop keeps it.
// https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html
type Envelope struct {
	Version    string    `json:"version"`
	ID         string    `json:"id"`
	DetailType string    `json:"detail-type"`
	Source     string    `json:"source"`
	Account    string    `json:"account"`
	Time       time.Time `json:"time"` // to the second
	Region     string    `json:"region"`
	Resources  []string  `json:"resources"`
	Detail     Detail    `json:"detail"`
}

// The extents of events: what an event is about.
const (
	ExtentToken       = "token"       // the item of one session
	ExtentUser        = "user"        // sessions of one user
	ExtentApplication = "application" // an application, or all its sessions
	ExtentKey         = "key"         // an API key
)

// Event is one event.
type Event struct {
	Type   string // the detail-type
	Detail Detail
}

// Detail is the detail of an event.
type Detail struct {
	ID            string    `json:"id"` // the same whenever the event is published again
	At            time.Time `json:"at"` // to the millisecond, of an item to the second
	Extent        string    `json:"extent"`
	TenantID      string    `json:"tenantId"`
	ApplicationID string    `json:"applicationId,omitempty"`
	UserID        string    `json:"userId,omitempty"`
	TokenID       string    `json:"tokenId,omitempty"`  // of extent "token"
	TokenIDs      []string  `json:"tokenIds,omitempty"` // of extent "user": the first 50
	Count         int       `json:"count,omitempty"`    // of extent "user": all
	Generation    uint32    `json:"generation,omitempty"`
	Epoch         uint64    `json:"epoch,omitempty"` // the application's new one
	KeyID         string    `json:"keyId,omitempty"`
	// Changed is an object with what is new of an application or API key; of an update, supersede where that was asked.
	Changed   json.RawMessage `json:"changed,omitempty"`
	Reason    string          `json:"reason,omitempty"`
	By        string          `json:"by,omitempty"`
	RequestID string          `json:"requestId,omitempty"`
}

// Of is the event of a change.
func Of(c session.Change) Event {
	if c.Entry == nil {
		return Event{"token." + string(c.Kind), Detail{
			ID: c.ID, At: c.At.UTC(), Extent: ExtentToken, TenantID: c.Tenant, ApplicationID: c.Application, UserID: c.User,
			TokenID: c.Key.ID.String(), Generation: c.Generation,
		}}
	}
	e := c.Entry
	d := Detail{
		ID: c.ID, At: c.At.UTC(), Extent: ExtentApplication, TenantID: e.Tenant, ApplicationID: e.Application, UserID: e.User,
		Count: e.Count, Epoch: e.Epoch, KeyID: e.APIKey, Changed: e.Changed, Reason: e.Reason, By: e.By, RequestID: e.RequestID,
	}
	for _, id := range e.Sessions {
		d.TokenIDs = append(d.TokenIDs, id.String())
	}
	switch {
	case e.User != "":
		d.Extent = ExtentUser
		return Event{"token." + string(e.Event), d}
	case e.APIKey != "":
		d.Extent = ExtentKey
	case e.Event == session.EventDeleted:
		return Event{"token.deleted", d}
	}
	return Event{string(e.Event), d}
}
