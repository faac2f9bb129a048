package dynamo

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Load is one strongly consistent BatchGetItem of two items, and one more where the user's copy of the application is
// missing. Without the session it returns ErrNoSession, whatever the application.
func (s *Store) Load(ctx context.Context, key session.Key) (session.Session, session.Application, error) {
	const operation = "BatchGetItem (load)"
	sessionAt, applicationAt := sessionKey(key), s.applicationOf(key)
	rows, err := s.batchGetOriginals(ctx, operation, []item{sessionAt, applicationAt})
	if err != nil {
		return session.Session{}, session.Application{}, err
	}
	stored, storedApp := rows[keyOf(sessionAt)], rows[keyOf(applicationAt)]
	if stored == nil {
		return session.Session{}, session.Application{}, session.ErrNoSession
	}
	if storedApp == nil {
		return session.Session{}, session.Application{}, session.ErrNoApplication
	}
	loaded, err := decodeSession(key, stored)
	if err != nil {
		return session.Session{}, session.Application{}, decoded(operation, err)
	}
	app, err := decodeApplication(key.Tenant, key.Application, storedApp)
	return loaded, app, decoded(operation, err)
}

// locateDelays are the waits before repeated queries for an id that is so young that the index may lag behind.
var locateDelays = []time.Duration{20 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond}

// locateYoung is the age below which an id counts as young.
const locateYoung = 5 * time.Second

// Locate is one Query on the index.
func (s *Store) Locate(ctx context.Context, tenant string, id token.ID) (session.Key, error) {
	const operation = "Query (locate)"
	input := &dynamodb.QueryInput{
		TableName:                 &s.Table,
		IndexName:                 aws.String(IndexName),
		KeyConditionExpression:    aws.String("GSI1PK = :token"),
		ExpressionAttributeValues: item{":token": text(indexKey(tenant, id))},
		Limit:                     aws.Int32(1),
	}
	for attempt := 0; ; attempt++ {
		out, err := s.Client.Query(ctx, input)
		if err != nil {
			return session.Key{}, failed(operation, err)
		}
		if len(out.Items) > 0 {
			key, err := parseSessionKey(out.Items[0])
			return key, decoded(operation, err)
		}
		if attempt == len(locateDelays) || !s.isYoung(id) {
			return session.Key{}, session.ErrNoSession
		}
		if err := s.Sleep(ctx, locateDelays[attempt]); err != nil {
			return session.Key{}, failed(operation, err)
		}
	}
}

// isYoung reports whether a UUIDv7 is a few seconds old or, by a clock slightly ahead, from the next few seconds.
func (s *Store) isYoung(id token.ID) bool {
	return id[6]>>4 == 7 && s.Now().Sub(id.Time()).Abs() < locateYoung
}

// Query is one strongly consistent Query in descending order. DynamoDB may promise a next page that is empty; Query reads
// past it.
func (s *Store) Query(ctx context.Context, q session.Query) ([]session.Session, bool, error) {
	const operation = "Query (sessions)"
	input, reachable := s.query(q)
	if !reachable {
		return nil, false, nil
	}
	for {
		out, err := s.Client.Query(ctx, input)
		if err != nil {
			return nil, false, failed(operation, err)
		}
		page := make([]session.Session, len(out.Items))
		for n, stored := range out.Items {
			key, err := parseSessionKey(stored)
			if err == nil {
				page[n], err = decodeSession(key, stored)
			}
			if err != nil {
				return nil, false, decoded(operation, err)
			}
		}
		more := len(out.LastEvaluatedKey) > 0
		if !more || len(page) > 0 {
			return page, more, nil
		}
		input.ExclusiveStartKey = out.LastEvaluatedKey
	}
}

// query builds the request. It returns false if no session of the query is behind its start.
func (s *Store) query(q session.Query) (*dynamodb.QueryInput, bool) {
	partition := userPartition(q.Tenant, q.User)
	input := &dynamodb.QueryInput{
		TableName:                 &s.Table,
		KeyConditionExpression:    aws.String("PK = :user AND begins_with(SK, :sessions)"),
		ExpressionAttributeValues: item{":user": text(partition), ":sessions": text(sessionSorts)},
		ConsistentRead:            aws.Bool(true),
		ScanIndexForward:          aws.Bool(false),
	}
	if q.Limit > 0 {
		input.Limit = aws.Int32(int32(min(q.Limit, maxPage)))
	}
	if q.Application != "" {
		input.ExpressionAttributeValues[":sessions"] = text(sessionSortPrefix(q.Application))
	}
	if q.After == nil {
		return input, true
	}
	// DynamoDB refuses a start outside of the queried range.
	if q.Application != "" && q.After.Application != q.Application {
		return input, q.After.Application > q.Application
	}
	input.ExclusiveStartKey = primaryKey(partition, sessionSort(q.After.Application, q.After.ID))
	return input, true
}

// maxPage fits a limit into the SDK's type; DynamoDB ends a page at 1 MB, long before.
const maxPage = 1 << 20
