package keys

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Document is what a secret holds: a JWK set, and how a rotation made it.
type Document struct {
	// From is the version of the secret that this document replaces, and Made the time, in unix seconds; both are zero
	// if no rotation made it. A rotation is finished only if From is still the current version.
	From string `json:"from,omitempty"`
	Made int64  `json:"made,omitempty"`
	Keys []JWK  `json:"keys"`
}

// Marshal writes a secret document. Its bytes are secret.
func (d Document) Marshal() ([]byte, error) {
	type plain JWK // without MarshalJSON, which omits the private members
	out := struct {
		From string  `json:"from,omitempty"`
		Made int64   `json:"made,omitempty"`
		Keys []plain `json:"keys"`
	}{From: d.From, Made: d.Made}
	for _, j := range d.Keys {
		out.Keys = append(out.Keys, plain(j))
	}
	return json.MarshalIndent(out, "", "  ")
}

// Find returns the key with a kid.
func (d Document) Find(kid string) (JWK, bool) {
	for _, j := range d.Keys {
		if j.ID == kid {
			return j, true
		}
	}
	return JWK{}, false
}

// Public is the document of the public halves, without those of past keys.
func (d Document) Public() Document {
	public := Document{}
	for _, j := range d.Keys {
		if j.Status != Past {
			public.Keys = append(public.Keys, j.WithoutPrivate())
		}
	}
	return public
}

// MarshalDocument writes a secret document of keys. Its bytes are secret.
func MarshalDocument(set ...JWK) ([]byte, error) { return Document{Keys: set}.Marshal() }

// ParseDocument reads a secret document. Errors: a document that has not exactly one active key, an empty or duplicate
// kid, or an unknown status. ParseTokenSet, ParseSigningSet and ParsePublicSet read the keys in it.
func ParseDocument(raw []byte) (Document, error) {
	doc, err := decodeDocument(raw)
	if err != nil {
		return doc, err
	}
	active := 0
	seen := map[string]bool{}
	for _, k := range doc.Keys {
		if k.ID == "" || seen[k.ID] {
			return doc, errors.New("the key document has an empty or duplicate kid")
		}
		seen[k.ID] = true
		switch k.Status {
		case Active:
			active++
		case Next, Retired, Past:
		default:
			return doc, fmt.Errorf("key %s: the status is not next, active, retired or past", k.ID)
		}
	}
	if active != 1 {
		return doc, fmt.Errorf("the key document has %d active keys instead of one", active)
	}
	return doc, nil
}

// IsPlaceholder reports whether raw is a document with an empty list of keys, as a secret holds before its first
// rotation.
func IsPlaceholder(raw []byte) bool {
	doc, err := decodeDocument(raw)
	return err == nil && doc.Keys != nil && len(doc.Keys) == 0
}

func decodeDocument(raw []byte) (Document, error) {
	var doc Document
	if err := json.Unmarshal(raw, &doc); err != nil {
		return doc, errors.New("the key document is not JSON of the expected shape") // err may quote it
	}
	return doc, nil
}
