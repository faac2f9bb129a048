package scratch

import (
	"encoding/json"
	"net/http"
	"sync"
)

// Bus is an EventBridge that takes every event.
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
type Bus struct {
	mu    sync.Mutex
	kinds []string
}

// ServeHTTP answers PutEvents and refuses everything else.
func (b *Bus) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Entries []struct{ EventBusName, Source, DetailType, Detail string }
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || r.Header.Get("X-Amz-Target") != "AWSEvents.PutEvents" {
		http.Error(w, `{"__type":"SerializationException"}`, http.StatusBadRequest)
		return
	}
	results := []map[string]string{}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range in.Entries {
		if e.EventBusName == "" || e.Source == "" || !json.Valid([]byte(e.Detail)) {
			http.Error(w, `{"__type":"ValidationException"}`, http.StatusBadRequest)
			return
		}
		b.kinds = append(b.kinds, e.DetailType)
		results = append(results, map[string]string{"EventId": "11710aed-b79e-4468-a20b-bb3c0c3b4860"})
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	_ = json.NewEncoder(w).Encode(map[string]any{"FailedEntryCount": 0, "Entries": results})
}

// Taken are the kinds of the events since the last call.
func (b *Bus) Taken() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	kinds := b.kinds
	b.kinds = nil
	return kinds
}
