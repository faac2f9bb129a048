package dynamo_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/stack"
	"github.com/stencil-auth/refresh-tokens/pkg/store/dynamotest"
	"github.com/stencil-auth/refresh-tokens/pkg/store/storetest"
)

// The role of a function that only writes entries can write no session and no API key: the attributes of an entry are those
// that the template's policy allows.
func TestAnEntryHasTheAttributesThatThePolicyAllows(t *testing.T) {
	template, err := stack.Read("../../../template.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := json.Marshal(template.Resources["RecordHistory"].Properties)
	var policy struct {
		PolicyDocument struct {
			Statement []struct {
				Condition struct {
					Equals map[string][]string `json:"ForAllValues:StringEquals"`
				}
			}
		}
	}
	if err := json.Unmarshal(raw, &policy); err != nil {
		t.Fatal(err)
	}
	allowed := policy.PolicyDocument.Statement[0].Condition.Equals["dynamodb:Attributes"]

	b := onNothing(t)
	var written struct{ Item map[string]any }
	b.transport.Next("PutItem", func(request *http.Request, _ dynamotest.Send) (*http.Response, error) {
		body, _ := io.ReadAll(request.Body)
		if err := json.Unmarshal(body, &written); err != nil {
			t.Error(err)
		}
		return nil, errors.New("no answer")
	})
	b.Record(t.Context(), storetest.NewEntry(b.tenant, "user"))
	if got := slices.Sorted(maps.Keys(written.Item)); !slices.Equal(got, slices.Sorted(slices.Values(allowed))) {
		t.Errorf("attributes: got %v, want %v", got, allowed)
	}
}

// Law 9: an entry that cannot be written is reported, in full.
func TestAnEntryThatCannotBeWrittenIsReported(t *testing.T) {
	b := onNothing(t)
	var lost []session.Entry
	b.Unrecorded = func(_ context.Context, e session.Entry, err error) {
		if !errors.Is(err, session.ErrUnavailable) {
			t.Errorf("got %v, want %v", err, session.ErrUnavailable)
		}
		lost = append(lost, e)
	}
	b.transport.Always("PutItem", dynamotest.Refuse(http.StatusBadRequest, "ProvisionedThroughputExceededException", ""))
	e := storetest.NewEntry(b.tenant, "user")
	b.Record(t.Context(), e)
	if diff := storetest.Diff([]session.Entry{e}, lost); diff != "" {
		t.Errorf("reported (-want +got):\n%s", diff)
	}
}

// Law 9: a table that does not answer holds the caller for the time of the entry alone, and the entry is in the log.
func TestAnEntryWhoseWriteHangsIsReported(t *testing.T) {
	b := onNothing(t)
	lost := 0
	b.Unrecorded = func(_ context.Context, e session.Entry, err error) {
		if lost++; e.Event != session.EventDeleted || !errors.Is(err, session.ErrUnavailable) {
			t.Errorf("got %+v, %v; want the entry and %v", e, err, session.ErrUnavailable)
		}
	}
	b.transport.Always("PutItem", dynamotest.Silent())
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	session.Record(ctx, b.Store, time.Now(), storetest.NewEntry(b.tenant, "user"))
	if lost != 1 {
		t.Errorf("got %d reports, want one", lost)
	}
}
