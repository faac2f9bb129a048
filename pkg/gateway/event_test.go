package gateway_test

import (
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/google/go-cmp/cmp"

	"github.com/stencil-auth/refresh-tokens/pkg/gateway"
)

func TestTheEventIsARestAPIProxyEvent(t *testing.T) {
	var got request
	var lambdaID string
	h := with(t, func(c *gateway.Config) {
		c.Now = func() time.Time { return time.UnixMilli(1_700_000_000_123) }
		c.Functions["echo"] = func(ctx context.Context, e request) (answer, error) {
			got = e
			if lc, ok := lambdacontext.FromContext(ctx); ok {
				lambdaID = lc.AwsRequestID
			}
			return answer{StatusCode: 200}, nil
		}
	})
	r := httptest.NewRequest("POST", "/open?a=1&a=2&b=x%20y+z&c&=e", strings.NewReader("h\u00e9"))
	r.Host, r.RemoteAddr = "api.example:8443", "192.0.2.7:4711"
	r.Header = http.Header{
		"X-Many": {"one", "two"}, "User-Agent": {"agent"}, "Connection": {"keep-alive"}, "X-Forwarded-For": {"10.0.0.1"},
		"X-Forwarded-Proto": {"gopher"},
	}
	w := send(h, r)
	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	c := &got.RequestContext
	if !uuid.MatchString(c.RequestID) || w.Header().Get("x-amzn-RequestId") != c.RequestID || lambdaID != c.RequestID {
		t.Errorf("request id %q, header %q, Lambda's %q: want one UUID", c.RequestID, w.Header().Get("x-amzn-RequestId"), lambdaID)
	}
	if len(c.ExtendedRequestID) != 16 {
		t.Errorf("extended request id %q, want 16 characters", c.ExtendedRequestID)
	}
	c.RequestID, c.ExtendedRequestID = "", ""
	want := request{
		Resource: "/open", Path: "/open", HTTPMethod: "POST", Body: "h\u00e9",
		Headers: map[string]string{
			"X-Many": "two", "User-Agent": "agent", "Host": "api.example:8443",
			"X-Forwarded-For": "10.0.0.1, 192.0.2.7", "X-Forwarded-Proto": "http",
		},
		MultiValueHeaders: map[string][]string{
			"X-Many": {"one", "two"}, "User-Agent": {"agent"}, "Host": {"api.example:8443"},
			"X-Forwarded-For": {"10.0.0.1, 192.0.2.7"}, "X-Forwarded-Proto": {"http"},
		},
		QueryStringParameters:           map[string]string{"a": "2", "b": "x y z", "c": "", "": "e"},
		MultiValueQueryStringParameters: map[string][]string{"a": {"1", "2"}, "b": {"x y z"}, "c": {""}, "": {"e"}},
		RequestContext: events.APIGatewayProxyRequestContext{
			AccountID: "123456789012", APIID: "local", ResourceID: "local", Stage: "dev",
			DomainName: "api.example", DomainPrefix: "api", Protocol: "HTTP/1.1",
			Identity:     events.APIGatewayRequestIdentity{SourceIP: "192.0.2.7", UserAgent: "agent"},
			ResourcePath: "/open", Path: "/dev/open", HTTPMethod: "POST",
			RequestTime: "14/Nov/2023:22:13:20 +0000", RequestTimeEpoch: 1_700_000_000_123,
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("event (-want +got):\n%s", diff)
	}
}

func TestBodiesOfEveryKind(t *testing.T) {
	var got request
	h := with(t, function(func(_ context.Context, e request) (answer, error) {
		got = e
		return answer{StatusCode: 200}, nil
	}))
	const limit = 10 << 20
	for _, c := range []struct {
		law, body string
		length    int64 // claimed; -1 is chunked
		status    int
		text      string
		isBase64  bool
	}{
		{"no body is empty text", "", 0, 200, "", false},
		{"UTF-8 stays text", `{"a":"ü"}`, 10, 200, `{"a":"ü"}`, false},
		{"a chunked body is read whole", "chunks", -1, 200, "chunks", false},
		{"a body that is not UTF-8 is base64", "a\xff", 2, 200, base64.StdEncoding.EncodeToString([]byte("a\xff")), true},
		{"10 MB pass", strings.Repeat("x", limit), limit, 200, strings.Repeat("x", limit), false},
		{"more is too large", strings.Repeat("x", limit+1), limit + 1, 413, "", false},
		{"more is too large in chunks as well", strings.Repeat("x", limit+1), -1, 413, "", false},
	} {
		t.Run(c.law, func(t *testing.T) {
			got = request{}
			body := strings.NewReader(c.body)
			r := httptest.NewRequest("POST", "/open", body)
			r.ContentLength = c.length
			w := send(h, r)
			if body.Len() > 0 {
				t.Errorf("%d bytes of the body were not read", body.Len())
			}
			if w.Code != c.status || got.Body != c.text || got.IsBase64Encoded != c.isBase64 {
				t.Errorf("got %d, a body of %d bytes, base64 %t; want %d, %d, %t",
					w.Code, len(got.Body), got.IsBase64Encoded, c.status, len(c.text), c.isBase64)
			}
		})
	}
}

// trickle gives a body byte by byte and records how much room it is offered beyond the bytes that arrived.
type trickle struct {
	left, given, room int
}

func (b *trickle) Read(p []byte) (int, error) {
	b.room = max(b.room, len(p)-b.given)
	if b.left == 0 {
		return 0, io.ErrUnexpectedEOF
	}
	b.left--
	b.given++
	return copy(p, "x"), nil
}

// Each of 300 connections may claim 10 MB and send one byte.
func TestAClaimedLengthTakesNoMemory(t *testing.T) {
	for _, sent := range []int{1, 100_000} {
		body := &trickle{left: sent}
		r := httptest.NewRequest("POST", "/open", body)
		r.ContentLength = 10 << 20
		check(t, send(with(t, nil), r), 400, `{"default":4}`)
		if body.given != sent || body.room > 4<<10 {
			t.Errorf("%d bytes of 10 MB were read into a buffer with %d bytes of room, want %d and 4 KB at most", body.given, body.room, sent)
		}
	}
}
