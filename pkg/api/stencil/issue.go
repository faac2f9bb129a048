package stencil

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/dpop"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
)

// Issue is POST /jwt/issue: a new session for a user of an application.
func Issue(shell api.Shell, issuer session.Issuer) api.Handler {
	return shell.Serve(api.Issue, failure, func(ctx context.Context, r *api.Request) (api.Answer, error) {
		p, err := r.Permitted("")
		if err != nil {
			return api.Answer{}, err
		}
		req, err := readIssue(r)
		if err != nil {
			return api.Answer{}, err
		}
		req.Tenant = p.Tenant
		grant, err := issuer.Issue(ctx, req)
		if err != nil {
			return api.Answer{}, err
		}
		a := success("Session issued.", newCredentials(grant))
		a.Status, a.Outcome = http.StatusCreated, string(grant.Outcome)
		return a, nil
	})
}

func readIssue(r *api.Request) (session.IssueRequest, error) {
	var req session.IssueRequest
	members, err := members(r.Members())
	if err != nil {
		return req, err
	}
	var bad api.Faults
	var ids []api.Member
	for _, m := range members {
		switch m.Name {
		case keyClaims:
			req.Claims = readClaims(m.Value, &bad)
		case keyScope:
			req.Scope = readScope(m.Value, &bad)
		case keyDevice:
			req.Device = readDevice(m.Value, &bad)
		case "dpopJkt":
			req.JKT = readThumbprint(m.Value, &bad)
		case keyIdle:
			req.Idle = readSeconds(m, 1, &bad)
		case keyAbsolute:
			req.Absolute = readSeconds(m, session.MinAbsoluteSeconds, &bad)
		default:
			ids = append(ids, m)
		}
	}
	in, inErr := api.ReadInput(ids, keyUserID, keyApplicationID, keyClaims, keyScope, keyDevice, keyIdle, keyAbsolute, "dpopJkt")
	req.User, req.Application = in[keyUserID], in[keyApplicationID]
	for _, id := range []string{keyUserID, keyApplicationID} {
		if value, given := in[id]; given {
			bad.CheckID(id, value)
		} else if !api.Mentions(ids, id) {
			bad.Add(id, "missing", "is required")
		}
	}
	return req, api.JoinFaults(r.NoOverride(), r.NoQuery(), inErr, bad.Err())
}

// The keys of the lives of a session.
const (
	keyIdle     = "refreshIdleSeconds"
	keyAbsolute = "refreshAbsoluteSeconds"
)

// readSeconds takes a number of seconds.
func readSeconds(m api.Member, least int64, bad *api.Faults) time.Duration {
	n, err := strconv.ParseInt(string(m.Value), 10, 64)
	if err != nil || n < least {
		bad.Add(m.Name, "invalid", fmt.Sprintf("must be a whole number of seconds, at least %d", least))
	}
	return time.Duration(min(n, session.MaxAbsoluteSeconds+1)) * time.Second // more is too much for every application
}

func readClaims(raw json.RawMessage, bad *api.Faults) json.RawMessage {
	var compact bytes.Buffer
	members, err := api.ParseObject(raw)
	if err != nil || json.Compact(&compact, raw) != nil {
		bad.Add(keyClaims, "invalid", "must be an object")
		return nil
	}
	if len(members) == 0 {
		return nil
	}
	// What counts is what an access token will hold, where encoding/json escapes <, > and &.
	var signed bytes.Buffer
	json.HTMLEscape(&signed, compact.Bytes())
	*bad = append(*bad, session.ClaimFaults(signed.Bytes(), nil)...)
	return signed.Bytes()
}

// readThumbprint takes that of a key that the session is bound to (RFC 9449 section 10).
func readThumbprint(raw json.RawMessage, bad *api.Faults) dpop.Thumbprint {
	text, err := api.StringValue(raw)
	jkt, ok := dpop.ParseThumbprint(text)
	if err != nil || !ok || jkt.IsZero() {
		bad.Add("dpopJkt", "invalid", "must be the SHA-256 thumbprint of a JWK (RFC 7638): 43 characters of base64url")
	}
	return jkt
}

// readScope takes space-separated scope tokens (RFC 6749 section 3.3).
func readScope(raw json.RawMessage, bad *api.Faults) string {
	scope, err := api.StringValue(raw)
	if err != nil {
		bad.Add(keyScope, "invalid", err.Error())
		return ""
	}
	if len(scope) > api.MaxScope {
		bad.Add(keyScope, "tooLong", "may have 256 bytes")
	}
	if !api.WellFormedScope(scope) {
		bad.Add(keyScope, "invalid", "must be scope tokens with single spaces between them (RFC 6749 section 3.3)")
	}
	return scope
}
