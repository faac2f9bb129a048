package dynamo_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamotest"
	"github.com/stencil-auth/refresh-tokens/pkg/store/storetest"
)

// A transient failure costs one more attempt, which begins at once (awsconfig).
func TestOneFailureThenSuccessIsTwoAttempts(t *testing.T) {
	for name, fault := range map[string]dynamotest.Fault{
		"500":       dynamotest.Broken(),
		"503":       dynamotest.Reply(503, ""),
		"throttled": dynamotest.Throttled(),
		"closed":    dynamotest.Closed(),
		"cut":       cutOff(`{"Attributes":{}}`),
	} {
		b := onNothing(t)
		b.transport.Next("TransactWriteItems", fault, dynamotest.Reply(200, `{}`))
		key := storetest.NewAPIKey(b.tenant)
		if err := b.DeleteAPIKey(b.Context(), key.Tenant, key.ID); err != nil {
			t.Errorf("%s: got %v, want no error", name, err)
		}
		if got := b.transport.Requests()["TransactWriteItems"]; got != 2 {
			t.Errorf("%s: got %d attempts, want 2", name, got)
		}
	}
}

// cutOff is an answer that breaks off in the middle.
func cutOff(body string) dynamotest.Fault {
	return func(request *http.Request, _ dynamotest.Send) (*http.Response, error) {
		return dynamotest.ReplyCut()(request, func(request *http.Request) (*http.Response, error) {
			return dynamotest.Reply(http.StatusOK, body)(request, nil)
		})
	}
}

// The port: "An unreachable or throttled store is ErrUnavailable."
func TestAStoreThatKeepsFailingIsUnavailable(t *testing.T) {
	for name, fault := range map[string]dynamotest.Fault{
		"throughput exceeded":  dynamotest.Throttled(),
		"throttling":           dynamotest.Refuse(400, "ThrottlingException", ""),
		"limit exceeded":       dynamotest.Refuse(400, "RequestLimitExceeded", ""),
		"transaction conflict": dynamotest.Refuse(400, "TransactionConflictException", ""),
		"500":                  dynamotest.Broken(),
		"503 without a body":   dynamotest.Reply(503, ""),
		"closed connections":   dynamotest.Closed(),
		"cut answers":          cutOff(`{"Item":{}}`),
	} {
		b := onNothing(t)
		b.transport.Always("GetItem", fault)
		_, err := b.Application(b.Context(), b.tenant, "app")
		if !errors.Is(err, session.ErrUnavailable) {
			t.Errorf("%s: got %v, want ErrUnavailable", name, err)
		}
		if got := b.transport.Requests()["GetItem"]; got != 5 {
			t.Errorf("%s: got %d attempts, want 5", name, got)
		}
	}
}

func TestAnEndedContextIsUnavailable(t *testing.T) {
	for name, end := range map[string]func(context.Context) (context.Context, context.CancelFunc){
		"canceled": func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			return ctx, cancel
		},
		"past its deadline": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 20*time.Millisecond)
		},
	} {
		b := onNothing(t)
		b.transport.Always("GetItem", dynamotest.Silent())
		ctx, cancel := end(t.Context())
		_, err := b.Application(ctx, b.tenant, "app")
		cancel()
		if !errors.Is(err, session.ErrUnavailable) {
			t.Errorf("%s: got %v, want ErrUnavailable", name, err)
		}
	}
}

func TestAnUnexpectedErrorIsNeitherRetriedNorUnavailableNorQuoted(t *testing.T) {
	for _, code := range []string{"ValidationException", "ResourceNotFoundException", "AccessDeniedException"} {
		b := onNothing(t)
		b.transport.Always("UpdateItem", dynamotest.Refuse(400, code, "bad key TENANT#secret-tenant"))
		s := storetest.NewSession("secret-tenant", "secret-user", "secret-app")
		_, _, err := b.Rotate(b.Context(), storetest.NewRotation(s))
		if err == nil || errors.Is(err, session.ErrUnavailable) || errors.Is(err, session.ErrNotFound) {
			t.Errorf("%s: got %v, want an error without a sentinel", code, err)
		}
		if text := err.Error(); strings.Contains(text, "secret") || !strings.Contains(text, code) {
			t.Errorf("%s: got text %q, want the code and no ids", code, text)
		}
		b.wantRequests(map[string]int{"UpdateItem": 1})
	}
}

func TestAnItemOfAnotherLayoutIsAnErrorWithoutItsValues(t *testing.T) {
	for name, attributes := range map[string]string{
		"a short hash":      `"sh":{"B":"c2VjcmV0"}`,
		"a text for a hash": `"sh":{"S":"secret"}`,
		"a text for a time": `"ie":{"S":"secret"}`,
		"a negative number": `"gn":{"N":"-1"}`,
		"too big a number":  `"gn":{"N":"4294967296"}`,
		"a text for a flag": `"kp":{"S":"secret"}`,
		"a short caller":    `"ls":{"B":"EAEC"}`,
		"a bad device":      `"dv":{"M":{"n":{"N":"1"}}}`,
	} {
		b := onNothing(t)
		b.transport.Always("UpdateItem", dynamotest.Reply(200, `{"Attributes":{`+attributes+`}}`))
		_, _, err := b.Rotate(b.Context(), storetest.NewRotation(storetest.NewSession("t", "u", "a")))
		if err == nil || errors.Is(err, session.ErrUnavailable) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v, want an error without the value", name, err)
		}
	}
}
