package main

import "net/url"

// wire is how a server is asked for a refresh, and how it answers.
type wire struct {
	path, contentType string
	body              func(token string) string
	answer            func() tokens // something that JSON is read into
}

// tokens is a success.
type tokens interface {
	tokens() (access, refresh string)
}

// oauth is a token endpoint for a public client (RFC 6749 section 6). All servers have one.
func oauth(path string) wire {
	return wire{
		path: path, contentType: "application/x-www-form-urlencoded",
		body: func(token string) string {
			return url.Values{"grant_type": {"refresh_token"}, "client_id": {"web"}, "refresh_token": {token}}.Encode()
		},
		answer: func() tokens { return &oauthAnswer{} },
	}
}

type oauthAnswer struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
}

func (a *oauthAnswer) tokens() (access, refresh string) { return a.AccessToken, a.RefreshToken }

// canonical is this service's own route.
func canonical() wire {
	return wire{
		path: "/jwt/refresh", contentType: "application/json",
		body:   func(token string) string { return `{"refreshToken":"` + token + `"}` },
		answer: func() tokens { return &canonicalAnswer{} },
	}
}

type canonicalAnswer struct {
	Data struct {
		AccessToken  string `json:"accessToken"`
		RefreshToken string `json:"refreshToken"`
	} `json:"data"`
}

func (a *canonicalAnswer) tokens() (access, refresh string) {
	return a.Data.AccessToken, a.Data.RefreshToken
}
