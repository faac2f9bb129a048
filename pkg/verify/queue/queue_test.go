package queue_test

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/stencil-auth/refresh-tokens/pkg/verify"
	"github.com/stencil-auth/refresh-tokens/pkg/verify/queue"
)

// fakeSQS is a queue: what was received is invisible, and stays until it is deleted.
type fakeSQS struct {
	mu        sync.Mutex
	waiting   []string
	invisible map[string]string // by receipt handle
	fail      []string          // actions whose next request fails
	asked     []map[string]any  // of ReceiveMessage
}

func (f *fakeSQS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in map[string]any
	_ = json.NewDecoder(r.Body).Decode(&in) // the SDK writes JSON
	if waiting, _ := f.left(); waiting == 0 && strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".ReceiveMessage") {
		<-r.Context().Done() // a long poll
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	action := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AmazonSQS.")
	if i := slices.Index(f.fail, action); i >= 0 {
		f.fail = slices.Delete(f.fail, i, i+1)
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"__type":"com.amazonaws.sqs#AccessDenied","message":"no"}`))
		return
	}
	out := map[string]any{}
	switch action {
	case "ReceiveMessage":
		f.asked = append(f.asked, in)
		var messages []map[string]string
		for _, body := range f.waiting[:min(10, len(f.waiting))] {
			sum := md5.Sum([]byte(body))
			id := hex.EncodeToString(sum[:])
			messages = append(messages, map[string]string{"MessageId": id, "ReceiptHandle": "r" + id, "Body": body, "MD5OfBody": id})
			f.invisible["r"+id] = body
		}
		f.waiting = f.waiting[min(10, len(f.waiting)):]
		out["Messages"] = messages
	case "DeleteMessageBatch":
		out["Successful"], out["Failed"] = []any{}, []any{}
		for _, e := range in["Entries"].([]any) {
			delete(f.invisible, e.(map[string]any)["ReceiptHandle"].(string))
		}
	}
	_ = json.NewEncoder(w).Encode(out)
}

func (f *fakeSQS) send(bodies ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.waiting = append(f.waiting, bodies...)
}

func (f *fakeSQS) left() (waiting int, invisible []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, body := range f.invisible {
		invisible = append(invisible, body)
	}
	return len(f.waiting), invisible
}

func deletion(session string) string {
	at, _ := json.Marshal(time.Now())
	return `{"version":"0","id":"` + session + `","source":"refresh-tokens","detail-type":"token.deleted","detail":{"at":` + string(at) +
		`,"extent":"token","tenantId":"demo","applicationId":"web","userId":"alice","tokenId":"` + session + `"}}`
}

func of(session string) verify.Claims {
	return verify.Claims{TenantID: "demo", UserID: "alice", ApplicationID: "web", SessionID: session, IssuedAt: time.Now(), ExpiresAt: time.Now().Add(time.Minute)}
}

// eventually waits for a condition, as long as it takes.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for !condition() {
		if t.Context().Err() != nil {
			t.Fatal(what)
		}
		time.Sleep(time.Millisecond)
	}
}

// Behind the SDK's own client.
func TestTheEventsOfAQueueFeedADenylist(t *testing.T) {
	f := &fakeSQS{invisible: map[string]string{}, fail: []string{"ReceiveMessage", "DeleteMessageBatch"}}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	client := sqs.New(sqs.Options{
		Region: "eu-west-1", BaseEndpoint: &server.URL, RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		}),
	})
	var names []string
	for n := range 25 {
		names = append(names, "session-"+string(rune('a'+n)))
		f.send(deletion(names[n]))
	}
	f.send(`{"source":"aws.s3","detail-type":"Object Created"}`)
	d := verify.NewDenylist(time.Hour)
	failures := make(chan error, 100)
	source := queue.Source{Client: client, URL: server.URL + "/123456789012/endings", OnError: func(err error) { failures <- err }}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- source.Feed(ctx, d) }()
	eventually(t, "the events were not applied", func() bool { return d.Stats().Entries == 25 })
	// The first request failed, then the first deletion; what is no event stays for the redrive policy.
	for _, want := range []string{"ReceiveMessage", "DeleteMessageBatch", "not a lifecycle event"} {
		if err := <-failures; !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want a failure of %s", err, want)
		}
	}
	eventually(t, "the messages were not deleted", func() bool {
		waiting, invisible := f.left()
		return waiting == 0 && len(invisible) == 11 // ten whose deletion failed, and the other one
	})
	for _, name := range names {
		if !d.Denies(of(name)) {
			t.Errorf("%s: got it accepted, want it refused", name)
		}
	}
	if d.Denies(of("session-z")) {
		t.Error("a session that lives: got it refused")
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the error of the context", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if asked := f.asked[0]; asked["WaitTimeSeconds"] != 20.0 || asked["MaxNumberOfMessages"] != 10.0 || asked["QueueUrl"] != source.URL {
		t.Errorf("got a request %v, want a long poll of ten messages", asked)
	}
}

func TestAFailureToDeleteOneMessageIsTold(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	client := half{}
	var told []string
	source := queue.Source{Client: &client, URL: "q", OnError: func(err error) { told = append(told, err.Error()); cancel() }}
	if err := source.Feed(ctx, verify.NewDenylist(0)); !errors.Is(err, context.Canceled) || len(told) != 1 || !strings.Contains(told[0], "ReceiptHandleIsInvalid") {
		t.Errorf("got %v and %q, want the failure told once", err, told)
	}
}

// half takes the deletion of a batch, and refuses that of its message.
type half struct{}

func (*half) ReceiveMessage(context.Context, *sqs.ReceiveMessageInput, ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error) {
	return &sqs.ReceiveMessageOutput{Messages: []types.Message{{MessageId: aws.String("m"), ReceiptHandle: aws.String("r"), Body: aws.String(deletion("a"))}}}, nil
}

func (*half) DeleteMessageBatch(context.Context, *sqs.DeleteMessageBatchInput, ...func(*sqs.Options)) (*sqs.DeleteMessageBatchOutput, error) {
	return &sqs.DeleteMessageBatchOutput{Failed: []types.BatchResultErrorEntry{{Id: aws.String("m"), Code: aws.String("ReceiptHandleIsInvalid")}}}, nil
}
