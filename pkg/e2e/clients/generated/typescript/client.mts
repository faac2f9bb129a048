// What a TypeScript program writes with types that openapi-typescript generates: issue, refresh, list, delete.
import assert from 'node:assert/strict';
import createClient from 'openapi-fetch';
import type { components, paths } from './schema.js';

type Grant = components['schemas']['GrantAnswer']['data'];

type Names = 'BASE_URL' | 'TENANT_ID' | 'APPLICATION_ID' | 'API_KEY';
const { BASE_URL, TENANT_ID, APPLICATION_ID, API_KEY } = process.env as Record<Names, string>;
const app = createClient<paths>({ baseUrl: BASE_URL });
const backend = createClient<paths>({
  baseUrl: BASE_URL,
  headers: { Authorization: `Bearer ${API_KEY}`, 'X-Stencil-TenantId': TENANT_ID },
});
const userId = `typescript-${process.pid}`;

async function issue(): Promise<Grant> {
  const { data, response } = await backend.POST('/jwt/issue', { body: { userId, applicationId: APPLICATION_ID } });
  assert.equal(response.status, 201);
  return data!.data;
}

async function refresh(refreshToken: string): Promise<Grant> {
  const { data, error } = await app.POST('/jwt/refresh', { body: { refreshToken } });
  assert.equal(error, undefined);
  assert.ok(data && 'refreshToken' in data.data); // a refresh by cookie answers without it
  return data.data;
}

const issued = await issue();
const refreshed = await refresh(issued.refreshToken);
assert.equal(refreshed.refreshTokenId, issued.refreshTokenId);
assert.notEqual(refreshed.refreshToken, issued.refreshToken);

const list = await backend.GET('/jwt/refresh', { params: { query: { userId, limit: 10 } } });
assert.deepEqual(list.data?.data.map((one) => [one.id, one.generation]), [[issued.refreshTokenId, 1]]);

const path = { tokenId: issued.refreshTokenId };
const deleted = await backend.DELETE('/jwt/refresh/{tokenId}', { params: { path } });
assert.equal(deleted.data?.data.userId, userId);

const refused = await app.POST('/jwt/refresh', { body: { refreshToken: refreshed.refreshToken } });
assert.equal(refused.response.status, 400);
assert.equal(refused.error?.success, false);
