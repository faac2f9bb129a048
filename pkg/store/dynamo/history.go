package dynamo

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Record is one PutItem that replaces nothing. After a lost answer the SDK repeats it, and the condition refuses that.
func (s *Store) Record(ctx context.Context, e session.Entry) {
	_, err := s.Client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &s.Table, Item: entryItem(e), ConditionExpression: aws.String("attribute_not_exists(PK)"),
	})
	if _, refused := refusedBy(err); err != nil && !refused && s.Unrecorded != nil {
		s.Unrecorded(ctx, e, failed("PutItem (history)", err))
	}
}

// Entries is one strongly consistent Query in descending order.
func (s *Store) Entries(ctx context.Context, q session.EntryQuery) ([]session.Entry, bool, error) {
	const operation = "Query (history)"
	partition := entryPartition(q.Tenant, q.User)
	input := &dynamodb.QueryInput{
		TableName:                 &s.Table,
		KeyConditionExpression:    aws.String("PK = :owner AND begins_with(SK, :entries)"),
		ExpressionAttributeValues: item{":owner": text(partition), ":entries": text(sortOfEntries)},
		ConsistentRead:            aws.Bool(true),
		ScanIndexForward:          aws.Bool(false),
		Limit:                     aws.Int32(int32(min(max(q.Limit, 1), maxPage))),
	}
	if (q.Before != token.ID{}) {
		input.ExclusiveStartKey = primaryKey(partition, sortOfEntries+q.Before.String())
	}
	out, err := s.Client.Query(ctx, input)
	if err != nil {
		return nil, false, failed(operation, err)
	}
	entries := make([]session.Entry, len(out.Items))
	for n, stored := range out.Items {
		if entries[n], err = decodeEntry(stored); err != nil {
			return nil, false, decoded(operation, err)
		}
	}
	return entries, len(out.LastEvaluatedKey) > 0, nil
}

// Attributes of an entry of the history. Those that are empty are missing.
const (
	attrEvent       = "ev"
	attrSessions    = "id" // 16 bytes each
	attrCount       = "ct"
	attrApplication = "ap"
	attrReason      = "wy"
	attrBy          = "by"
	attrAddress     = "ip"
	attrRequest     = "rq"
	attrNewEpoch    = "ne"
	attrChanged     = "st" // an object of JSON
	attrAPIKey      = "ky"
)

func entryItem(e session.Entry) item {
	i := primaryKey(entryPartition(e.Tenant, e.User), sortOfEntries+e.ID.String())
	i[attrTTL] = number(ceilSeconds(e.ID.Time().Add(session.EntryLife).UnixMilli()))
	ids := make([]byte, 0, len(e.Sessions)*len(e.ID))
	for _, id := range e.Sessions {
		ids = append(ids, id[:]...)
	}
	if len(ids) > 0 {
		i[attrSessions] = binary(ids)
	}
	i.setNumber(attrCount, uint64(e.Count))
	i.setNumber(attrNewEpoch, e.Epoch)
	for name, value := range map[string]string{
		attrEvent: string(e.Event), attrApplication: e.Application, attrReason: e.Reason, attrBy: e.By,
		attrAddress: e.IP, attrRequest: e.RequestID, attrChanged: string(e.Changed), attrAPIKey: e.APIKey,
	} {
		i.setText(name, value)
	}
	return i
}

func decodeEntry(i item) (session.Entry, error) {
	e, err := parseEntryKey(i)
	if err != nil {
		return e, err
	}
	r := reader{item: i}
	e.Event, e.Count, e.Epoch = session.Event(r.text(attrEvent)), int(r.number(attrCount, 31)), r.number(attrNewEpoch, 64)
	e.Application, e.APIKey = r.text(attrApplication), r.text(attrAPIKey)
	if changed := r.text(attrChanged); changed != "" {
		e.Changed = json.RawMessage(changed)
	}
	e.Cause = session.Cause{
		By: r.text(attrBy), Reason: r.text(attrReason), IP: r.text(attrAddress), RequestID: r.text(attrRequest),
	}
	ids := r.bytes(attrSessions)
	if len(ids)%len(e.ID) != 0 {
		r.malformed(attrSessions)
	}
	for ; len(ids) >= len(e.ID); ids = ids[len(e.ID):] {
		e.Sessions = append(e.Sessions, token.ID(ids[:len(e.ID)]))
	}
	return e, r.err
}
