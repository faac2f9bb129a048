package api

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"strings"

	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// Limits of what issue takes, in bytes unless they say otherwise. They keep a session's own data under 1 KB, one
// DynamoDB write unit, claims aside.
const (
	maxClaims         = 2 << 10
	maxClaimsDepth    = 8 // levels
	maxScope          = 256
	maxDeviceName     = 64
	maxDeviceType     = 32
	maxUserAgent      = 256
	maxScopeAndDevice = 512
)

// Issue is POST /jwt/issue: a new session for a user of an application.
func Issue(c Core) Handler {
	return c.serve(opIssue, envelope{}, func(ctx context.Context, r *request) (answer, error) {
		p, err := r.principal()
		if err != nil {
			return answer{}, err
		}
		if err := permit(p, opIssue, ""); err != nil {
			return answer{}, err
		}
		req, err := readIssue(r)
		if err != nil {
			return answer{}, err
		}
		req.Tenant = p.Tenant
		grant, err := c.Sessions.Issue(ctx, req)
		if err != nil {
			return answer{}, err
		}
		return answer{
			status: http.StatusCreated, message: "Session issued.", data: newCredentials(grant), outcome: grant.Outcome,
		}, nil
	})
}

func readIssue(r *request) (session.IssueRequest, error) {
	var req session.IssueRequest
	members, err := r.members()
	if err != nil {
		return req, err
	}
	var bad faults
	var ids []member
	for _, m := range members {
		switch m.name {
		case "claims":
			req.Claims = readClaims(m.value, &bad)
		case "scope":
			req.Scope = readScope(m.value, &bad)
		case "device":
			req.Device = readDevice(m.value, &bad)
		default:
			ids = append(ids, m)
		}
	}
	in, inErr := readInput(ids, keyUserID, keyApplicationID, "claims", "scope", "device")
	req.User, req.Application = in[keyUserID], in[keyApplicationID]
	for _, id := range []string{keyUserID, keyApplicationID} {
		if value, given := in[id]; given {
			bad.checkName(id, value)
		} else if !mentions(ids, id) {
			bad.add(id, "missing", "is required")
		}
	}
	if size := len(req.Scope) + deviceSize(req.Device); size > maxScopeAndDevice && len(req.Scope) <= maxScope {
		bad.add("device", "tooLong", "and scope may have 512 bytes together")
	}
	return req, joinFaults(r.noOverride(), r.noQuery(), inErr, bad.err())
}

// mentions says whether a key is there under any of its names, even with a value at fault.
func mentions(members []member, name string) bool {
	for _, m := range members {
		if canonical(m.name) == name {
			return true
		}
	}
	return false
}

func readClaims(raw json.RawMessage, bad *faults) json.RawMessage {
	var compact bytes.Buffer
	members, err := parseObject(raw)
	if err != nil || json.Compact(&compact, raw) != nil {
		bad.add("claims", "invalid", "must be an object")
		return nil
	}
	// What counts is what an access token will hold, where encoding/json escapes <, > and &.
	var signed bytes.Buffer
	json.HTMLEscape(&signed, compact.Bytes())
	if signed.Len() > maxClaims {
		bad.add("claims", "tooLong", "may have 2048 bytes as JSON, where <, > and & count six")
	}
	if depth(raw) > maxClaimsDepth {
		bad.add("claims", "tooDeep", "may nest 8 levels deep")
	}
	for _, m := range members {
		if token.ReservedClaim(m.name) {
			bad.add("claims."+m.name, "reserved", "is a claim that this service sets, in whatever case")
		}
	}
	return compact.Bytes()
}

// readScope takes space-separated scope tokens (RFC 6749 section 3.3).
func readScope(raw json.RawMessage, bad *faults) string {
	scope, err := stringValue(raw)
	if err != nil {
		bad.add("scope", "invalid", err.Error())
		return ""
	}
	if len(scope) > maxScope {
		bad.add("scope", "tooLong", "may have 256 bytes")
	}
	if !wellFormedScope(scope) {
		bad.add("scope", "invalid", "must be scope tokens with single spaces between them (RFC 6749 section 3.3)")
	}
	return scope
}

// wellFormedScope says whether there are scope tokens with single spaces between them (RFC 6749 section 3.3).
func wellFormedScope(scope string) bool {
	for one := range strings.SplitSeq(scope, " ") {
		invalid := func(c rune) bool { return c < 0x21 || c > 0x7e || c == '"' || c == '\\' }
		if one == "" || strings.ContainsFunc(one, invalid) {
			return false
		}
	}
	return true
}

func readDevice(raw json.RawMessage, bad *faults) *session.Device {
	members, err := parseObject(raw)
	if err != nil {
		bad.add("device", "invalid", "must be an object")
		return nil
	}
	d := &session.Device{}
	for _, m := range members {
		field := "device." + m.name
		var into *string
		var limit int
		switch m.name {
		case "name":
			into, limit = &d.Name, maxDeviceName
		case "type":
			into, limit = &d.Type, maxDeviceType
		case "userAgent":
			into, limit = &d.UserAgent, maxUserAgent
		case "ip":
			into, limit = &d.IP, len("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255")
		default:
			bad.add(field, "unknown", "is not known here; the keys are: name, type, userAgent, ip")
			continue
		}
		value, err := stringValue(m.value)
		switch {
		case err != nil:
			bad.add(field, "invalid", err.Error())
		case len(value) > limit:
			bad.add(field, "tooLong", "is too long: name may have 64 bytes, type 32, userAgent 256")
		case m.name == "ip" && net.ParseIP(value) == nil:
			bad.add(field, "invalid", "must be an IP address")
		default:
			*into = value
		}
	}
	if *d == (session.Device{}) {
		return nil
	}
	return d
}

func deviceSize(d *session.Device) int {
	if d == nil {
		return 0
	}
	return len(d.Name) + len(d.Type) + len(d.UserAgent) + len(d.IP)
}
