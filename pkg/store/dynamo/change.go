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
	ID       string
	Keys     map[string]types.AttributeValue
	Old, New map[string]types.AttributeValue // Old is nil for an insertion, New for a removal
	At       time.Time                       // ApproximateCreationDateTime, to the second
	ByTTL    bool                            // DynamoDB itself removed an expired item
}

// Change returns the change of a record, and false if it is not published: what is issued, updated and ended is in the
// entry of the history, so a new session, the removal of an entry and the items of applications and API keys say nothing.
// A session whose expiry precedes its removal is expired, whoever removed it. The error contains no key and no value.
func (r Record) Change() (session.Change, bool, error) {
	if key, err := parseSessionKey(r.Keys); err == nil {
		change, found, err := r.ofSession(key)
		return change, found, decoded("stream record (session)", err)
	}
	if strings.HasPrefix(keyOf(r.Keys).sk, sortOfEntries) {
		if r.Old != nil || r.New == nil {
			return session.Change{}, false, nil
		}
		entry, err := decodeEntry(r.New)
		return session.Change{ID: entry.ID.String(), At: entry.ID.Time(), Entry: &entry}, true, decoded("stream record (history)", err)
	}
	if !isSilent(r.Keys) {
		return session.Change{}, false, decoded("stream record", errMalformedKey)
	}
	return session.Change{}, false, nil
}

func (r Record) ofSession(key session.Key) (session.Change, bool, error) {
	change := session.Change{ID: r.ID, At: r.At, Key: key}
	if r.Old == nil {
		return change, false, nil
	}
	image := r.New
	if image == nil {
		image = r.Old
	}
	current, err := decodeSession(key, image)
	if err != nil {
		return change, false, err
	}
	change.Generation = current.Generation
	switch {
	case r.New != nil:
		before, err := decodeSession(key, r.Old)
		change.Kind = session.ItemRefreshed
		return change, before.RotatedBy != current.RotatedBy, err
	case r.ByTTL || current.Expired(r.At):
		change.Kind = session.ItemExpired
	default:
		change.Kind = session.ItemDeleted
	}
	return change, true, nil
}

// isSilent reports whether an item is known, and its changes are not published.
func isSilent(i item) bool {
	key := keyOf(i)
	_, isApplication := idOf(i, sortOfApplications)
	return strings.HasPrefix(key.pk, "APIKEY#") || strings.HasPrefix(key.sk, sortOfAPIKeys) ||
		isApplication && strings.HasPrefix(key.pk, sortOfTenants) || key.pk == partitionOfTenants || isCopy(i)
}
