package dpop

import (
	"errors"
	"net/url"
	"strings"
)

// Base is a public URL of the service, normalised: the routes are below it.
type Base struct {
	origin string // scheme, host and a port that is not the scheme's own
	path   string // "" or with a leading slash
}

// ErrBase is the error of a string that cannot be a public URL.
var ErrBase = errors.New("not an http or https URL without query and fragment")

// ParseBase reads a public URL. Errors: ErrBase.
func ParseBase(text string) (Base, error) {
	u, err := url.Parse(text)
	if err != nil || u.RawQuery != "" || u.Fragment != "" {
		return Base{}, ErrBase
	}
	b, ok := normalised(u)
	if !ok {
		return Base{}, ErrBase
	}
	return b, nil
}

// names reports whether a URI is that of a path below the base, whatever its query (RFC 9449 section 4.3, check 9). Custom
// domains hand a path on with the base path in front of it. A path that arrives decoded is compared as it is too.
func (b Base) names(uri, path string) bool {
	u, err := url.Parse(uri)
	if err != nil {
		return false
	}
	named, ok := normalised(u)
	if !ok || named.origin != b.origin {
		return false
	}
	decoded, ok := decode(path)
	return ok && b.holds(named.path, decoded) || b.holds(named.path, strings.TrimSuffix(path, "/"))
}

// holds reports whether named is path below the base, or path with the base in front of it already.
func (b Base) holds(named, path string) bool {
	return named == b.path+path || named == path && (path == b.path || strings.HasPrefix(path, b.path+"/"))
}

// normalised is a URI without query and fragment (RFC 3986 section 6.2): case, the scheme's own port, dot segments and
// percent-encoding make no difference, nor does a slash at its end, as on every route.
func normalised(u *url.URL) (Base, bool) {
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	port, known := map[string]string{"http": ":80", "https": ":443"}[scheme]
	host = strings.TrimSuffix(strings.TrimSuffix(host, port), ":")
	path, ok := decode(u.EscapedPath())
	return Base{scheme + "://" + host, path}, ok && known && host != "" && u.User == nil && u.Opaque == ""
}

// decode removes dot segments, percent-decodes once, and removes one slash at the end.
func decode(path string) (string, bool) {
	kept := []string{""}
	path = strings.TrimSuffix(strings.TrimPrefix(path, "/"), "/")
	if path == "" {
		return "", true
	}
	for segment := range strings.SplitSeq(path, "/") {
		segment, err := url.PathUnescape(segment)
		switch {
		case err != nil:
			return "", false
		case segment == "..":
			kept = kept[:max(1, len(kept)-1)]
		case segment != ".":
			kept = append(kept, segment)
		}
	}
	return strings.Join(kept, "/"), true
}
