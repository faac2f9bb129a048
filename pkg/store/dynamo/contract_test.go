package dynamo_test

import (
	"testing"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamo"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamotest"
	"github.com/stencil-auth/refresh-tokens/pkg/store/storetest"
)

func TestDynamoDBHoldsTheContractOfTheStore(t *testing.T) {
	client, table := dynamotest.Table(t)
	store := dynamo.New(client, table)
	storetest.Run(t, func(*testing.T) session.Store { return store })
}
