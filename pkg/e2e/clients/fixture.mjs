// The running service that the clients' tests share: its credentials, from the environment, and sessions.
import assert from 'node:assert/strict';

export const { BASE_URL, TENANT_ID, APPLICATION_ID, API_KEY, READ_API_KEY } = process.env;
assert.ok(BASE_URL && API_KEY, 'credentials.env of a running service must be in the environment');

let users = 0;

/** The headers of an API key. */
export const as = (key) => ({ Authorization: `Bearer ${key}`, 'X-Stencil-TenantId': TENANT_ID });

/** Starts a session of a new user, with the scope "read write". */
export async function issue() {
  const body = JSON.stringify({ userId: `client-${process.pid}-${++users}`, applicationId: APPLICATION_ID, scope: 'read write' });
  const answer = await fetch(`${BASE_URL}/jwt/issue`, { method: 'POST', headers: as(API_KEY), body });
  assert.equal(answer.status, 201);
  return (await answer.json()).data;
}
