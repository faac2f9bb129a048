// Real clients: each is made for any OAuth 2.0 server and knows nothing of this one but its metadata.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as proofs from 'dpop';
import * as jose from 'jose';
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';
import {
  API_KEY, APPLICATION_ID, BASE_URL, DPOP_APPLICATION_ID, READ_API_KEY, TENANT_ID, as, issue, issueBound, issueElsewhere, issuerOf,
} from './fixture.mjs';

const loopback = { [oauth.allowInsecureRequests]: true }; // http, which the clients refuse elsewhere
const client = { client_id: APPLICATION_ID };

/** By RFC 8414 or OpenID Connect Discovery. */
async function discover(algorithm = 'oauth2') {
  const issuer = new URL(issuerOf());
  const answer = await oauth.discoveryRequest(issuer, { algorithm, ...loopback });
  return oauth.processDiscoveryResponse(issuer, answer);
}

async function refresh(server, token, options = {}) {
  const answer = await oauth.refreshTokenGrantRequest(server, client, oauth.None(), token, { ...loopback, ...options });
  return oauth.processRefreshTokenResponse(server, client, answer);
}

/** Client authentication of the introspection endpoint: an API key. */
const withKey = (_server, _client, _body, headers) => Object.entries(as(READ_API_KEY)).forEach(([name, value]) => headers.set(name, value));

async function introspect(server, token) {
  const answer = await oauth.introspectionRequest(server, client, withKey, token, loopback);
  return oauth.processIntrospectionResponse(server, client, answer);
}

test('oauth4webapi refreshes, narrows, introspects and revokes', async () => {
  const server = await discover();
  const session = await issue();
  const first = await refresh(server, session.refreshToken);
  assert.equal(first.token_type, 'bearer'); // the client lower-cases it
  assert.notEqual(first.refresh_token, session.refreshToken);
  assert.equal(first.scope, 'read write');
  const second = await refresh(server, first.refresh_token, { additionalParameters: { scope: 'read' } });
  assert.equal(second.scope, 'read');

  const about = await introspect(server, second.refresh_token);
  assert.equal(about.active, true);
  assert.equal(about.client_id, APPLICATION_ID);
  assert.equal((await introspect(server, second.access_token)).scope, 'read');
  assert.equal((await introspect(server, first.refresh_token)).active, false);

  const revoke = async (token) =>
    oauth.processRevocationResponse(await oauth.revocationRequest(server, client, oauth.None(), token, loopback));
  await revoke(second.access_token); // narrowed: it was given to somebody else, and ends nothing
  assert.equal((await introspect(server, second.refresh_token)).active, true);
  await revoke(second.refresh_token);
  assert.equal((await introspect(server, second.refresh_token)).active, false);
  await assert.rejects(refresh(server, second.refresh_token), { name: 'ResponseBodyError', error: 'invalid_grant', status: 400 });
});

test('oauth4webapi refuses a wider scope with the error of RFC 6749', async () => {
  const server = await discover();
  const { refreshToken } = await issue();
  await assert.rejects(refresh(server, refreshToken, { additionalParameters: { scope: 'admin' } }), { error: 'invalid_scope' });
  await refresh(server, refreshToken); // nothing was rotated
});

test('oauth4webapi validates the access token as RFC 9068 says', async () => {
  for (const algorithm of ['oauth2', 'oidc']) {
    const server = await discover(algorithm);
    const validate = ({ accessToken }) => {
      const request = new Request(BASE_URL, { headers: { Authorization: `Bearer ${accessToken}` } });
      return oauth.validateJwtAccessToken(server, request, APPLICATION_ID, loopback);
    };
    const claims = await validate(await issue());
    assert.equal(claims.client_id, APPLICATION_ID);
    assert.equal(claims.tid, TENANT_ID);
    await assert.rejects(validate(await issueElsewhere()), /"iss"/);
  }
});

test('oauth4webapi binds a session to its key and proves it at a resource', async () => {
  const server = await discover();
  assert.deepEqual(server.dpop_signing_alg_values_supported, ['ES256', 'EdDSA', 'RS256']);
  const bound = { client_id: DPOP_APPLICATION_ID };
  const DPoP = oauth.DPoP(bound, await oauth.generateKeyPair('ES256'));
  const exchange = async (token, options) => oauth.processRefreshTokenResponse(server, bound,
    await oauth.refreshTokenGrantRequest(server, bound, oauth.None(), token, { ...loopback, ...options }));
  const session = await issueBound();
  const first = await exchange(session.refreshToken, { DPoP });
  assert.equal(first.token_type, 'dpop');
  assert.equal(jose.decodeJwt(first.access_token).cnf.jkt, await DPoP.calculateThumbprint());
  const thief = oauth.DPoP(bound, await oauth.generateKeyPair('ES256'));
  for (const options of [{}, { DPoP: thief }]) {
    await assert.rejects(exchange(first.refresh_token, options), { error: 'invalid_grant' });
  }
  const { access_token } = await exchange(first.refresh_token, { DPoP });
  const ask = (options) => oauth.protectedResourceRequest(access_token, 'GET', new URL(`${BASE_URL}/jwt/refresh/${session.refreshTokenId}`),
    new Headers({ 'X-Stencil-TenantId': TENANT_ID }), null, { ...loopback, ...options });
  assert.equal((await ask({ DPoP })).status, 200);
  for (const options of [{}, { DPoP: thief }]) {
    await assert.rejects(ask(options), { name: 'WWWAuthenticateChallengeError', status: 401 });
  }
});

test('proofs of the package dpop bind a session', async () => {
  for (const algorithm of ['ES256', 'RS256']) {
    const key = await proofs.generateKeyPair(algorithm);
    const dpopJkt = await proofs.calculateThumbprint(key.publicKey);
    const { accessToken, refreshToken, refreshTokenId } = await issueBound({ dpopJkt });
    assert.equal(jose.decodeJwt(accessToken).cnf.jkt, dpopJkt);
    const read = `${BASE_URL}/jwt/refresh/${refreshTokenId}`;
    const headers = {
      Authorization: `DPoP ${accessToken}`, 'X-Stencil-TenantId': TENANT_ID,
      DPoP: await proofs.generateProof(key, read, 'GET', undefined, accessToken),
    };
    assert.equal((await fetch(read, { headers })).status, 200);
    const body = JSON.stringify({ refreshToken });
    const DPoP = await proofs.generateProof(key, `${BASE_URL}/jwt/refresh`, 'POST');
    const answer = await fetch(`${BASE_URL}/jwt/refresh`, { method: 'POST', headers: { DPoP }, body });
    assert.equal((await answer.json()).data.tokenType, 'DPoP');
    assert.equal((await fetch(`${BASE_URL}/jwt/refresh`, { method: 'POST', body })).status, 400);
  }
});

test('openid-client discovers, refreshes, introspects and revokes, and its tokens verify', async () => {
  const discover = (algorithm, tenant) => openid.discovery(new URL(issuerOf(tenant)), APPLICATION_ID, undefined, openid.None(), {
    algorithm, execute: [openid.allowInsecureRequests],
  });
  assert.equal((await discover('oauth2', 'other')).serverMetadata().issuer, issuerOf('other'));
  const config = await discover('oidc');
  // Introspection needs an API key, which this client has no words for.
  config[openid.customFetch] = (url, options) => {
    const headers = url.endsWith('/introspect') ? { ...options.headers, ...as(API_KEY) } : options.headers;
    return fetch(url, { ...options, headers });
  };
  const session = await issue();
  const tokens = await openid.refreshTokenGrant(config, session.refreshToken);
  assert.ok(tokens.expiresIn() > 0);
  // It verifies ID tokens alone: what it has discovered is enough to verify the access token.
  const { issuer, jwks_uri } = config.serverMetadata();
  const keys = jose.createRemoteJWKSet(new URL(jwks_uri));
  const verified = (token) => jose.jwtVerify(token, keys, { issuer, audience: config.clientMetadata().client_id, typ: 'at+jwt' });
  assert.equal((await verified(tokens.access_token)).payload.sid, session.refreshTokenId);
  await assert.rejects(verified((await issueElsewhere()).accessToken), { claim: 'iss' });
  assert.equal((await openid.tokenIntrospection(config, tokens.access_token)).active, true);
  assert.equal((await openid.tokenIntrospection(config, session.accessToken)).active, true); // until exp, or the session's end
  await openid.tokenRevocation(config, tokens.refresh_token);
  assert.equal((await openid.tokenIntrospection(config, tokens.refresh_token)).active, false);
  assert.equal((await openid.tokenIntrospection(config, session.accessToken)).active, false);
  await assert.rejects(openid.refreshTokenGrant(config, tokens.refresh_token), { error: 'invalid_grant' });
});

test('jose verifies the access token against the discovered keys', async () => {
  const { issuer, jwks_uri } = await (await fetch(`${issuerOf()}/.well-known/openid-configuration`)).json();
  const keys = jose.createRemoteJWKSet(new URL(jwks_uri));
  const { accessToken, refreshTokenId } = await issue();
  const expected = { issuer, audience: APPLICATION_ID, typ: 'at+jwt', algorithms: ['ES256'], requiredClaims: ['exp', 'iat', 'jti', 'sid'] };
  const { payload } = await jose.jwtVerify(accessToken, keys, expected);
  assert.equal(payload.sid, refreshTokenId);
  const elsewhere = await issueElsewhere();
  await assert.rejects(jose.jwtVerify(elsewhere.accessToken, keys, expected), { code: 'ERR_JWT_CLAIM_VALIDATION_FAILED', claim: 'iss' });
  const [head, , signature] = accessToken.split('.');
  const forged = [head, jose.base64url.encode(JSON.stringify({ ...payload, sub: 'mallory' })), signature].join('.');
  await assert.rejects(jose.jwtVerify(forged, keys, expected), { code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' });
});
