package dynamo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/schemas"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/stencil-auth/refresh-tokens/pkg/awsclient"
)

// wire sends the requests of a refresh and of an authorisation. It is made of the parts of a client of the SDK: its
// serializers, signer, retry rules, error types and HTTP client. What it leaves out is the stack of middleware that the
// client builds for every request, which is half of a refresh's allocations and a third of its CPU. Middleware
// of a client's Initialize step runs here too, and no other. Nor does it correct a clock that is wrong by minutes.
type wire struct {
	parts    dynamodb.Options
	endpoint url.URL
	err      error // why there is no endpoint
	first    func() middleware.Middleware
}

// The operations that go over the wire.
type operation struct{ schema *smithy.OperationSchema }

func updateItem() operation {
	return operation{smithy.NewOperationSchema(schemas.UpdateItem, schemas.UpdateItemInput, schemas.UpdateItemOutput)}
}

func getItem() operation {
	return operation{smithy.NewOperationSchema(schemas.GetItem, schemas.GetItemInput, schemas.GetItemOutput)}
}

func batchGetItem() operation {
	return operation{smithy.NewOperationSchema(schemas.BatchGetItem, schemas.BatchGetItemInput, schemas.BatchGetItemOutput)}
}

func newWire(parts dynamodb.Options) *wire {
	w := &wire{parts: parts}
	resolved, err := parts.EndpointResolverV2.ResolveEndpoint(context.Background(), dynamodb.EndpointParameters{
		Region: &parts.Region, Endpoint: parts.BaseEndpoint,
	})
	w.endpoint, w.err = resolved.URI, err
	w.endpoint.Path = smithyhttp.JoinPath(w.endpoint.Path, "/")
	// The options of NewClient itself stand behind the retries, which this stack does not have: they change nothing here.
	if len(w.stack().List()) > 0 {
		w.first = func() middleware.Middleware { return w.stack() }
	}
	return w
}

// stack is the Initialize step of the client. It serves one request.
func (w *wire) stack() *middleware.InitializeStep {
	stack := middleware.NewStack("wire", smithyhttp.NewStackRequest)
	for _, add := range w.parts.APIOptions {
		_ = add(stack)
	}
	return stack.Initialize
}

// send carries out one operation. Its errors are those of the SDK's client, without the name of the operation.
func (w *wire) send(ctx context.Context, o operation, in smithy.Serializable, out smithy.Deserializable) error {
	if w.first == nil {
		return w.try(ctx, o, in, out)
	}
	_, _, err := w.first().HandleMiddleware(ctx, in, middleware.HandlerFunc(
		func(ctx context.Context, in any) (any, middleware.Metadata, error) {
			return nil, middleware.Metadata{}, w.try(ctx, o, in.(smithy.Serializable), out)
		}))
	return err
}

// try makes attempts until one succeeds, or fails for good.
func (w *wire) try(ctx context.Context, o operation, in smithy.Serializable, out smithy.Deserializable) error {
	if w.err != nil {
		return fmt.Errorf("resolve endpoint: %w", w.err)
	}
	request := smithyhttp.NewStackRequest().(*smithyhttp.Request)
	if err := w.parts.Protocol.SerializeRequest(ctx, o.schema, in, request); err != nil {
		return err
	}
	body, err := io.ReadAll(request.GetStream())
	if err != nil {
		return err
	}
	for attempt := 1; ; attempt++ {
		err := awsclient.Attempt(ctx, func(ctx context.Context) error {
			return w.exchange(ctx, o, call{request.Header, body}, out)
		})
		if err == nil || attempt >= w.parts.Retryer.MaxAttempts() || !w.parts.Retryer.IsErrorRetryable(err) {
			return err
		}
		delay, err := w.parts.Retryer.RetryDelay(attempt, err)
		if err != nil {
			return err
		}
		if err := sleep(ctx, delay); err != nil {
			return &aws.RequestCanceledError{Err: err}
		}
	}
}

// call is a request before it is signed.
type call struct {
	header http.Header
	body   []byte
}

// exchange is one attempt.
func (w *wire) exchange(ctx context.Context, o operation, c call, out smithy.Deserializable) error {
	request, err := w.signed(ctx, c)
	if err != nil {
		return err
	}
	answer, err := w.parts.HTTPClient.Do(request)
	if err != nil && ctx.Err() != nil {
		return &aws.RequestCanceledError{Err: ctx.Err()}
	}
	if err != nil {
		return &smithyhttp.RequestSendError{Err: err}
	}
	response := &smithyhttp.Response{Response: answer}
	if err = whole(answer); err == nil {
		err = w.parts.Protocol.DeserializeResponse(ctx, o.schema, dynamodb.TypeRegistry, response, out)
	}
	if err != nil {
		return &awshttp.ResponseError{ResponseError: &smithyhttp.ResponseError{Response: response, Err: err}}
	}
	return nil
}

// whole reads an answer to its end, which frees its connection, and compares it with the checksum that DynamoDB sends.
// Nothing of an answer that fails is decoded: what it says may end a session.
func whole(answer *http.Response) error {
	defer func(body io.Closer) { _ = body.Close() }(answer.Body) // whatever it says, the answer has been read
	body, err := io.ReadAll(answer.Body)
	sum := answer.Header.Get("X-Amz-Crc32")
	if err == nil && sum != "" && sum != strconv.FormatUint(uint64(crc32.ChecksumIEEE(body)), 10) {
		err = errors.New("the checksum is of another body")
	}
	if err != nil {
		return &smithy.DeserializationError{Err: err}
	}
	answer.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}

// signed makes the HTTP request of an attempt.
func (w *wire) signed(ctx context.Context, c call) (*http.Request, error) {
	credentials, err := w.parts.Credentials.Retrieve(ctx)
	if err != nil {
		return nil, err
	}
	header := c.header.Clone() // an earlier attempt may still be reading its own
	header.Set("Accept-Encoding", "identity")
	endpoint := w.endpoint // the signer writes to it
	request := (&http.Request{
		Method: http.MethodPost, URL: &endpoint, Host: w.endpoint.Host, Header: header,
		Body: io.NopCloser(bytes.NewReader(c.body)), ContentLength: int64(len(c.body)),
	}).WithContext(ctx)
	hash := sha256.Sum256(c.body)
	err = w.parts.HTTPSignerV4.SignHTTP(ctx, credentials, request, hex.EncodeToString(hash[:]), "dynamodb", w.parts.Region, time.Now())
	return request, err
}
