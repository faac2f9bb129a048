package verify

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

const (
	eventSource       = "refresh-tokens"
	extentApplication = "application"
)

// Event is a lifecycle event as EventBridge delivers it, with what a Denylist needs. The package pkg/lifecycle describes
// events.
type Event struct {
	Source string `json:"source"`
	Type   string `json:"detail-type"`
	Detail Detail `json:"detail"`
}

// Detail says whom an event is about.
type Detail struct {
	At            time.Time `json:"at"`
	Extent        string    `json:"extent"` // token, user, application or key
	TenantID      string    `json:"tenantId"`
	ApplicationID string    `json:"applicationId"`
	UserID        string    `json:"userId"`
	TokenID       string    `json:"tokenId"`  // of extent "token": the session
	TokenIDs      []string  `json:"tokenIds"` // of extent "user": the first 50
	Count         int       `json:"count"`    // of extent "user": all
	Changed       struct {
		Supersede bool `json:"supersede"`
	} `json:"changed"`
}

var errNoEvent = errors.New("not a lifecycle event of this service")

// ParseEvent reads an event from the body of an SQS message, from a line of a laptop's events.jsonl, or from wherever
// EventBridge has delivered it.
func ParseEvent(raw []byte) (Event, error) {
	var e Event
	if err := json.Unmarshal(raw, &e); err != nil {
		return Event{}, fmt.Errorf("%w: %w", errNoEvent, err)
	}
	if e.Source != eventSource || e.Type == "" || e.Detail.TenantID == "" || e.Detail.At.IsZero() {
		return Event{}, errNoEvent
	}
	return e, nil
}

// sessions are those that an event names.
func (d Detail) sessions() (scopes []scope) {
	for _, id := range append(d.TokenIDs, d.TokenID) {
		if id != "" {
			scopes = append(scopes, scope{tenant: d.TenantID, session: id})
		}
	}
	return scopes
}

// signed is the last second in which an access token may have been signed that was over at the time of the event.
func (d Detail) signed() int64 { return d.At.Add(Clocks).Unix() }
