package dynamo

import (
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// Record is one record of the table's stream. Its view type is NEW_AND_OLD_IMAGES.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_StreamRecord.html
type Record struct {
	Keys     map[string]types.AttributeValue
	Old, New map[string]types.AttributeValue // Old is nil for an insertion, New for a removal
	At       time.Time                       // ApproximateCreationDateTime, to the second
	ByTTL    bool                            // DynamoDB itself removed an expired item
}

// Kind is the kind of a change.
type Kind string

// The kinds of changes.
const (
	Issued        Kind = "issued"
	Refreshed     Kind = "refreshed"
	Expired       Kind = "expired"
	Deleted       Kind = "deleted"
	ReuseDetected Kind = "reuse_detected"
)

// Change is a change that has a lifecycle event. It has ids and counters only.
type Change struct {
	Kind Kind
	session.Key
	Generation uint32 // of the session's current token
	// Epoch is set, and User and ID are empty, if all sessions of the application were deleted.
	Epoch uint64
}

// Change returns the change of a record, and false if it has no lifecycle event. A session whose expiry precedes its
// removal is expired, whoever removed it. The error contains no key and no value.
func (r Record) Change() (Change, bool, error) {
	key, err := parseSessionKey(r.Keys)
	if err == nil {
		change, found, err := r.ofSession(key)
		return change, found, decoded("stream record (session)", err)
	}
	tenant, application, isApplication := parseApplicationKey(r.Keys)
	switch {
	case isApplication:
		change, found, err := r.ofApplication(session.Key{Tenant: tenant, Application: application})
		return change, found, decoded("stream record (application)", err)
	case isSilent(r.Keys):
		return Change{}, false, nil
	}
	return Change{}, false, decoded("stream record", err)
}

func (r Record) ofSession(key session.Key) (Change, bool, error) {
	image := r.New
	if image == nil {
		image = r.Old
	}
	current, err := decodeSession(key, image)
	if err != nil {
		return Change{}, false, err
	}
	change := Change{Key: key, Generation: current.Generation}
	marked := func(image item) bool { return image[attrEnded] != nil }
	switch {
	case r.Old == nil:
		change.Kind = Issued
	case marked(r.Old):
		return Change{}, false, nil // the event was that of setting the mark
	case r.New == nil && (r.ByTTL || current.Expired(r.At)):
		change.Kind = Expired
	case r.New == nil:
		change.Kind = Deleted
	case marked(r.New):
		change.Kind = ReuseDetected
	default:
		change.Kind = Refreshed
	}
	return change, true, nil
}

func (r Record) ofApplication(key session.Key) (Change, bool, error) {
	before, after := reader{item: r.Old}, reader{item: r.New}
	was, is := before.number(attrAppEpoch, 64), after.number(attrAppEpoch, 64)
	after.fail(before.err)
	if after.err != nil || r.Old == nil || r.New == nil || was == is {
		return Change{}, false, after.err
	}
	return Change{Kind: Deleted, Key: key, Epoch: is}, true, nil
}

func parseApplicationKey(i item) (tenant, application string, ok bool) {
	key := keyOf(i)
	t, isTenant := strings.CutPrefix(key.pk, "TENANT#")
	a, isApplication := strings.CutPrefix(key.sk, "APP#")
	tenant, ok1 := unescape(t)
	application, ok2 := unescape(a)
	return tenant, application, isTenant && isApplication && ok1 && ok2
}

// isSilent reports whether an item has no lifecycle events: an API key, what lists keys and tenants, or a copy of an
// application, which changes with the application.
func isSilent(i item) bool {
	key := keyOf(i)
	return strings.HasPrefix(key.pk, "APIKEY#") || strings.HasPrefix(key.sk, sortOfAPIKeys) ||
		strings.HasPrefix(key.sk, sortOfEntries) ||
		key.pk == partitionOfTenants || isCopy(i)
}
