package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"
)

const (
	// reasonOfReplay is in the entries of what a replay ends.
	reasonOfReplay = "replay"
	// replaysAtOnce is how many sessions end at a time.
	replaysAtOnce = 8
	// maxEndings is how often the end of a session is tried while the service is throttled or unavailable.
	maxEndings = 5
)

// applications brings the applications of a tenant to what the events add up to. An epoch never falls.
func (r *replay) applications(ctx context.Context, tenant string) error {
	planned := r.plan.applications[tenant]
	if len(planned) == 0 {
		return nil
	}
	there, err := r.living(ctx, tenant)
	if err != nil {
		return err
	}
	for _, id := range sorted(planned) {
		want := planned[id]
		now, lives := there[id]
		switch {
		case want.deleted && !lives:
			continue
		case want.deleted && now.Epoch < want.epoch: // else a replay has deleted it, and it was made again
			err = r.deleteApplication(ctx, tenant, now, want.epoch)
		case want.deleted:
		case !lives && !want.made:
			r.note("Application %s of %s is missing: it was made before the time of --since.", id, tenant)
		default:
			if now, err = r.put(ctx, tenant, id, now, want); err == nil {
				err = r.advance(ctx, tenant, now, want.epoch)
			}
		}
		if err != nil {
			return fmt.Errorf("application %s: %w", id, err)
		}
	}
	return nil
}

// living are the applications of a tenant that are not deleted.
func (r *replay) living(ctx context.Context, tenant string) (map[string]application, error) {
	all, err := r.listAll(ctx, map[string]any{"tenantId": tenant})
	if err != nil {
		return nil, err
	}
	there := map[string]application{}
	for _, raw := range all.Applications {
		var app application
		if err := json.Unmarshal(raw, &app); err != nil {
			return nil, err
		}
		there[app.ApplicationID] = app
	}
	return there, nil
}

// put writes name and settings where they differ, and returns the application as it is then.
func (r *replay) put(ctx context.Context, tenant, id string, now application, want *applicationEnd) (application, error) {
	payload, settings := map[string]any{"tenantId": tenant, "applicationId": id}, map[string]json.RawMessage{}
	for name, value := range want.changed {
		switch {
		case name == "name" && (now.ApplicationID == "" || string(value) != string(quoted(now.Name))):
			payload["name"] = value
		case name != "name" && !sameJSON(now.Settings[name], value):
			settings[name] = value
		}
	}
	if len(settings) > 0 {
		payload["settings"] = settings
	}
	if len(payload) == 2 && now.ApplicationID != "" {
		return now, nil
	}
	put, _, err := call[application](ctx, r.ctl, "put-application", payload)
	if err == nil && len(put.Changed) > 0 {
		r.did("application %s of %s put, which changed %v", id, tenant, put.Changed)
	}
	return put, err
}

func quoted(text string) json.RawMessage {
	raw, _ := json.Marshal(text) // a string always marshals
	return raw
}

func sameJSON(a, b json.RawMessage) bool {
	var left, right bytes.Buffer
	return json.Compact(&left, a) == nil && json.Compact(&right, b) == nil && bytes.Equal(left.Bytes(), right.Bytes())
}

// advance ends the sessions of an application until its epoch is that of the events. Raising it by one would end those of
// the backup, but then a repeated replay would end those that were issued since.
func (r *replay) advance(ctx context.Context, tenant string, app application, epoch uint64) error {
	from := app.Epoch
	for app.Epoch < epoch {
		raw, err := r.ask(ctx, request{
			tenant: tenant, method: http.MethodDelete, path: "/jwt/applications/" + url.PathEscape(app.ApplicationID) + "/refresh",
			query: url.Values{"reason": {reasonOfReplay}}, needs: "tokens:revoke-all",
		})
		var answer struct{ Data struct{ Epoch uint64 } }
		if err == nil {
			err = json.Unmarshal(raw, &answer)
		}
		if err == nil && answer.Data.Epoch <= app.Epoch {
			err = errors.New("its epoch does not rise")
		}
		if err != nil {
			return err
		}
		app.Epoch = answer.Data.Epoch
	}
	if from < app.Epoch {
		r.did("application %s of %s ended, epoch %d to %d", app.ApplicationID, tenant, from, app.Epoch)
	}
	return nil
}

func (r *replay) deleteApplication(ctx context.Context, tenant string, app application, epoch uint64) error {
	if err := r.advance(ctx, tenant, app, epoch-1); err != nil {
		return err
	}
	_, err := r.invoke(ctx, "delete-application", map[string]any{
		"tenantId": tenant, "applicationId": app.ApplicationID, "reason": reasonOfReplay,
	})
	if err == nil {
		r.did("application %s of %s deleted", app.ApplicationID, tenant)
	}
	return err
}

// sessions ends those that were ended, a few at a time. Those of an application that is gone are over.
func (r *replay) sessions(ctx context.Context, tenant string) error {
	if len(r.plan.ended[tenant]) == 0 {
		return nil
	}
	there, err := r.living(ctx, tenant)
	if err != nil {
		return err
	}
	ids := make(chan string)
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var all sync.WaitGroup
	var mu sync.Mutex
	for range replaysAtOnce {
		all.Go(func() {
			for id := range ids {
				found, err := r.endAgain(ctx, tenant, id)
				mu.Lock()
				switch {
				case err != nil:
					stop(fmt.Errorf("session %s: %w", id, err))
				case found:
					r.result.Sessions++
				default:
					r.result.Gone++
				}
				mu.Unlock()
			}
		})
	}
	for _, id := range sorted(r.plan.ended[tenant]) {
		application := r.plan.ended[tenant][id]
		if _, lives := there[application]; len(there) == 0 || application != "" && !lives {
			mu.Lock()
			r.result.Gone++
			mu.Unlock()
			continue
		}
		select {
		case ids <- id:
		case <-ctx.Done():
		}
	}
	close(ids)
	all.Wait()
	return context.Cause(ctx)
}

// endAgain ends a session, if it is there.
func (r *replay) endAgain(ctx context.Context, tenant, id string) (found bool, err error) {
	for attempt := range maxEndings {
		_, err = r.ask(ctx, request{
			tenant: tenant, method: http.MethodDelete, path: "/jwt/refresh/" + url.PathEscape(id),
			query: url.Values{"reason": {reasonOfReplay}}, needs: "tokens:revoke",
		})
		var refused *refusedError
		if err == nil || !errors.As(err, &refused) {
			return err == nil, err
		}
		switch refused.status {
		case http.StatusNotFound:
			return false, nil
		case http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusServiceUnavailable:
		default:
			return false, err
		}
		select {
		case <-time.After(200 * time.Millisecond << attempt):
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
	return false, err
}
