package dynamo

import (
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// Record is one record of the table's stream, of the view type NEW_AND_OLD_IMAGES.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_StreamRecord.html
type Record struct {
	Keys     map[string]types.AttributeValue
	Old, New map[string]types.AttributeValue // nil where there is none: before an insertion, after a removal
	At       time.Time                       // ApproximateCreationDateTime, to the second
	ByTTL    bool                            // DynamoDB itself removed an expired item
}

// Kind is what a change of the table means.
type Kind string

// The kinds of changes.
const (
	Issued        Kind = "issued"
	Refreshed     Kind = "refreshed"
	Expired       Kind = "expired"
	Deleted       Kind = "deleted"
	ReuseDetected Kind = "reuse_detected"
)

// Change is one that others may want to hear of. It has ids and counters only.
type Change struct {
	Kind Kind
	session.Key
	Generation uint32 // of the session's current token
	// Epoch, of a whole application whose sessions were all deleted, is the new one; User and ID are empty then.
	Epoch uint64
}

// Change says what a record means; false for one that means nothing to others. A session that was over before it
// was removed has expired, whoever removed it. The error never holds a key or a value.
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
		return Change{}, false, nil // told when the mark was set
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

// isSilent holds for the other items of the layout: API keys, and copies of applications, which change
// with them.
func isSilent(i item) bool { return strings.HasPrefix(keyOf(i).pk, "APIKEY#") || isCopy(i) }
