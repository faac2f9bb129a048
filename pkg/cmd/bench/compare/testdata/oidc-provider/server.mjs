// The harness that makes a server of npm's oidc-provider for the comparison: tokens in a Map (its own memory adapter
// forgets all but 1 000 entries), ES256, access tokens as JWT, rotating refresh tokens, one public client. It is never
// part of the service.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const port = Number(process.env.PORT);
const resource = 'urn:api';
const scope = 'offline_access api';

const entries = new Map();
const grants = new Map(); // the keys of a grant's tokens

class MapAdapter {
  constructor(model) {
    this.model = model;
  }

  key(id) {
    return `${this.model}:${id}`;
  }

  async upsert(id, payload) {
    const key = this.key(id);
    entries.set(key, payload);
    if (this.model !== 'Grant' && payload.grantId) {
      const members = grants.get(payload.grantId);
      if (members) members.add(key);
      else grants.set(payload.grantId, new Set([key]));
    }
  }

  async find(id) {
    return entries.get(this.key(id));
  }

  async consume(id) {
    entries.get(this.key(id)).consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id) {
    entries.delete(this.key(id));
  }

  async revokeByGrantId(grantId) {
    for (const key of grants.get(grantId) ?? []) entries.delete(key);
    grants.delete(grantId);
  }
}

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const provider = new Provider(`http://127.0.0.1:${port}`, {
  adapter: MapAdapter,
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'ES256', kid: '1' }] },
  clients: [{
    client_id: 'web',
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    redirect_uris: ['http://127.0.0.1/callback'],
    id_token_signed_response_alg: 'ES256',
  }],
  scopes: ['offline_access', 'api'],
  cookies: { keys: ['comparison'] },
  rotateRefreshToken: true,
  ttl: { AccessToken: 900, RefreshToken: 86400, Grant: 86400 },
  async findAccount(ctx, id) {
    return { accountId: id, claims: async () => ({ sub: id }) };
  },
  features: {
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: () => ({
        scope, audience: 'web', accessTokenFormat: 'jwt', accessTokenTTL: 900, jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
});

// A first refresh token, as the end of a login would make it.
async function mint() {
  const client = await provider.Client.find('web');
  const grant = new provider.Grant({ accountId: 'user', clientId: 'web' });
  grant.addResourceScope(resource, scope);
  grant.addOIDCScope(scope);
  const grantId = await grant.save();
  const token = new provider.RefreshToken({
    accountId: 'user', client, grantId, scope, resource, gty: 'authorization_code', expiresWithSession: false,
  });
  return token.save();
}

const callback = provider.callback();
const server = createServer(async (req, res) => {
  if (req.url === '/ready') return res.end();
  if (req.url !== '/mint') return callback(req, res);
  req.resume();
  try {
    res.end(JSON.stringify({ refresh_token: await mint() }));
  } catch (error) {
    res.statusCode = 500;
    res.end(String(error));
  }
});
server.listen(port, '127.0.0.1');
process.on('SIGINT', () => {
  server.close(() => process.exit(0));
  server.closeAllConnections();
});
