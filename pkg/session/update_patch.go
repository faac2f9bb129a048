package session

import (
	"bytes"
	"encoding/json"
	"time"
)

// Patch is what an update asks of a session. The zero value asks nothing.
type Patch struct {
	Claims            json.RawMessage // a merge patch (RFC 7396) of the claims: an object; empty for none
	Scope             *string         // replaces the scope; "" removes it
	DeviceName        *string         // likewise
	AbsoluteExpiresAt time.Time       // an earlier end of the session; zero for none
	// Supersede ends the access tokens handed out before, at once.
	Supersede bool

	keepEarlierEnd bool // a session that ends before AbsoluteExpiresAt keeps its own end
}

// check reports what is wrong with a patch, whatever session it is for. Errors: InputError.
func (p Patch) check(now time.Time) error {
	var bad []FieldError
	if len(p.Claims) > 0 {
		claims := p.Claims
		if depth(claims) <= maxClaimsDepth { // what is merged nests as deeply
			claims, _ = mergePatch(nil, claims)
		}
		bad = ClaimFaults(claims, nil)
	}
	if !p.AbsoluteExpiresAt.IsZero() && !p.AbsoluteExpiresAt.After(now) {
		bad = append(bad, endFault("must be in the future; to end a session delete it"))
	}
	if len(bad) > 0 {
		return &InputError{Fields: bad}
	}
	return nil
}

// noted is what the entry says: whoever verifies access tokens offline must know that those of before are over. The entry
// is written after the change, so none of them was signed after its time.
func (p Patch) noted() json.RawMessage {
	if !p.Supersede {
		return nil
	}
	return json.RawMessage(`{"supersede":true}`)
}

func endFault(rule string) FieldError {
	const field = "absoluteExpiresAt"
	return FieldError{Field: field, Code: "outOfRange", Message: field + " " + rule + "."}
}

// of is the update that the patch makes of a session under its application; changes is false if the session already is
// as asked. Errors: InputError for a patch that does not fit the session.
func (p Patch) of(s Session, app Application, now time.Time) (u Update, changes bool, err error) {
	u = Update{
		Key: s.Key, From: s.Updates, Supersede: p.Supersede, Now: now,
		AbsoluteExpiresAt: s.AbsoluteExpiresAt, Scope: s.Scope, Device: s.Device, Claims: s.Claims,
	}
	var bad []FieldError
	changes = p.Supersede
	if len(p.Claims) > 0 {
		var merged bool
		u.Claims, merged = mergePatch(s.Claims, p.Claims)
		bad, changes = ClaimFaults(u.Claims, s.HookClaims), changes || merged
	}
	if p.Scope != nil && *p.Scope != s.Scope {
		u.Scope, changes = *p.Scope, true
	}
	if d := p.device(s.Device); deviceOf(d) != deviceOf(s.Device) {
		u.Device, changes = d, true
	}
	switch end := s.Under(app).AbsoluteExpiresAt; {
	case p.AbsoluteExpiresAt.After(end) && p.keepEarlierEnd:
	case p.AbsoluteExpiresAt.After(end):
		bad = append(bad, endFault("may be at most the session's own, "+end.Format(time.RFC3339Nano)))
	case !p.AbsoluteExpiresAt.IsZero() && p.AbsoluteExpiresAt.Before(end):
		u.AbsoluteExpiresAt, changes = p.AbsoluteExpiresAt, true
	}
	if len(bad) > 0 {
		return u, false, &InputError{Fields: bad}
	}
	return u, changes, nil
}

// device is the device with the new name; nil if nothing is left of it.
func (p Patch) device(old *Device) *Device {
	if p.DeviceName == nil {
		return old
	}
	d := deviceOf(old)
	if d.Name = *p.DeviceName; d == (Device{}) {
		return nil
	}
	return &d
}

func deviceOf(d *Device) Device {
	if d == nil {
		return Device{}
	}
	return *d
}

// mergePatch applies a JSON merge patch to an object (RFC 7396), whose other members it leaves as they are, and reports
// whether it changes anything. An object without members is nil. Both are valid JSON without doubled names.
func mergePatch(target, patch json.RawMessage) (merged json.RawMessage, changed bool) {
	object, isObject := objectOf(target)
	changed = !isObject && len(target) > 0
	patched, _ := objectOf(patch)
	for name, value := range patched {
		old, exists := object[name]
		_, nested := objectOf(value)
		switch {
		case string(value) == "null":
			delete(object, name)
			changed = changed || exists
		case nested:
			inner, innerChanged := mergePatch(old, value)
			if inner == nil {
				inner = json.RawMessage("{}")
			}
			object[name] = inner
			changed = changed || innerChanged || !exists
		default:
			value = encode(value)
			object[name] = value
			changed = changed || !exists || !bytes.Equal(value, old)
		}
	}
	if len(object) == 0 {
		return nil, changed
	}
	return encode(object), changed
}

// objectOf reads an object; for anything else it is empty.
func objectOf(raw json.RawMessage) (members map[string]json.RawMessage, isObject bool) {
	if raw = bytes.TrimSpace(raw); len(raw) == 0 || raw[0] != '{' {
		return map[string]json.RawMessage{}, false
	}
	_ = json.Unmarshal(raw, &members) // valid
	return members, true
}

// encode writes JSON as an access token holds it: without white space, and with <, > and & escaped.
func encode(value any) json.RawMessage {
	raw, _ := json.Marshal(value) // valid JSON
	return raw
}
