package awsconfig_test

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/stencil-auth/refresh-tokens/pkg/deploy/awsconfig"
)

func local(t *testing.T, endpoint string) aws.Config {
	t.Helper()
	config, err := awsconfig.Local(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// answer is one answer of DynamoDB, with its checksum or "".
type answer struct {
	body io.Reader
	sum  string
}

// answers is an HTTP client that returns these answers, in turn.
type answers []answer

func (a *answers) Do(*http.Request) (*http.Response, error) {
	if len(*a) == 0 {
		return nil, errors.New("no answer is left")
	}
	next := (*a)[0]
	*a = (*a)[1:]
	header := http.Header{"X-Amz-Crc32": {next.sum}}
	return &http.Response{StatusCode: http.StatusOK, Header: header, Body: io.NopCloser(next.body)}, nil
}

// getItem reads an item through the answers, and wants all of them used.
func getItem(t *testing.T, rest answers) map[string]types.AttributeValue {
	t.Helper()
	client := dynamodb.NewFromConfig(local(t, "http://127.0.0.1:1"), func(o *dynamodb.Options) { o.HTTPClient = awsconfig.Attempts(&rest, time.Minute) })
	out, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{
		TableName: aws.String("table"), Key: map[string]types.AttributeValue{"PK": &types.AttributeValueMemberS{Value: "pk"}},
	})
	if err != nil || len(rest) > 0 {
		t.Fatalf("got %v with %d answers unused, want success with 0", err, len(rest))
	}
	return out.Item
}

const found = `{"Item":{"name":{"S":"n"},"epoch":{"N":"4"}}}`

// The answer to an earlier attempt may be out of date. A part of it that is kept could hide the deletion of a session.
func TestAnInterruptedAnswerIsDiscarded(t *testing.T) {
	cutOff := io.MultiReader(strings.NewReader(found[:len(found)-2]), iotest.ErrReader(io.ErrUnexpectedEOF))
	if got := getItem(t, answers{{body: cutOff}, {body: strings.NewReader(`{}`)}}); len(got) != 0 {
		t.Errorf("got item %v of the first answer, want an empty one", got)
	}
}

func TestAnAnswerThatDiffersFromItsChecksumIsRequestedAgain(t *testing.T) {
	intact := strings.Replace(found, "4", "5", 1)
	sum := fmt.Sprint(crc32.ChecksumIEEE([]byte(intact)))
	got := getItem(t, answers{{strings.NewReader(found), sum}, {strings.NewReader(intact), sum}})
	if epoch := got["epoch"].(*types.AttributeValueMemberN).Value; epoch != "5" {
		t.Errorf("got epoch %s, want 5 of the intact answer", epoch)
	}
}

// Otherwise net/http sends two packets, closes a connection whose answer is fast, and cannot send the request again over
// another connection.
func TestTheBodyOfARequestIsInMemory(t *testing.T) {
	var next held
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", io.LimitReader(strings.NewReader("body"), 4))
	answer, err := awsconfig.Attempts(&next, time.Minute).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if next.sent != "body" || next.again != "body" {
		t.Errorf("got %q, then %q; want the body twice", next.sent, next.again)
	}
}

// held is an HTTP client that reads the body of its request twice.
type held struct{ sent, again string }

func (h *held) Do(request *http.Request) (*http.Response, error) {
	body, err := request.GetBody()
	if err != nil {
		return nil, err
	}
	sent, err1 := io.ReadAll(request.Body)
	again, err2 := io.ReadAll(body)
	h.sent, h.again = string(sent), string(again)
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, errors.Join(err1, err2)
}

// An attempt without an answer leaves time for another one. Without a deadline it ends after two seconds.
func TestAnAttemptEndsAfterHalfOfTheTimeLeft(t *testing.T) {
	for _, c := range []struct {
		deadline time.Duration // 0 for none
		want     []time.Duration
	}{
		{time.Second, []time.Duration{500 * time.Millisecond, 250 * time.Millisecond, 125 * time.Millisecond, 50 * time.Millisecond}},
		{0, []time.Duration{2 * time.Second, 2 * time.Second, 2 * time.Second, 2 * time.Second, 2 * time.Second}},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx := t.Context()
			if c.deadline > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, c.deadline)
				defer cancel()
			}
			var took silence
			config := local(t, "http://127.0.0.1:1")
			config.HTTPClient = awsconfig.Attempts(&took, 2*time.Second)
			_, err := dynamodb.NewFromConfig(config).ListTables(ctx, &dynamodb.ListTablesInput{})
			if err == nil || !slices.Equal(took, c.want) {
				t.Errorf("deadline %v: got attempts of %v, %v; want %v", c.deadline, took, err, c.want)
			}
		})
	}
}

// silence is an HTTP client that never answers, and notes how long each request waited.
type silence []time.Duration

func (s *silence) Do(request *http.Request) (*http.Response, error) {
	began := time.Now()
	<-request.Context().Done()
	*s = append(*s, time.Since(began))
	return nil, request.Context().Err()
}

// Performance floor 12.
func TestTheSecondAndThirdAttemptsBeginAtOnceAndTheOthersSoon(t *testing.T) {
	retryer := local(t, "http://127.0.0.1:1").Retryer()
	if got := retryer.MaxAttempts(); got != 5 {
		t.Errorf("got %d attempts, want 5", got)
	}
	for attempt, want := range []time.Duration{1: 0, 2: 0, 3: 25 * time.Millisecond, 4: 100 * time.Millisecond} {
		if got, err := retryer.RetryDelay(attempt, nil); got != want || err != nil {
			t.Errorf("after attempt %d: got a wait of %v, %v; want %v", attempt, got, err, want)
		}
	}
}

// Performance floor 11: connections that the peer closed during a freeze cost neither an error nor a wait.
func TestConnectionsClosedWhileIdleAreReplacedAtOnce(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{}`) // a failed write shows as a failed request
	}))
	defer server.Close()
	config := local(t, server.URL)
	sent := &counter{HTTPClient: config.HTTPClient}
	config.HTTPClient = sent
	client := dynamodb.NewFromConfig(config)
	const cycles = 50
	for range cycles {
		if _, err := client.ListTables(t.Context(), &dynamodb.ListTablesInput{}); err != nil {
			t.Fatal(err)
		}
		server.CloseClientConnections()
	}
	if sent.requests > 2*cycles {
		t.Errorf("got %d attempts for %d requests, want at most one more for each", sent.requests, cycles)
	}
}

type counter struct {
	aws.HTTPClient

	requests int
}

func (c *counter) Do(request *http.Request) (*http.Response, error) {
	c.requests++
	return c.HTTPClient.Do(request)
}

func TestIdleConnectionsCloseBeforeDynamoDBClosesThem(t *testing.T) {
	transport := awsconfig.NewTransport().GetTransport()
	if got := transport.IdleConnTimeout; got <= 0 || got > 5*time.Second {
		t.Errorf("got idle connections kept for %v, want more than 0 and at most 5 s", got)
	}
	if transport.TLSHandshakeTimeout > 2*time.Second {
		t.Errorf("got handshakes of up to %v, want at most 2 s", transport.TLSHandshakeTimeout)
	}
}
