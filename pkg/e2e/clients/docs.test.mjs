// The page of /docs in a real browser, with the keyboard and the mouse, and with no network but the service.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { accessible, answer, open, send, start, visit } from './browser.mjs';
import { API_KEY, BASE_URL, DPOP_APPLICATION_ID } from './fixture.mjs';

let page, elsewhere, complaints, close;

before(async () => { ({ page, elsewhere, complaints, close } = await start()); });
after(() => close?.());
beforeEach(async () => {
  await visit(page);
  await page.fill('#apiKey', API_KEY);
});

/** A user of this test alone, in whose name the forms ask. */
async function asUser(name) {
  const user = `docs-${process.pid}-${name}`;
  await page.fill('#userId', user);
  return user;
}

test('it shows every operation of the document but the preflights', async () => {
  const document = await (await fetch(`${BASE_URL}/openapi.json`)).json();
  const operations = Object.values(document.paths).flatMap((item) => Object.entries(item)).filter(([, one]) => one.operationId);
  const wanted = operations.filter(([method]) => method !== 'options').map(([, one]) => one.operationId).sort();
  const shown = await page.locator('details.operation').evaluateAll((all) => all.map((one) => one.id));
  const listed = await page.locator('nav a').evaluateAll((all) => all.map((one) => one.hash.slice(1)));
  assert.deepEqual(shown.sort(), wanted);
  assert.deepEqual(listed.sort(), wanted);
  assert.ok(wanted.length > 15 && operations.length > 30);
});

test('issue, refresh in every interface, list and delete, with nothing but Send', async () => {
  const user = await asUser('send');
  const [issued, grant] = await send(page, 'issue');
  assert.equal(issued, 201);
  let previous = grant.data.refreshToken;
  for (const operation of ['refresh', 'refresh', 'userRefreshToken', 'authenticateRefresh', 'oauthToken']) {
    const [status] = await send(page, operation);
    assert.equal(status, 200, operation);
    const now = await page.inputValue('#refreshToken');
    assert.notEqual(now, previous, operation);
    previous = now;
  }
  const [, list] = await send(page, 'retrieveByUser');
  assert.deepEqual(list.data.map((one) => [one.id, one.userId, one.generation]), [[grant.data.refreshTokenId, user, 5]]);
  const [, one] = await send(page, 'retrieveById');
  assert.equal(one.data.id, grant.data.refreshTokenId);
  const [deleted] = await send(page, 'deleteById');
  assert.equal(deleted, 200);
  const [refused, body] = await send(page, 'refresh');
  assert.equal(refused, 400);
  assert.equal(body.success, false);
});

test('a form that somebody changed stays as it is, until it is filled in again', async () => {
  await asUser('changed');
  const card = await open(page, 'refresh');
  const body = card.locator('textarea');
  await body.fill('{"refreshToken": "mine"}');
  const [, grant] = await send(page, 'issue');
  assert.equal(await body.inputValue(), '{"refreshToken": "mine"}');
  await card.locator('button.fill').click();
  assert.deepEqual(JSON.parse(await body.inputValue()), { refreshToken: grant.data.refreshToken });
});

test('a deletion of many asks first, and of one does not', async () => {
  const user = await asUser('many');
  await send(page, 'issue');
  const card = await open(page, 'deleteByUser');
  const alive = async () => (await send(page, 'retrieveByUser'))[1].data.length;
  for (const no of [() => page.click('#ask-no'), () => page.keyboard.press('Escape')]) {
    await card.locator('button[type=submit]').click();
    assert.match(await page.locator('#ask-what').textContent(), new RegExp(`every session of user ${user}, tenant demo`));
    await no();
    await page.locator('#ask[open]').waitFor({ state: 'detached' });
    assert.equal(await alive(), 1);
  }
  await card.locator('button[type=submit]').click();
  await page.click('#ask-yes');
  assert.deepEqual((await answer(card))[1].data.deleted, 1);
  assert.equal(await alive(), 0);
});

test('every form that deletes many asks first', async () => {
  const asked = async (operation, example) => {
    const card = await open(page, operation);
    if (example) await card.locator('[name=example]').selectOption(example);
    for (const field of await card.locator('input:invalid').all()) await field.fill('x');
    const calls = [];
    await page.route('**/jwt/**', (route) => { calls.push(route.request().method()); return route.abort(); });
    await card.locator('button[type=submit]').click();
    await page.locator('#ask[open], #' + operation + ' output .bad').first().waitFor();
    const question = await page.locator('#ask[open]').count();
    if (question) await page.click('#ask-no');
    await page.unroute('**/jwt/**');
    await card.locator('output').evaluate((one) => one.replaceChildren());
    assert.equal(calls.length, question ? 0 : 1, `${operation} ${example}: requests before the question`);
    return question === 1;
  };
  for (const [operation, example, want] of [
    ['deleteByApplication', '', true], ['deleteByUserAndApplication', '', true], ['documentedFormsDelete', 'byUser', true],
    ['documentedFormsDelete', 'byApplication', true], ['documentedFormsDelete', 'byUserAndApplication', true],
    ['documentedFormsItem', 'deleteByApplication', true], ['refresh', 'deleteByUser', true],
    ['refresh', 'deleteByUserAndApplication', true], ['refresh', 'applicationAlone', true],
    ['deleteById', '', false], ['deleteByString', '', false], ['documentedFormsItem', 'retrieve', false],
    ['documentedFormsDelete', 'byId', false], ['documentedFormsDelete', 'byString', false],
    ['refresh', 'refresh', false], ['refresh', 'retrieveByUser', false], ['refresh', 'deleteById', false],
    ['retrieveByUser', '', false], ['issue', '', false],
  ]) assert.equal(await asked(operation, example), want, `${operation} ${example}`);
});

test('an access token is decoded, with its times in words', async () => {
  const user = await asUser('decoded');
  const [, grant] = await send(page, 'issue');
  const view = page.locator('#issue details.jwt');
  assert.match(await view.locator('summary').textContent(), new RegExp(`of ${user}, expires in 1[45] minutes`));
  await view.locator('summary').click();
  const rows = Object.fromEntries(await view.locator('tr').evaluateAll((all) => all.map((row) => [row.cells[0].textContent, row.cells[1].textContent])));
  const [header, claims] = grant.data.accessToken.split('.').slice(0, 2).map((part) => JSON.parse(Buffer.from(part, 'base64url')));
  assert.equal(rows.alg, header.alg);
  assert.equal(rows.sid, claims.sid);
  assert.match(rows.exp, new RegExp(`^${claims.exp} in 1[45] minutes$`));
  assert.match(rows.iat, new RegExp(`^${claims.iat} \\d+ \\w+ ago$`));
});

test('long tokens are folded and copied whole', async () => {
  await asUser('copied');
  const [, grant] = await send(page, 'issue');
  const token = page.locator('#issue .answer .token').first();
  const width = () => token.evaluate((one) => one.getBoundingClientRect().width);
  assert.ok(await width() < 200, `a folded token is ${await width()} px wide`);
  await page.click('button[aria-label="Copy the access token"]');
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), grant.data.accessToken);
  await page.locator('#issue button[aria-label="Copy the answer"]').click();
  assert.deepEqual(JSON.parse(await page.evaluate(() => navigator.clipboard.readText())), grant);
  await page.check('#whole');
  assert.ok(await width() > 200, `a token in full is ${await width()} px wide`);
  assert.match(await page.locator('#issue .taken').textContent(), /^\d+ ms, \d+ bytes$/);
});

test('a session is bound to the key of the page, whose proofs are fresh', async () => {
  await asUser('bound');
  await page.fill('#application', DPOP_APPLICATION_ID);
  await send(page, 'issue');
  const card = await open(page, 'refresh');
  await card.locator('.prove').click();
  const proof = card.locator('[name=DPoP]');
  await card.locator('code', { hasText: /^[\w-]{43}$/ }).waitFor();
  const [thumbprint, proofs] = [await card.locator('.prove + .muted code').textContent(), [await proof.inputValue()]];
  assert.ok((await card.locator('.sample').textContent()).includes(proofs[0]), 'the sample has the proof');
  for (const generation of [1, 2]) {
    const [status, grant] = await send(page, 'refresh');
    assert.equal(status, 200, `generation ${generation}`);
    assert.equal(grant.data.tokenType, 'DPoP');
    proofs.push(await proof.inputValue());
    const [, claims] = grant.data.accessToken.split('.').slice(0, 2).map((part) => JSON.parse(Buffer.from(part, 'base64url')));
    assert.equal(claims.cnf.jkt, thumbprint);
  }
  assert.equal(new Set(proofs).size, 3, 'each request has a proof of its own');
  await proof.fill('');
  const [refused] = await send(page, 'refresh');
  assert.equal(refused, 400);

  const list = await open(page, 'retrieveByUser');
  await list.locator('[name=credential]').selectOption('accessToken tenant');
  assert.equal((await send(page, 'retrieveByUser'))[0], 401);
  await list.locator('.prove').click();
  await list.locator('.prove + .muted code').waitFor();
  const [status, all] = await send(page, 'retrieveByUser');
  assert.deepEqual([status, all.data.map((one) => one.generation)], [200, [2]]);
  assert.deepEqual(await page.evaluate(async () => [document.cookie, localStorage.length, sessionStorage.length,
    (await indexedDB.databases()).length]), ['', 0, 0, 0]);
});

test('Markdown in descriptions is shown, and nothing in them runs', async () => {
  const bad = '<img src=x onerror="window.bad=1"> **bold** `a<b` [doc](/docs) [js](javascript:window.bad=1) [far](//evil.example)\n\n* one\n* <b>two</b>';
  await page.route('**/openapi.json', async (route) => {
    const answer = await route.fetch();
    const document = await answer.json();
    for (const item of Object.values(document.paths)) for (const one of Object.values(item)) Object.assign(one, { description: bad, summary: bad });
    document.info.title = document.info.description = bad;
    return route.fulfill({ json: document });
  });
  await visit(page);
  await page.unroute('**/openapi.json');
  const about = (await open(page, 'issue')).locator('.about');
  assert.deepEqual(await about.locator('strong, code, li').allTextContents(), ['bold', 'a<b', 'one', '<b>two</b>']);
  assert.deepEqual(await about.locator('a').evaluateAll((all) => all.map((one) => one.getAttribute('href'))), ['/docs']);
  assert.equal(await page.locator('img, b, iframe, main script').count(), 0);
  assert.equal(await page.evaluate(() => window.bad), undefined);
});

test('the keyboard is enough', async () => {
  await visit(page, '#jwks');
  await page.locator('#jwks[open]').waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.closest('details')?.id), 'jwks');
  const until = async (found) => {
    for (let i = 0; i < 12 && !await page.evaluate(found); i++) await page.keyboard.press('Tab');
    assert.ok(await page.evaluate(found), String(found));
  };
  await until(() => document.activeElement.type === 'submit');
  await page.keyboard.press('Enter');
  await page.locator('#jwks .status').waitFor();
  assert.equal(await page.locator('#jwks .status').textContent(), '200');
  await until(() => document.activeElement.type === 'radio');
  await page.keyboard.press('ArrowRight');
  assert.match(await page.locator('#jwks .sample').textContent(), /await fetch/);
});

test('the filter leaves what it names, in the index too', async () => {
  await page.fill('#filter', 'introspect');
  assert.deepEqual(await page.locator('details.operation:visible').evaluateAll((all) => all.map((one) => one.id)), ['oauthIntrospect']);
  assert.deepEqual(await page.locator('nav a:visible').evaluateAll((all) => all.map((one) => one.hash)), ['#oauthIntrospect']);
});

test('the index is there when the window is wide, and on demand when it is narrow', async () => {
  const shown = () => page.locator('nav a').first().isVisible();
  for (const [width, want] of [[1280, true], [390, false], [992, false], [993, true], [390, false]]) {
    await page.setViewportSize({ width, height: 800 });
    await page.waitForFunction((open) => document.querySelector('#index').open === open, want);
    assert.equal(await shown(), want, `${width} px`);
  }
  await page.locator('#index summary').click();
  await page.locator('nav a[href="#jwks"]').click();
  await page.locator('#jwks[open]').waitFor();
  await page.setViewportSize({ width: 1280, height: 800 });
});

test('axe finds nothing, wide and narrow, light and dark, and nothing is wider than the window', async () => {
  await asUser('axe');
  await send(page, 'issue');
  await page.locator('#decoded summary').click();
  await send(page, 'deleteById');
  await send(page, 'oauthToken'); // a failure by now
  await page.locator('#refresh > summary').click();
  for (const details of await page.locator('#refresh details').all()) await details.evaluate((one) => { one.open = true; });
  const card = await open(page, 'deleteByUser');
  await accessible(page, 'the page');
  await card.locator('button[type=submit]').click();
  await accessible(page, 'a question');
  await page.click('#ask-no');
});

test('it sends requests to the service alone and nothing is blocked', () => {
  assert.deepEqual(elsewhere, []);
  assert.deepEqual(complaints.filter((text) => !/status of 40[01]|ERR_FAILED/.test(text)), []);
});
