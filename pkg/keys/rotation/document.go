package rotation

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
)

const (
	// MaxPending is how old a document may be when it becomes current; times in it are off by no more.
	MaxPending = time.Hour
	// MinNextAge is the age at which a next key may be promoted: everybody who verifies has fetched it by then.
	MinNextAge = MaxPending + Lead
	// Lead is how long a key is published at least before it makes a token. API Gateway's own JWT authorizers may cache
	// a JWKS for two hours.
	// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
	Lead = othersCacheFor + keys.PublishedFor + keys.CacheFor + margin

	othersCacheFor = 2 * time.Hour
	margin         = time.Minute

	// pastFor and maxPast bound what is remembered of past keys; the oldest leave.
	pastFor = 400 * 24 * time.Hour
	maxPast = 64
	// headRoom is for the members from and made, in bytes.
	headRoom = 256
)

// Outcome is what a rotation did to the keys.
type Outcome string

// The outcomes.
const (
	First   Outcome = "first"   // the first keys of an empty document
	Rotated Outcome = "rotated" // the next key became active
	Kept    Outcome = "kept"    // too early: a verifier may not know the next key yet
)

// Kind is the difference between signing keys and token keys.
type Kind struct {
	// Make generates a key with a status.
	Make func(keys.Status) (keys.JWK, error)
	// Test checks that the service can use every key of a document.
	Test func(keys.Document) error
	// Accepted is how long a token is accepted after a key made it.
	Accepted time.Duration
	// Public says that a key has a public half. It keeps that alone when it retires, and when it is past; a dropped token
	// key keeps its id.
	Public bool
}

// Keep is how long a retired key stays: until the last token that a container made with it is no longer accepted.
func (k Kind) Keep() time.Duration { return k.Accepted + MaxPending + keys.CacheFor }

// Advance rotates the keys of a document, at now. An empty document gets its first keys.
func (k Kind) Advance(doc keys.Document, now time.Time) (keys.Document, Outcome, error) {
	outcome, promoted := Kept, slices.IndexFunc(doc.Keys, func(j keys.JWK) bool { return ripe(j, now) })
	switch {
	case len(doc.Keys) == 0:
		outcome = First
	case promoted >= 0:
		outcome = Rotated
	}
	var set []keys.JWK
	for i, j := range doc.Keys {
		switch {
		case i == promoted:
			j.Status, j.Activated = keys.Active, now.Unix()
		case j.Status == keys.Active && outcome == Rotated:
			j = k.retire(j, now)
		}
		j = dated(j, now)
		if over := j.Status == keys.Retired && age(j.Retired, now) >= k.Keep(); over && k.Public {
			j = past(j, now)
		} else if over {
			continue
		}
		set = append(set, j)
	}
	advanced, err := k.complete(set, now)
	return advanced, outcome, err
}

// ripe reports whether a key may be promoted.
func ripe(j keys.JWK, now time.Time) bool {
	return isNext(j) && j.Created != 0 && age(j.Created, now) >= MinNextAge
}

// dated gives a key that was made by hand the time now, since its age is unknown.
func dated(j keys.JWK, now time.Time) keys.JWK {
	if isNext(j) && j.Created == 0 {
		j.Created = now.Unix()
	}
	if j.Status == keys.Retired && j.Retired == 0 {
		j.Retired = now.Unix()
	}
	return j
}

// Drop takes a key of any status out of use, at now, and fills the place that it leaves. A next key that is dropped has
// never signed, so its public half is not kept.
func (k Kind) Drop(doc keys.Document, kid string, now time.Time) (keys.Document, error) {
	var left []keys.JWK
	for _, j := range doc.Keys {
		switch {
		case j.ID != kid || j.Status == keys.Past:
			left = append(left, j)
		case !k.Public || j.Status != keys.Next:
			left = append(left, past(j, now))
		}
	}
	if next := slices.IndexFunc(left, isNext); next >= 0 && !slices.ContainsFunc(left, isActive) {
		left[next].Status, left[next].Activated = keys.Active, now.Unix()
	}
	return k.complete(left, now)
}

func (k Kind) retire(j keys.JWK, now time.Time) keys.JWK {
	j.Status, j.Retired = keys.Retired, now.Unix()
	if k.Public {
		j = j.WithoutPrivate()
	}
	return j
}

// complete adds the active and the next key where they are missing. No kid is used twice.
func (k Kind) complete(set []keys.JWK, now time.Time) (keys.Document, error) {
	doc := keys.Document{Keys: set}
	for _, status := range []keys.Status{keys.Active, keys.Next} {
		if slices.ContainsFunc(doc.Keys, func(j keys.JWK) bool { return j.Status == status }) {
			continue
		}
		j, err := k.Make(status)
		for _, taken := doc.Find(j.ID); err == nil && taken; _, taken = doc.Find(j.ID) {
			j, err = k.Make(status)
		}
		if err != nil {
			return keys.Document{}, fmt.Errorf("make a key: %w", err)
		}
		j.Created = now.Unix()
		if status == keys.Active {
			j.Activated = j.Created
		}
		doc.Keys = append(doc.Keys, j)
	}
	return bounded(doc, now)
}

// past is what is left of a key at now: all but its secret.
func past(j keys.JWK, now time.Time) keys.JWK {
	j = j.WithoutPrivate()
	j.Status, j.Past = keys.Past, now.Unix()
	return j
}

// bounded keeps the latest past keys: those younger than pastFor, at most maxPast, and no more than fit into a secret.
func bounded(doc keys.Document, now time.Time) (keys.Document, error) {
	var used, gone []keys.JWK
	for _, j := range doc.Keys {
		switch {
		case j.Status != keys.Past:
			used = append(used, j)
		case age(j.Past, now) < pastFor:
			gone = append(gone, j)
		}
	}
	slices.SortStableFunc(gone, func(a, b keys.JWK) int { return cmp.Compare(a.Past, b.Past) })
	gone = gone[max(0, len(gone)-maxPast):]
	for {
		doc.Keys = slices.Concat(used, gone)
		raw, err := doc.Marshal()
		if err != nil || len(raw) <= maxDocument-headRoom || len(gone) == 0 {
			return doc, err
		}
		gone = gone[1:]
	}
}

func isNext(j keys.JWK) bool { return j.Status == keys.Next }

func isActive(j keys.JWK) bool { return j.Status == keys.Active }

func age(since int64, now time.Time) time.Duration { return now.Sub(time.Unix(since, 0)) }
