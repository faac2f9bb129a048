package overlap

import "time"

// Policy is a rule with the products that publish it.
type Policy struct {
	Name     string
	rule     Rule
	Products []Product
}

// Product is what a product's documentation says about a rotated token.
type Product struct {
	Name, Says, Page string
}

// Policies are the rows of the table. Where a product has no fixed window, it is 30 s, so that the rules compare.
func Policies() []Policy {
	const window = 30 * time.Second
	return []Policy{
		{"this service, overlap 30 s", law4(window), nil},
		{"this service, overlap a day", law4(day), nil},
		{"no grace", strict, noGrace()},
		{"the token before, 30 s", predecessor(window), sameAnswer()},
		{"siblings, 30 s", siblings(window), manySiblings()},
		{"siblings, a day", siblings(day), longSiblings()},
		{"siblings of one token, 30 s", siblingsOfPredecessor(window), fewSiblings()},
		{"newest child wins, 30 s", newestChild(window), oneChild()},
		{"parent, any time; others 10 s", parentAtAnyTime(10 * time.Second), anyTime()},
	}
}

func noGrace() []Product {
	return []Product{
		{
			"Keycloak, Revoke Refresh Token on", "revokes the token and issues another one that the client must use",
			"https://github.com/keycloak/keycloak/blob/68a58dbffbf0a0847b1044c0fc4bf3da3e0807e5/docs/documentation/server_admin/topics/sessions/timeouts.adoc",
		},
		{
			"Duende IdentityServer, OneTime", "rejects all consumed tokens, unless a subclass accepts some",
			"https://docs.duendesoftware.com/identityserver/tokens/refresh",
		},
		{
			"Curity, grace-period 0 (default)", "no grace period; the token is revoked immediately",
			"https://curity.io/docs/identity-server/configuration-reference/profiles/profile/settings/authorization-server/refresh-token-revocation",
		},
		{
			"PingOne, rotation on", "a refresh token can be used once",
			"https://docs.pingidentity.com/pingone/applications/p1_refresh_token_rotation.html",
		},
	}
}

func sameAnswer() []Product {
	return []Product{
		{
			"dex, reuseInterval", "the same refresh token again within the interval, for the previous token only",
			"https://github.com/dexidp/website/blob/0390f81df29ade5ad2989fd875489356fe803c24/content/docs/configuration/tokens.md",
		},
		{
			"FusionAuth, one-time use grace period", "0 (default) to 24 h; returns the current token and does not rotate",
			"https://github.com/FusionAuth/fusionauth-site/blob/12a6f075476d51ad4a333e13dc3e2876ced8bcaf/astro/src/content/docs/get-started/core-concepts/_refresh-token-settings.mdx",
		},
	}
}

func manySiblings() []Product {
	return []Product{
		{
			"Ory Hydra, rotation_grace_period", "up to 5 min; each use returns new tokens; a use after it revokes the chain",
			"https://github.com/ory/docs/blob/1456674597aefea64906e2c51d15e67c12564386/docs/hydra/guides/graceful-token-refresh.mdx",
		},
		{
			"Okta, grace period", "the previous token remains valid for the configured time; afterwards reuse is detected",
			"https://developer.okta.com/docs/guides/refresh-tokens/refresh-token-rotation/",
		},
		{
			"Amazon Cognito, RetryGracePeriodSeconds", "0 to 60 s in which the original token remains valid",
			"https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_RefreshTokenRotationType.html",
		},
	}
}

func longSiblings() []Product {
	return []Product{{
		"Ory Hydra, with a count limit", "up to 30 days",
		"https://github.com/ory/docs/pull/2217",
	}}
}

func fewSiblings() []Product {
	return []Product{{
		"Auth0, rotation overlap period", "a new token is issued; only the previous token can be reused, the second-to-last is a breach",
		"https://auth0.com/docs/tokens/guides/configure-refresh-token-rotation",
	}}
}

func oneChild() []Product {
	return []Product{{
		"Airlock IAM, grace period", "reuse as long as the new tokens have not been used; only the most recent new pair is valid",
		"https://docs.airlock.com/iam/7.7/data/data/1594920812889.html",
	}}
}

func anyTime() []Product {
	return []Product{{
		"Supabase Auth", "within 10 s (default), and the parent of the active token: returns the active token",
		"https://supabase.com/docs/guides/auth/sessions",
	}}
}
