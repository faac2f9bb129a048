package process

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/stencil-auth/refresh-tokens/pkg/frame"
	"github.com/stencil-auth/refresh-tokens/pkg/issuer"
)

// The variables, as template.yaml sets them.
const (
	TableName   = "TABLE_NAME"
	Issuer      = "ISSUER"
	Origins     = "ALLOWED_ORIGINS"         // exact browser origins, separated by commas
	Headers     = "ALLOWED_HEADERS"         // more request headers of browsers, separated by commas
	PublicURLs  = "PUBLIC_URLS"             // of this service, for proofs of possession, separated by commas; the issuer by default
	Cookies     = "COOKIE_DOMAIN"           // Domain of the cookies; the API's host alone by default
	SigningKeys = "SIGNING_KEYS_SECRET_ARN" // the private signing keys
	PublicKeys  = "PUBLIC_KEYS_SECRET_ARN"  // their public halves
	TokenKeys   = "TOKEN_KEYS_SECRET_ARN"   //nolint:gosec // the name of a variable, not a credential
	SigningAlg  = "SIGNING_ALGORITHM"       // of new signing keys: ES256, EdDSA or RS256
	EpochCopies = "EPOCH_COPIES"            // of each application; 1 by default
	Metrics     = "METRICS_NAMESPACE"       // of the metrics in CloudWatch; none by default
	EventBus    = "EVENT_BUS_NAME"          // of lifecycle events
	Imported    = "ACCEPT_IMPORTED"         // true: refresh tokens of another system, if they were imported
	ImportedAs  = "IMPORTED_TOKEN_PATTERN"  // what they match; any by default
	HookARN     = "CLAIMS_HOOK_ARN"         // of the claims hook; none by default
	HookURL     = "CLAIMS_HOOK_URL"         // of the claims hook of a laptop; none by default
	HookFailure = "CLAIMS_HOOK_FAILURE"     // keep or refuse
	Audience    = "RESOURCE_AUDIENCE"       // of access tokens at the owner's other APIs
	TakesDPoP   = "RESOURCE_TAKES_DPOP"     // true: they take bound access tokens, with a proof
	Answer      = "RESOURCE_ANSWER"         // simple or policy
)

// Environment reads variables and collects what is wrong with them, so that a start reports every mistake.
type Environment struct {
	getenv func(name string) string
	wrong  []error
}

// NewEnvironment reads with getenv, as os.Getenv.
func NewEnvironment(getenv func(name string) string) Environment { return Environment{getenv: getenv} }

// Get is an optional variable.
func (e *Environment) Get(name string) string { return e.getenv(name) }

// Need is a variable that must be set.
func (e *Environment) Need(name string) string {
	value := e.getenv(name)
	if value == "" {
		e.Refuse(fmt.Errorf("%s is not set", name))
	}
	return value
}

// Refuse adds a mistake, once; nil is no mistake.
func (e *Environment) Refuse(err error) {
	if err != nil && !slices.ContainsFunc(e.wrong, func(known error) bool { return known.Error() == err.Error() }) {
		e.wrong = append(e.wrong, err)
	}
}

// Err lists the mistakes so far.
func (e *Environment) Err() error { return errors.Join(e.wrong...) }

// Issuer is the service's own URL, which must be set.
func (e *Environment) Issuer() issuer.Service {
	own := e.Need(Issuer)
	if u, err := url.Parse(own); own != "" && (err != nil || u.Scheme == "" || u.Host == "") {
		e.Refuse(fmt.Errorf("%s must be a URL such as https://auth.example.com", Issuer))
	}
	return issuer.Service(own)
}

// Patterns of what browsers send and take; those of template.yaml are the same.
var (
	anOrigin = regexp.MustCompile(`^[a-z][a-z0-9+.-]*://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?$`)
	aHeader  = regexp.MustCompile(`^[A-Za-z0-9-]+$`)
	aDomain  = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)+$`)
)

// CORS are the origins whose pages may use the API, and the headers that they may send.
func (e *Environment) CORS() frame.Origins {
	return frame.Origins{
		Allowed: e.list(Origins, anOrigin, "an origin in lower case such as https://app.example.com"),
		Sends:   e.list(Headers, aHeader, "the name of a header such as X-Request-Id"),
	}
}

// CookieDomain is the Domain attribute of the cookies; "" for the API's host alone.
func (e *Environment) CookieDomain() string {
	return strings.Join(e.list(Cookies, aDomain, "one domain in lower case such as example.com"), "")
}

// AcceptsImported reports whether refresh tokens of another system are accepted, and what they must match; nil for any.
func (e *Environment) AcceptsImported() (accepts bool, pattern *regexp.Regexp) {
	if text := e.Get(ImportedAs); text != "" {
		var err error
		if pattern, err = regexp.Compile("^(?:" + text + ")$"); err != nil {
			e.Refuse(fmt.Errorf("%s must be a regular expression (RE2): %w", ImportedAs, err))
		}
	}
	return e.is(Imported, "true", "false"), pattern
}

// TakesDPoP reports whether the owner's other APIs take access tokens that are bound to a key.
func (e *Environment) TakesDPoP() bool { return e.is(TakesDPoP, "true", "false") }

// AnswersWithPolicy reports whether their HTTP APIs with payload 2.0 get a policy.
func (e *Environment) AnswersWithPolicy() bool { return e.is(Answer, "policy", "simple") }

// is reports whether a variable has its word for yes. It is no by default.
func (e *Environment) is(name, yes, no string) bool {
	value := e.Get(name)
	if value != "" && value != yes && value != no {
		e.Refuse(fmt.Errorf("%s must be %s or %s", name, no, yes))
	}
	return value == yes
}

// RefusesWithoutHook reports whether a refresh is refused where the claims hook fails.
func (e *Environment) RefusesWithoutHook() bool { return e.is(HookFailure, "refuse", "keep") }

func (e *Environment) list(name string, pattern *regexp.Regexp, want string) (items []string) {
	for item := range strings.SplitSeq(e.Get(name), ",") {
		if item = strings.TrimSpace(item); item == "" {
			continue
		}
		if !pattern.MatchString(item) {
			e.Refuse(fmt.Errorf("%s: %q must be %s", name, item, want))
		}
		items = append(items, item)
	}
	return items
}
