package operator

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/api"
	"github.com/stencil-auth/refresh-tokens/pkg/session"
	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// ImportSessionsInput is a part of the sessions of another system, all of one application.
type ImportSessionsInput struct {
	TenantID      string            `json:"tenantId"`
	ApplicationID string            `json:"applicationId"`
	Sessions      []json.RawMessage `json:"sessions"` // of importedSession, 1 to 100
}

func (in ImportSessionsInput) attrs() []slog.Attr {
	return append(named("tenant", in.TenantID, "application", in.ApplicationID), slog.Int("sessions", len(in.Sessions)))
}

// importedSession is one session of another system.
type importedSession struct {
	UserID            string          `json:"userId"`
	TokenSHA256       string          `json:"tokenSha256"` // 64 hexadecimal digits
	CreatedAt         *time.Time      `json:"createdAt"`
	AbsoluteExpiresAt *time.Time      `json:"absoluteExpiresAt"`
	Claims            json.RawMessage `json:"claims"`
	Scope             string          `json:"scope"`
	Device            json.RawMessage `json:"device"`
}

// importedDevice is session.Device as it is imported.
type importedDevice struct {
	Name      string `json:"name"`
	Type      string `json:"type"`
	UserAgent string `json:"userAgent"`
	IP        string `json:"ip"`
}

// ImportSessionsOutput says how many were imported, and which were not.
type ImportSessionsOutput struct {
	Imported int       `json:"imported"`
	Skipped  []Skipped `json:"skipped"`
}

// Skipped is one session that was not imported.
type Skipped struct {
	Index int             `json:"index"`
	Why   session.Skipped `json:"why"`
}

// maxImport is the most sessions of one call.
const maxImport = 100

// ImportSessions adds sessions of another system, by the SHA-256 of their refresh tokens (law 10). It may be repeated.
func (o Operator) ImportSessions(ctx context.Context, raw json.RawMessage) (ImportSessionsOutput, error) {
	return function[ImportSessionsInput, ImportSessionsOutput]{api.ImportSessions, o.importSessions}.invoke(ctx, o.Log, raw)
}

func (o Operator) importSessions(ctx context.Context, in ImportSessionsInput) (ImportSessionsOutput, error) {
	var bad api.Faults
	bad.CheckTenantID("tenantId", in.TenantID)
	bad.CheckID("applicationId", in.ApplicationID)
	if len(in.Sessions) == 0 || len(in.Sessions) > maxImport {
		bad.Add("sessions", "outOfRange", "must be 1 to 100 objects")
		return ImportSessionsOutput{}, bad.Err()
	}
	requests := make([]session.ImportRequest, len(in.Sessions))
	faults := []error{bad.Err()}
	for n, raw := range in.Sessions {
		var err error
		requests[n], err = readImported(raw, fmt.Sprintf("sessions[%d]", n), o.Now())
		faults = append(faults, err)
	}
	if err := api.JoinFaults(faults...); err != nil {
		return ImportSessionsOutput{}, err
	}
	whys, err := session.NewImporter(o.Store, o.Now).Import(ctx, in.TenantID, in.ApplicationID, requests)
	if err != nil {
		return ImportSessionsOutput{}, err
	}
	out := ImportSessionsOutput{Skipped: []Skipped{}}
	for n, why := range whys {
		if why == "" {
			out.Imported++
		} else {
			out.Skipped = append(out.Skipped, Skipped{n, why})
		}
	}
	return out, nil
}

// readImported reads one session; at names it in the fields at fault.
func readImported(raw json.RawMessage, at string, now time.Time) (session.ImportRequest, error) {
	at += "."
	var in importedSession
	var bad api.Faults
	req := session.ImportRequest{}
	malformed := decode(raw, at, &in)
	bad.CheckID(at+"userId", in.UserID)
	var ok bool
	if req.Foreign, ok = token.ParseForeign(in.TokenSHA256); !ok {
		bad.Add(at+"tokenSha256", "invalid", "must be 64 hexadecimal digits")
	}
	if in.CreatedAt != nil {
		if req.CreatedAt = *in.CreatedAt; req.CreatedAt.After(now) || req.CreatedAt.Unix() < 0 {
			bad.Add(at+"createdAt", "outOfRange", "must be in the past, from 1970 on")
		}
	}
	if in.AbsoluteExpiresAt != nil {
		req.AbsoluteExpiresAt = *in.AbsoluteExpiresAt
	}
	if in.Scope != "" && (len(in.Scope) > api.MaxScope || !api.WellFormedScope(in.Scope)) {
		bad.Add(at+"scope", "invalid", "must be scope tokens with single spaces between them, at most 256 bytes")
	}
	req.User, req.Scope = in.UserID, in.Scope
	var claims, device error
	req.Claims, claims = readImportedClaims(in.Claims, at)
	req.Device, device = readImportedDevice(in.Device, at+"device.")
	return req, api.JoinFaults(malformed, bad.Err(), claims, device)
}

// readImportedClaims reads claims by the rules of issue.
func readImportedClaims(raw json.RawMessage, at string) (json.RawMessage, error) {
	if raw == nil {
		return nil, nil
	}
	var compact, signed bytes.Buffer
	members, err := api.ParseObject(raw)
	if err != nil || json.Compact(&compact, raw) != nil {
		return nil, api.FieldFault(at+"claims", "invalid", "must be an object without doubled keys")
	}
	if len(members) == 0 {
		return nil, nil
	}
	json.HTMLEscape(&signed, compact.Bytes())
	bad := session.ClaimFaults(signed.Bytes(), nil)
	for i := range bad {
		bad[i].Field, bad[i].Message = at+bad[i].Field, at+bad[i].Message
	}
	if len(bad) > 0 {
		return nil, &session.InputError{Fields: bad}
	}
	return signed.Bytes(), nil
}

func readImportedDevice(raw json.RawMessage, at string) (*session.Device, error) {
	if raw == nil {
		return nil, nil
	}
	var in importedDevice
	if err := decode(raw, at, &in); err != nil {
		return nil, err
	}
	var bad api.Faults
	for _, member := range []struct {
		name, value string
		limit       int
	}{{"name", in.Name, 64}, {"type", in.Type, 32}, {"userAgent", in.UserAgent, 256}} {
		if len(member.value) > member.limit {
			bad.Add(at+member.name, "tooLong", fmt.Sprintf("may have %d bytes", member.limit))
		}
	}
	if _, err := netip.ParseAddr(in.IP); in.IP != "" && err != nil {
		bad.Add(at+"ip", "invalid", "must be an IP address")
	}
	return &session.Device{Name: in.Name, Type: in.Type, UserAgent: in.UserAgent, IP: in.IP}, bad.Err()
}
