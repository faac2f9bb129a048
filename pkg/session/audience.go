package session

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"github.com/stencil-auth/refresh-tokens/pkg/token"
)

// maxAudiences is the largest number of audiences of an application. With custom claims at their limit, an access token
// still fits into a header of API Gateway.
const maxAudiences = 10

// Audiences is a list of resource servers that is never null in JSON.
type Audiences []string

// MarshalJSON writes an empty list as one.
func (a Audiences) MarshalJSON() ([]byte, error) {
	if len(a) == 0 {
		return []byte("[]"), nil
	}
	return json.Marshal([]string(a))
}

// UnmarshalJSON reads every empty list alike.
func (a *Audiences) UnmarshalJSON(raw []byte) error {
	*a = nil
	var list []string
	if err := json.Unmarshal(raw, &list); err != nil || len(list) == 0 {
		return err
	}
	*a = list
	return nil
}

// isAudience reports whether a string is an absolute URI without a fragment (RFC 8707 section 2), or an id.
func isAudience(text string) bool {
	if CheckID(text) != nil {
		return false
	}
	if !strings.Contains(text, "://") {
		return true
	}
	u, err := url.Parse(text)
	return err == nil && u.IsAbs() && u.Host != "" && !strings.ContainsAny(text, "# ")
}

// Audience is the claim aud of the application's whole access tokens (law 6).
func (a Application) Audience() token.Audience {
	return append(token.Audience{a.ID}, a.Settings.Audiences...)
}

// narrowed is a session as a request wants its access token: with the scope and the audience that it asks for. The boolean
// says whether either is smaller than the session's. Errors: ErrScope, ErrTarget.
func narrowed(s Session, req RefreshRequest) (Session, bool, error) {
	narrow := false
	if req.Scope != "" {
		if !covers(s.Scope, req.Scope) {
			return s, false, ErrScope
		}
		narrow = !covers(req.Scope, s.Scope)
		s.Scope = req.Scope
	}
	if len(req.Resources) > 0 {
		unknown := func(r string) bool { return !slices.Contains(s.Audience, r) }
		if slices.ContainsFunc(req.Resources, unknown) {
			return s, false, ErrTarget
		}
		whole := s.Audience
		s.Audience = slices.DeleteFunc(slices.Clone(whole), func(a string) bool { return !slices.Contains(req.Resources, a) })
		narrow = narrow || len(s.Audience) < len(whole)
	}
	return s, narrow, nil
}

// covers reports whether every scope token of narrow is in wide.
func covers(wide, narrow string) bool {
	granted := strings.Fields(wide)
	for one := range strings.FieldsSeq(narrow) {
		if !slices.Contains(granted, one) {
			return false
		}
	}
	return true
}
