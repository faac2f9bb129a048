package token

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"slices"
)

// Audience is the claim aud (RFC 7519 section 4.1.3): a string in JSON where it is one, a list where there are more.
type Audience []string

var errAudience = errors.New("not an audience")

// MarshalJSON writes a string or a list.
func (a Audience) MarshalJSON() ([]byte, error) {
	if len(a) == 1 {
		return json.Marshal(a[0])
	}
	return json.Marshal([]string(a))
}

// UnmarshalJSON reads what MarshalJSON writes, and nothing else.
func (a *Audience) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil && one != "" {
		*a = Audience{one}
		return nil
	}
	var list []string
	if err := json.Unmarshal(raw, &list); err != nil || len(list) < 2 || slices.Contains(list, "") {
		return errAudience
	}
	*a = list
	return nil
}

// NarrowedID is the jti of an access token of smaller scope or audience than its session's (law 6). It follows from the
// jti of the session's current one, so that nothing is stored for it. No scope and no audience has the separator.
func NarrowedID(current ID, scope string, audience Audience) string {
	const separator = "\x00"
	sum := sha256.New()
	_, _ = io.WriteString(sum, current.String())
	for _, part := range append([]string{scope}, audience...) {
		_, _ = io.WriteString(sum, separator+part)
	}
	return base64.RawURLEncoding.EncodeToString(sum.Sum(nil))
}
