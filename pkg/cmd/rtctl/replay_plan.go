package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/lifecycle/event"
)

// plan is what the events of a time add up to, by tenant and id.
type plan struct {
	keys         map[string]map[string]*keyEnd
	applications map[string]map[string]*applicationEnd
	ended        map[string]map[string]string // the application of each ended session, where an event names it
	updated      map[string][]string          // sessions whose claims, scope or end changed
}

// keyEnd is what became of an API key.
type keyEnd struct {
	made, deleted bool
	name          string
	expires       time.Time // after a rotation
}

func (k keyEnd) over(now time.Time) bool { return !k.expires.IsZero() && !k.expires.After(now) }

// applicationEnd is what became of an application.
type applicationEnd struct {
	epoch         uint64 // the highest one
	made, deleted bool
	changed       map[string]json.RawMessage // name and settings, with their latest values
}

// planOf adds up events in the order of their times. Repeated events change nothing.
func planOf(all []event.Envelope, only string) plan {
	p := plan{
		keys: map[string]map[string]*keyEnd{}, applications: map[string]map[string]*applicationEnd{},
		ended: map[string]map[string]string{}, updated: map[string][]string{},
	}
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b event.Envelope) int {
		return cmp.Or(a.Detail.At.Compare(b.Detail.At), cmp.Compare(a.Detail.ID, b.Detail.ID))
	})
	for _, e := range all {
		if e.Source == event.Source && (only == "" || only == e.Detail.TenantID) {
			p.add(e.DetailType, e.Detail)
		}
	}
	return p
}

func (p plan) add(kind string, d event.Detail) {
	switch {
	case d.Extent == event.ExtentKey:
		p.addKey(kind, d)
	case d.Extent == event.ExtentApplication:
		p.addApplication(kind, d)
	case kind == "token.updated":
		p.updated[d.TenantID] = append(p.updated[d.TenantID], d.TokenIDs...)
	case slices.Contains([]string{"token.deleted", "token.evicted", "token.reuse_detected", "token.denied"}, kind):
		for _, id := range append(slices.Clone(d.TokenIDs), d.TokenID) {
			if id != "" {
				of := at(p.ended, d.TenantID)
				of[id] = cmp.Or(d.ApplicationID, of[id])
			}
		}
	}
}

func (p plan) addKey(kind string, d event.Detail) {
	var changed struct {
		Name      string     `json:"name"`
		ExpiresAt *time.Time `json:"expiresAt"`
	}
	_ = json.Unmarshal(d.Changed, &changed) // of an event without it nothing is known
	k := entry(at(p.keys, d.TenantID), d.KeyID)
	switch kind {
	case "key.created":
		k.made, k.name = true, changed.Name
	case "key.deleted":
		k.deleted = true
	}
	if changed.ExpiresAt != nil {
		k.expires = *changed.ExpiresAt
	}
}

func (p plan) addApplication(kind string, d event.Detail) {
	a := entry(at(p.applications, d.TenantID), d.ApplicationID)
	a.epoch = max(a.epoch, d.Epoch)
	switch kind {
	case "application.created":
		a.made, a.deleted, a.changed = true, false, nil
	case "application.deleted":
		a.deleted, a.changed = true, nil
	}
	var changed map[string]json.RawMessage
	_ = json.Unmarshal(d.Changed, &changed) // of an event without it nothing is known
	if a.changed == nil {
		a.changed = map[string]json.RawMessage{}
	}
	maps.Copy(a.changed, changed)
}

// at is the map of a tenant.
func at[V any](m map[string]map[string]V, tenant string) map[string]V {
	if m[tenant] == nil {
		m[tenant] = map[string]V{}
	}
	return m[tenant]
}

func entry[V any](m map[string]*V, id string) *V {
	if m[id] == nil {
		m[id] = new(V)
	}
	return m[id]
}

// tenants are those of the events, in ascending order.
func (p plan) tenants() []string {
	all := map[string]bool{}
	for _, tenant := range slices.Concat(sorted(p.keys), sorted(p.applications), sorted(p.ended)) {
		all[tenant] = true
	}
	return sorted(all)
}

// String is the plan, for the question before it.
func (p plan) String() string {
	keys, endings, settings, sessions := 0, 0, 0, 0
	for _, tenant := range p.tenants() {
		for _, k := range p.keys[tenant] {
			if k.deleted || k.over(time.Now()) {
				keys++
			}
		}
		for _, a := range p.applications[tenant] {
			if a.epoch > 0 || a.deleted {
				endings++
			}
			if len(a.changed) > 0 {
				settings++
			}
		}
		sessions += len(p.ended[tenant])
	}
	return fmt.Sprintf("%d ends of API keys, %d endings and %d settings of applications, and %d endings of sessions, of %d tenants",
		keys, endings, settings, sessions, len(p.tenants()))
}

// notes are about what a replay cannot repeat.
func (p plan) notes() []string {
	notes := []string{}
	for _, tenant := range sorted(p.updated) {
		ids := map[string]bool{}
		for _, id := range p.updated[tenant] {
			if _, ended := p.ended[tenant][id]; !ended {
				ids[id] = true
			}
		}
		if len(ids) > 0 {
			notes = append(notes, fmt.Sprintf("Sessions of %s were updated since, and have the claims, scope and end of the backup "+
				"again; update or end them: %s.", tenant, strings.Join(sorted(ids), " ")))
		}
	}
	return notes
}
