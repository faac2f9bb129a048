package stencil

import (
	"encoding/json"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/authorizer"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// The keys of what an issue gives and an update changes.
const (
	keyClaims      = "claims"
	keyScope       = "scope"
	keyDevice      = "device"
	keyAbsoluteEnd = "absoluteExpiresAt"
	keySupersede   = "supersede"
)

// patch is what the body of an update says.
type patch struct {
	session.Patch
	ending // its reason

	application string
}

// readPatch reads the body of an update, which must ask for a change. Also names further keys that the route knows.
func readPatch(given []api.Member, p authorizer.Principal, also ...string) (asked patch, err error) {
	var bad api.Faults
	var rest []api.Member
	for _, m := range given {
		switch m.Name {
		case keyClaims:
			asked.Claims = readMerge(m.Value, &bad)
		case keyScope:
			asked.Scope = readNewScope(m.Value, &bad)
		case keyDevice:
			asked.DeviceName = readDeviceName(m.Value, &bad)
		case keyAbsoluteEnd:
			asked.AbsoluteExpiresAt = readEnd(m.Value, &bad)
		case keySupersede:
			asked.Supersede = readFlag(m, &bad)
		default:
			rest = append(rest, m)
		}
	}
	known := append([]string{keyClaims, keyScope, keyAbsoluteEnd, keyDevice, keySupersede, keyReason}, also...)
	in, inErr := api.ReadInput(rest, known...)
	bad.CheckIDs(in, keyApplicationID)
	asked.application = in[keyApplicationID]
	var reasonErr error
	asked.ending, reasonErr = readEnding(in, p)
	if err := api.JoinFaults(bad.Err(), inErr, reasonErr); err != nil {
		return asked, err
	}
	if len(asked.Claims) == 0 && asked.Scope == nil && asked.DeviceName == nil && asked.AbsoluteExpiresAt.IsZero() && !asked.Supersede {
		return asked, api.FieldFault(keyClaims, "missing", "or scope, absoluteExpiresAt, device or a true supersede is required: "+
			"nothing would change")
	}
	return asked, nil
}

// readMerge takes a merge patch of the claims (RFC 7396).
func readMerge(raw json.RawMessage, bad *api.Faults) json.RawMessage {
	if members, err := api.ParseObject(raw); err != nil || len(members) == 0 {
		bad.Add(keyClaims, "invalid", "must be an object with what changes; null in it removes a claim")
		return nil
	}
	return raw
}

// readNewScope takes a scope, or "" for none: null and "" remove it.
func readNewScope(raw json.RawMessage, bad *api.Faults) *string {
	scope := ""
	if text := string(raw); text != "null" && text != `""` {
		scope = readScope(raw, bad)
	}
	return &scope
}

// readDeviceName takes the one member of a device that an update changes; null removes it.
func readDeviceName(raw json.RawMessage, bad *api.Faults) *string {
	members, err := api.ParseObject(raw)
	if err != nil || len(members) == 0 {
		bad.Add(keyDevice, "invalid", "must be an object with a name")
		return nil
	}
	name := ""
	for _, m := range members {
		value, err := api.StringValue(m.Value)
		switch name = cut(value, maxDeviceName); {
		case m.Name != "name":
			bad.Add("device."+m.Spelled, "unknown", "does not change; the one key is: name")
		case string(m.Value) == "null":
		case err != nil:
			bad.Add("device.name", "invalid", err.Error()+", or null")
		case name == "":
			bad.Add("device.name", "invalid", session.ErrIDBlank.Error())
		}
	}
	return &name
}

// readEnd takes a time of RFC 3339, to the millisecond.
func readEnd(raw json.RawMessage, bad *api.Faults) (end time.Time) {
	text, err := api.StringValue(raw)
	if err == nil {
		err = end.UnmarshalText([]byte(text))
	}
	if err != nil {
		bad.Add(keyAbsoluteEnd, "invalid", "must be a time such as 2030-01-31T12:00:00Z (RFC 3339)")
		return time.Time{}
	}
	return end.UTC().Truncate(time.Millisecond)
}

// readFlag takes true or false.
func readFlag(m api.Member, bad *api.Faults) bool {
	if text := string(m.Value); text != "true" && text != "false" {
		bad.Add(m.Spelled, "invalid", "must be true or false")
	}
	return string(m.Value) == "true"
}
