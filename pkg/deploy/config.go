package deploy

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// The variables, as template.yaml sets them.
const (
	TableName   = "TABLE_NAME"
	Issuer      = "ISSUER"
	Origins     = "ALLOWED_ORIGINS"
	SigningKeys = "SIGNING_KEYS_SECRET_ARN"
	PublicKeys  = "PUBLIC_KEYS_SECRET_ARN"
	TokenKeys   = "TOKEN_KEYS_SECRET_ARN" //nolint:gosec // the name of a variable, not a credential
	SigningAlg  = "SIGNING_ALGORITHM"
	EpochCopies = "EPOCH_COPIES"
	Metrics     = "METRICS_NAMESPACE"
	EventBus    = "EVENT_BUS_NAME"
)

// MaxEpochCopies is the most that a transaction of the store is made for.
const MaxEpochCopies = 64

// Config is what a function runs with. A field that the function did not ask for may be empty.
type Config struct {
	Table       string
	Issuer      string
	Origins     []string // exact browser origins
	SigningKeys string   // ARN of the private signing keys
	PublicKeys  string   // ARN of their public halves
	TokenKeys   string   // ARN of the token keys
	SigningAlg  string   // of new signing keys: ES256, EdDSA or RS256
	EpochCopies int      // of each application; 1 unless the environment says otherwise
	Metrics     string   // CloudWatch namespace of the functions' own metrics; "" for none
	EventBus    string   // where lifecycle events go
}

// Read reads the environment. Needed names the variables that must be set; the error lists every mistake.
func Read(getenv func(string) string, needed ...string) (Config, error) {
	var wrong []error
	for _, name := range needed {
		if getenv(name) == "" {
			wrong = append(wrong, fmt.Errorf("%s is not set", name))
		}
	}
	c := Config{
		Table: getenv(TableName), Issuer: getenv(Issuer),
		SigningKeys: getenv(SigningKeys), PublicKeys: getenv(PublicKeys), TokenKeys: getenv(TokenKeys),
		SigningAlg: getenv(SigningAlg), Metrics: getenv(Metrics), EventBus: getenv(EventBus),
	}
	for origin := range strings.SplitSeq(getenv(Origins), ",") {
		if origin = strings.TrimSpace(origin); origin != "" {
			c.Origins = append(c.Origins, origin)
		}
	}
	var err error
	if c.EpochCopies, err = strconv.Atoi(cmp.Or(getenv(EpochCopies), "1")); err != nil || c.EpochCopies < 1 || c.EpochCopies > MaxEpochCopies {
		wrong = append(wrong, fmt.Errorf("%s must be a number from 1 to %d", EpochCopies, MaxEpochCopies))
	}
	return c, errors.Join(append(wrong, c.validate()...)...)
}

func (c *Config) validate() (wrong []error) {
	if issuer, err := url.Parse(c.Issuer); c.Issuer != "" && (err != nil || issuer.Scheme == "" || issuer.Host == "") {
		wrong = append(wrong, fmt.Errorf("%s must be a URL such as https://auth.example.com", Issuer))
	}
	if !slices.Contains([]string{"", "ES256", "EdDSA", "RS256"}, c.SigningAlg) {
		wrong = append(wrong, fmt.Errorf("%s must be ES256, EdDSA or RS256", SigningAlg))
	}
	for _, origin := range c.Origins {
		u, err := url.Parse(origin)
		if err != nil || u.Scheme == "" || u.Host == "" || u.Scheme+"://"+u.Host != origin {
			wrong = append(wrong, fmt.Errorf("%s: %q must be an origin such as https://app.example.com", Origins, origin))
		}
	}
	return wrong
}
