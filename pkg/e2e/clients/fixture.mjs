// The running service that the clients' tests share: its credentials, from the environment, and sessions.
import assert from 'node:assert/strict';

export const { BASE_URL, TENANT_ID, APPLICATION_ID, DPOP_APPLICATION_ID, API_KEY, READ_API_KEY } = process.env;
const { OTHER_TENANT_ID, OTHER_APPLICATION_ID, OTHER_API_KEY } = process.env;
assert.ok(BASE_URL && API_KEY, 'credentials.env of a running service must be in the environment');

let users = 0;

/** The headers of an API key. */
export const as = (key, tenant = TENANT_ID) => ({ Authorization: `Bearer ${key}`, 'X-Stencil-TenantId': tenant });

/** The issuer of a tenant's access tokens. */
export const issuerOf = (tenant = TENANT_ID) => `${BASE_URL}/t/${tenant}`;

/** Starts a session of a new user, with the scope "read write". */
export const issue = () => issueAt(TENANT_ID, APPLICATION_ID, API_KEY);

/** The same in tenant other, whose application has the same id. */
export const issueElsewhere = () => issueAt(OTHER_TENANT_ID, OTHER_APPLICATION_ID, OTHER_API_KEY);

/** The same in the application that binds sessions to keys; more is further members of the request. */
export const issueBound = (more) => issueAt(TENANT_ID, DPOP_APPLICATION_ID, API_KEY, more);

async function issueAt(tenant, applicationId, key, more) {
  const body = JSON.stringify({ userId: `client-${process.pid}-${++users}`, applicationId, scope: 'read write', ...more });
  const answer = await fetch(`${BASE_URL}/jwt/issue`, { method: 'POST', headers: as(key, tenant), body });
  assert.equal(answer.status, 201);
  return (await answer.json()).data;
}
