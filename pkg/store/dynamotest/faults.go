package dynamotest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"
)

// Pass sends the request.
func Pass() Fault {
	return func(request *http.Request, send Send) (*http.Response, error) { return send(request) }
}

// ReplyLost executes the request and loses its answer.
func ReplyLost() Fault {
	return func(request *http.Request, send Send) (*http.Response, error) {
		answer, err := send(request)
		if err != nil {
			return nil, err
		}
		return nil, errors.Join(io.ErrUnexpectedEOF, answer.Body.Close())
	}
}

// ReplyCut executes the request and ends its answer in the middle.
func ReplyCut() Fault {
	return func(request *http.Request, send Send) (*http.Response, error) {
		answer, err := send(request)
		if err != nil {
			return nil, err
		}
		body, err := readAll(answer)
		if err != nil {
			return nil, err
		}
		answer.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body[:len(body)/2]), cut{}))
		return answer, nil
	}
}

type cut struct{}

func (cut) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// Closed is a connection that the peer has closed: the request is not executed.
func Closed() Fault {
	return func(*http.Request, Send) (*http.Response, error) { return nil, errors.New("connection reset by peer") }
}

// Silent never answers; it returns when the request is canceled.
func Silent() Fault {
	return func(request *http.Request, _ Send) (*http.Response, error) {
		<-request.Context().Done()
		return nil, request.Context().Err()
	}
}

// Delay sends the request after a while.
func Delay(d time.Duration) Fault {
	return func(request *http.Request, send Send) (*http.Response, error) {
		select {
		case <-time.After(d):
			return send(request)
		case <-request.Context().Done():
			return nil, request.Context().Err()
		}
	}
}

// Reply answers without executing the request.
func Reply(status int, body string) Fault {
	return func(request *http.Request, _ Send) (*http.Response, error) {
		return &http.Response{
			StatusCode: status, Status: strconv.Itoa(status), Request: request,
			Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header:        http.Header{"Content-Type": {"application/x-amz-json-1.0"}, "X-Amzn-Requestid": {"FAULTY"}},
			Body:          io.NopCloser(strings.NewReader(body)),
			ContentLength: int64(len(body)),
		}, nil
	}
}

// Refuse answers with an error of DynamoDB, such as "ValidationException".
func Refuse(status int, code, message string) Fault {
	body, _ := json.Marshal(map[string]string{ // strings always marshal
		"__type": "com.amazonaws.dynamodb.v20120810#" + code, "message": message,
	})
	return Reply(status, string(body))
}

// Broken answers 500, as DynamoDB does when one of its hosts fails.
func Broken() Fault { return Refuse(http.StatusInternalServerError, "InternalServerError", "") }

// Throttled answers 400 as a hot partition does.
func Throttled() Fault {
	return Refuse(http.StatusBadRequest, "ProvisionedThroughputExceededException", "")
}

// Unprocessed executes the first keep requests of a BatchWriteItem or BatchGetItem and returns the others as unprocessed.
// It changes the signed body; DynamoDB Local does not check the signature, AWS does. With keep 0 it sends nothing.
func Unprocessed(keep int) Fault {
	return func(request *http.Request, send Send) (*http.Response, error) {
		body, err := io.ReadAll(request.Body)
		if err != nil {
			return nil, err
		}
		if strings.HasSuffix(request.Header.Get("X-Amz-Target"), ".BatchGetItem") {
			return splitGet(request, body, keep, send)
		}
		return splitWrite(request, body, keep, send)
	}
}

func splitWrite(request *http.Request, body []byte, keep int, send Send) (*http.Response, error) {
	var batch struct {
		RequestItems           map[string][]json.RawMessage
		ReturnConsumedCapacity string `json:",omitempty"`
	}
	if err := json.Unmarshal(body, &batch); err != nil {
		return nil, err
	}
	rest := map[string][]json.RawMessage{}
	for table, requests := range batch.RequestItems {
		keep := min(keep, len(requests))
		rest[table], batch.RequestItems[table] = requests[keep:], requests[:keep]
	}
	return sendPart(request, partly(keep, batch), map[string]any{"UnprocessedItems": rest}, send)
}

func splitGet(request *http.Request, body []byte, keep int, send Send) (*http.Response, error) {
	type wanted struct {
		Keys           []json.RawMessage
		ConsistentRead bool
	}
	var batch struct {
		RequestItems           map[string]wanted
		ReturnConsumedCapacity string `json:",omitempty"`
	}
	if err := json.Unmarshal(body, &batch); err != nil {
		return nil, err
	}
	rest := map[string]wanted{}
	for table, w := range batch.RequestItems {
		keep := min(keep, len(w.Keys))
		rest[table] = wanted{w.Keys[keep:], w.ConsistentRead}
		batch.RequestItems[table] = wanted{w.Keys[:keep], w.ConsistentRead}
	}
	return sendPart(request, partly(keep, batch), map[string]any{"UnprocessedKeys": rest}, send)
}

// partly returns the batch, or nil if it keeps nothing.
func partly(keep int, batch any) any {
	if keep == 0 {
		return nil
	}
	return batch
}

// sendPart sends a batch, unless it is nil, and adds rest to its answer.
func sendPart(request *http.Request, batch any, rest map[string]any, send Send) (*http.Response, error) {
	said := map[string]any{}
	if batch != nil {
		part, err := json.Marshal(batch)
		if err != nil {
			return nil, err
		}
		request = request.Clone(request.Context())
		request.Body, request.ContentLength = io.NopCloser(bytes.NewReader(part)), int64(len(part))
		answer, err := send(request)
		if err != nil {
			return nil, err
		}
		body, err := readAll(answer)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(body, &said); err != nil || answer.StatusCode != http.StatusOK {
			return answer, err
		}
	}
	maps.Copy(said, rest)
	body, err := json.Marshal(said)
	if err != nil {
		return nil, err
	}
	return Reply(http.StatusOK, string(body))(request, send)
}

// ReportCapacity makes every request ask for its consumed capacity, of the table and of its index.
func ReportCapacity(o *dynamodb.Options) {
	o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("ReportCapacity", askForCapacity), middleware.Before)
	})
}

func askForCapacity(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
) (middleware.InitializeOutput, middleware.Metadata, error) {
	if field := reflect.ValueOf(in.Parameters).Elem().FieldByName("ReturnConsumedCapacity"); field.IsValid() {
		field.SetString(string(types.ReturnConsumedCapacityIndexes))
	}
	return next.HandleInitialize(ctx, in)
}
