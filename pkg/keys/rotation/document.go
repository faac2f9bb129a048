package rotation

import (
	"fmt"
	"slices"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/keys"
)

// The times of a key's life. The package doc adds them up.
const (
	// MaxPending is how old a document may be when it becomes current.
	MaxPending = time.Hour
	// MinNextAge is how long a next key must have been there before it makes anything.
	MinNextAge = MaxPending + jwksMaxAge + keys.CacheFor + margin
	// KeepSigning is how long a retired signing key stays.
	KeepSigning = longestAccess + MaxPending + keys.CacheFor + skew
	// KeepToken is how long a retired token key stays.
	KeepToken = longestSession + MaxPending + keys.CacheFor + skew

	jwksMaxAge     = 300 * time.Second
	margin         = 60 * time.Second
	skew           = 60 * time.Second
	longestAccess  = 86_400 * time.Second
	longestSession = 315_360_000 * time.Second
)

// Outcome says what a rotation did to the keys.
type Outcome string

// The outcomes.
const (
	First   Outcome = "first"   // the first keys of an empty document
	Rotated Outcome = "rotated" // the next key became active
	Kept    Outcome = "kept"    // too early: the next key is not known everywhere yet
)

// Kind is what tells signing keys from token keys.
type Kind struct {
	// Make makes a key of a status.
	Make func(keys.Status) (keys.JWK, error)
	// Test proves that the service can use every key of a document.
	Test func(keys.Document) error
	// Keep is how long a retired key stays.
	Keep time.Duration
	// StripRetired drops the private half of a key that retires.
	StripRetired bool
}

// Advance is one rotation of a document, at now. An empty document gets its first keys.
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
		if j = dated(j, now); j.Status != keys.Retired || age(j.Retired, now) < k.Keep {
			set = append(set, j)
		}
	}
	advanced, err := k.complete(set, now)
	return advanced, outcome, err
}

// ripe says whether a key may be promoted.
func ripe(j keys.JWK, now time.Time) bool {
	return isNext(j) && j.Created != 0 && age(j.Created, now) >= MinNextAge
}

// dated has a key that was made by hand count from now: nobody knows since when it is where it is.
func dated(j keys.JWK, now time.Time) keys.JWK {
	if isNext(j) && j.Created == 0 {
		j.Created = now.Unix()
	}
	if j.Status == keys.Retired && j.Retired == 0 {
		j.Retired = now.Unix()
	}
	return j
}

// Drop removes a key whatever its status, at now, and has others take its places.
func (k Kind) Drop(doc keys.Document, kid string, now time.Time) (keys.Document, error) {
	left := slices.DeleteFunc(slices.Clone(doc.Keys), func(j keys.JWK) bool { return j.ID == kid })
	if next := slices.IndexFunc(left, isNext); next >= 0 && !slices.ContainsFunc(left, isActive) {
		left[next].Status, left[next].Activated = keys.Active, now.Unix()
	}
	return k.complete(left, now)
}

func (k Kind) retire(j keys.JWK, now time.Time) keys.JWK {
	j.Status, j.Retired = keys.Retired, now.Unix()
	if k.StripRetired {
		j = j.WithoutPrivate()
	}
	return j
}

// complete adds the active and the next key that are missing. Kids are never used twice.
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
	return doc, nil
}

func isNext(j keys.JWK) bool { return j.Status == keys.Next }

func isActive(j keys.JWK) bool { return j.Status == keys.Active }

func age(since int64, now time.Time) time.Duration { return now.Sub(time.Unix(since, 0)) }
