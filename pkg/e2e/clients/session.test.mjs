// A browser app: the page's code from pkg/api/README.md, on an origin of its own, in a real browser.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { start } from './browser.mjs';
import { APPLICATION_ID, BASE_URL, as, API_KEY } from './fixture.mjs';

const [, code] = readFileSync(process.env.API_README, 'utf8').match(/```js\n(.*?)```/s);
const recipes = readFileSync(process.env.RECIPES_README, 'utf8');
const files = {
  '/': ['text/html', '<!doctype html><title>app</title><script type="module" src="app.js"></script>'],
  '/session.js': ['text/javascript', code.replace('https://auth.example.com', BASE_URL)],
  '/app.js': ['text/javascript', `
    import * as session from './session.js';
    window.session = session;
    const { status, data } = await session.refresh(); // at load
    Object.assign(document.body.dataset, { status, session: data?.refreshTokenId ?? '' });`],
};

// An app that keeps its tokens itself, with the code of pkg/api/recipes/README.md.
files['/app'] = ['text/html', `<!doctype html><title>app</title>
  <script type="importmap">{ "imports": { "idb-keyval": "/idb-keyval.js" } }</script>
  <script type="module" src="/own.js"></script>`];
files['/idb-keyval.js'] = ['text/javascript', readFileSync(new URL(import.meta.resolve('idb-keyval')), 'utf8')];
files['/tokens.mjs'] = ['text/javascript',
  recipes.match(/```js\n(.*?)```/s)[1].replace('process.env', JSON.stringify({ BASE_URL }))];
files['/own.js'] = ['text/javascript', `${recipes.match(/```javascript\n(.*?)```/s)[1]}
  Object.assign(window, { session, begin });
  document.body.dataset.ready = 'yes';`];

// A form needs no preflight. In a sandbox a page has the origin null.
files['/attack'] = files['/sandbox'] = ['text/html', `<!doctype html><title>win</title>
  <form method="post" enctype="text/plain" action="${BASE_URL}/jwt/logout"></form><script>document.forms[0].submit()</script>`];

/** The product: its page, and a backend whose log-in issues with the API key. Without a password it is an example only. */
const product = createServer(async (request, response) => {
  if (request.method === 'POST') {
    const body = JSON.stringify({ userId: request.url.slice('/login/'.length), applicationId: APPLICATION_ID });
    const issued = await fetch(`${BASE_URL}/jwt/issue`, { method: 'POST', headers: as(API_KEY), body });
    response.writeHead(issued.status, { 'Content-Type': 'application/json' });
    return response.end(await issued.text());
  }
  const [type, text] = files[request.url] ?? ['text/plain', ''];
  const sandbox = request.url === '/sandbox' ? { 'Content-Security-Policy': 'sandbox allow-scripts allow-forms' } : {};
  response.writeHead(files[request.url] ? 200 : 404, { 'Content-Type': type, ...sandbox });
  return response.end(text);
});

let browser, app, evil;

before(async () => {
  // The usual port of a development server, or a free one.
  const listen = (port) => new Promise((resolve, reject) => product.once('error', reject).listen(port, '127.0.0.1', resolve));
  await listen(5173).catch(() => listen(0));
  app = `http://localhost:${product.address().port}`;
  evil = `http://evil.test:${product.address().port}`;
  browser = await start(app, evil);
});

after(async () => {
  await browser?.close();
  product.closeAllConnections();
  product.close();
});

/** A tab, once its refresh at load is answered. */
async function tab() {
  const page = await browser.context.newPage();
  await page.goto(app);
  await page.locator('body[data-status]').waitFor({ state: 'attached' });
  return page;
}

const loaded = (page) => page.evaluate(() => ({ ...document.body.dataset }));

/** Logs in as the page does, and returns the id of the session. */
async function logIn(page, user) {
  const { status, data } = await page.evaluate(async (path) => {
    const issued = await (await fetch(path, { method: 'POST' })).json();
    return window.session.begin(issued.data.refreshToken);
  }, `/login/${user}`);
  assert.equal(status, 200);
  assert.equal('refreshToken' in data, false);
  return data.refreshTokenId;
}

const call = (page, name) => page.evaluate((name) => window.session[name](), name);

test('a page logs in, refreshes in three tabs, logs out, and somebody else logs in', async () => {
  const first = await tab();
  assert.deepEqual(await loaded(first), { status: '400', session: '' });
  const alice = await logIn(first, 'alice');
  assert.equal(await first.evaluate(() => document.cookie), ''); // out of the reach of scripts

  const tabs = await Promise.all([tab(), tab(), tab()]);
  for (const one of tabs) assert.deepEqual(await loaded(one), { status: '200', session: alice });
  for (const one of await Promise.all([...tabs, first].map((page) => call(page, 'refresh')))) {
    assert.equal(one.status, 200);
    assert.equal(one.data.refreshTokenId, alice);
  }
  await first.reload();
  await first.locator('body[data-status]').waitFor({ state: 'attached' });
  assert.deepEqual(await loaded(first), { status: '200', session: alice });

  assert.equal((await call(first, 'logOut')).status, 200);
  assert.deepEqual(await browser.context.cookies(), []);
  assert.equal((await call(tabs[0], 'refresh')).status, 400);

  const bob = await logIn(first, 'bob');
  assert.notEqual(bob, alice);
  assert.equal((await call(first, 'refresh')).data.refreshTokenId, bob);
  const carol = await logIn(first, 'carol'); // without a log-out between
  assert.equal((await call(tabs[1], 'refresh')).data.refreshTokenId, carol);
  const names = (await browser.context.cookies()).map((cookie) => cookie.name).sort();
  assert.deepEqual(names, ['__Host-access_token', '__Host-refresh_token']);
});

test('windows of an app that share a store refresh once, and go on when one closes', async () => {
  const windows = await Promise.all(Array.from({ length: 4 }, async () => {
    const page = await browser.context.newPage();
    await page.goto(`${app}/app`);
    await page.locator('body[data-ready]').waitFor({ state: 'attached' });
    return page;
  }));
  let refreshes = 0;
  for (const page of windows) {
    page.on('request', (request) => { refreshes += request.url() === `${BASE_URL}/jwt/refresh` && request.method() === 'POST'; });
  }
  const issued = await windows[0].evaluate(async () => {
    const asked = Date.now();
    const answer = await (await fetch('/login/erin', { method: 'POST' })).json();
    return window.begin(asked, answer);
  });
  for (const page of windows) assert.equal(await page.evaluate(() => window.session.accessToken()), issued);
  assert.equal(refreshes, 0);

  // Each window asks twice, all at the same moment, with the token that an API has refused.
  const refresh = (refused) => Promise.all(windows.map((page) => page.evaluate(
    (token) => Promise.all([window.session.accessToken(token), window.session.accessToken(token)]), refused)));
  const [next, ...others] = new Set((await refresh(issued)).flat());
  assert.deepEqual(others, []);
  assert.notEqual(next, issued);
  assert.equal(refreshes, 1);

  // A window that is closed in the middle of its refresh frees the lock; the others repeat it.
  const held = new Promise((resolve) => windows[3].route(`${BASE_URL}/jwt/refresh`, async (route) => {
    await route.fetch(); // the service has rotated
    resolve();
  }));
  windows[3].evaluate((token) => window.session.accessToken(token), next).catch(() => {}); // its window goes
  await held;
  const waiting = windows[0].evaluate((token) => window.session.accessToken(token), next);
  await windows[3].close();
  assert.notEqual(await waiting, next);

  await windows[1].evaluate(() => window.session.logOut());
  const told = await windows[0].evaluate(() => window.session.accessToken().catch((error) => error.constructor.name));
  assert.equal(told, 'LoginNeeded');
  for (const page of windows.slice(0, 3)) await page.close();
});

test('a page of another origin neither uses the session nor plants one', async () => {
  const mine = await tab();
  const dave = await logIn(mine, 'dave');
  for (const path of ['/attack', '/sandbox']) {
    const page = await browser.context.newPage();
    const answered = page.waitForResponse((answer) => answer.url() === `${BASE_URL}/jwt/logout`);
    await page.goto(evil + path);
    assert.equal((await answered).status(), 403, path);
  }
  assert.equal((await call(mine, 'refresh')).data.refreshTokenId, dave);
  assert.deepEqual(browser.elsewhere, []);
});
