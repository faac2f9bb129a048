package verify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/stencil-auth/refresh-tokens/pkg/issuer"
	"github.com/stencil-auth/refresh-tokens/pkg/keys"
)

const (
	fetchTimeout = 5 * time.Second // of both documents
	// maxDocument bounds what is read of a document, in bytes. A set of ten RSA keys has 5 KB.
	maxDocument = 256 << 10
)

// ring caches the key set: for five minutes, and for an unknown kid it is fetched again, once in five seconds at most.
func (c Config) ring() (*keys.Ring[keys.PublicSet], error) {
	if c.JWKS != nil {
		set, err := keys.ParseJWKS(c.JWKS)
		return keys.NewRing(func(context.Context) (*keys.PublicSet, error) { return set, nil }), err
	}
	var client http.Client
	if c.Client != nil {
		client = *c.Client
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	s := source{client: &client, issuer: c.Issuer, discovery: c.Issuer + "/.well-known/oauth-authorization-server"}
	if len(c.Tenants) > 0 { // all tenants of a deployment have one key set
		s.issuer = issuer.Service(c.Issuer).Of(c.Tenants[0])
		s.discovery = s.issuer + "/.well-known/openid-configuration"
	}
	ring := keys.NewRing(s.fetch)
	ring.OnStale, ring.Now = c.OnStale, c.Now
	return ring, nil
}

// source is where the keys of an issuer are published.
type source struct {
	client            *http.Client
	issuer, discovery string
}

// fetch finds the key set through the issuer's metadata (RFC 8414 section 3, OpenID Connect Discovery section 4).
func (s source) fetch(ctx context.Context) (*keys.PublicSet, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	var metadata struct {
		Issuer  string `json:"issuer"`
		JWKSURI string `json:"jwks_uri"`
	}
	document, err := s.get(ctx, s.discovery)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(document, &metadata); err != nil {
		return nil, fmt.Errorf("%s: %w", s.discovery, err)
	}
	downgraded := strings.HasPrefix(s.issuer, "https:") && !strings.HasPrefix(metadata.JWKSURI, "https:")
	if metadata.Issuer != s.issuer || downgraded || !secure(metadata.JWKSURI) { // RFC 8414 sections 2 and 3.3
		return nil, fmt.Errorf("%s is not the metadata of %s: its issuer is %q and its jwks_uri %q",
			s.discovery, s.issuer, metadata.Issuer, metadata.JWKSURI)
	}
	if document, err = s.get(ctx, metadata.JWKSURI); err != nil {
		return nil, err
	}
	set, err := keys.ParseJWKS(document)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", metadata.JWKSURI, err)
	}
	return set, nil
}

func (s source) get(ctx context.Context, location string) (body []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, location, nil)
	if err != nil {
		return nil, err
	}
	answer, err := s.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: status %d", location, answer.StatusCode)
	}
	body, err = io.ReadAll(io.LimitReader(answer.Body, maxDocument+1))
	if err == nil && len(body) > maxDocument {
		err = fmt.Errorf("%s has over %d bytes", location, maxDocument)
	}
	return body, err
}

// secure reports whether nobody between can change what a URL answers: https, or http on this host.
func secure(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return false
	}
	address := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || address != nil && address.IsLoopback())
}
