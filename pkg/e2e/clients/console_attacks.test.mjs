// Who else would like to use rtctl console: other pages, other names, a used link; and what a browser keeps of it.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { start } from './browser.mjs';
import { invoke, named, operate, sessionsOf, startConsole, unique } from './console.mjs';
import { TENANT_ID } from './fixture.mjs';

let command, evil, evilOrigin, rebound, browser;

before(async () => {
  command = await startConsole();
  evil = createServer((request, response) => {
    response.setHeader('Content-Type', 'text/html');
    response.end(`<!doctype html><title>win</title><iframe src="${command.origin}/"></iframe><embed src="${command.origin}/">`);
  });
  await new Promise((resolve) => { evil.listen(0, '127.0.0.1', resolve); });
  evilOrigin = `http://evil.test:${evil.address().port}`;
  rebound = `http://evil.test:${new URL(command.origin).port}`;
  browser = await start(command.origin, evilOrigin, rebound);
});
after(async () => {
  await browser?.close();
  evil?.closeAllConnections();
  evil?.close();
  await command?.end();
});

/** Opens a link in a tab of its own, and returns the tab and the secret of its session. */
async function opened(link) {
  const page = await browser.context.newPage();
  const exchanged = page.waitForResponse(`${command.origin}/session`);
  await page.goto(link);
  await page.locator('#find').waitFor();
  return [page, (await (await exchanged).json()).secret];
}

const closedSaying = (page, words) => page.locator('#why:visible', { hasText: words }).waitFor();

test('another page of the browser gets nothing, and does not use the link up', async () => {
  const link = command.link.split('#link=')[1];
  const page = await browser.context.newPage();
  await page.goto(evilOrigin);
  const said = await page.evaluate(async ([origin, secret]) => {
    const tried = [];
    for (const init of [
      { headers: { 'Content-Type': 'application/json' } }, {}, { mode: 'no-cors' }, { headers: { 'X-Console-Secret': 'guess' } },
      { mode: 'no-cors', headers: { 'Content-Type': 'text/plain' } }, { credentials: 'include', headers: { 'Content-Type': 'application/json' } },
    ]) {
      for (const path of ['/session', '/functions/home']) {
        const body = JSON.stringify({ link: secret });
        tried.push(await fetch(origin + path, { method: 'POST', body, ...init }).then((a) => `${a.type} ${a.status}`, () => 'refused'));
      }
    }
    tried.push(await fetch(`${origin}/`).then(() => 'read', () => 'refused'));
    return [...new Set(tried)].sort();
  }, [command.origin, link]);
  assert.deepEqual(said, ['refused']);
  const [, session] = await opened(command.link);
  assert.match(session, /^[\w-]{43}$/);
});

test('a page that frames it shows nothing of it', async () => {
  const page = await browser.context.newPage();
  const answers = [];
  page.on('response', (one) => one.url().startsWith(command.origin) && answers.push(one.status()));
  await page.goto(evilOrigin, { waitUntil: 'load' });
  assert.deepEqual([...new Set(answers)], [403]);
  for (const frame of page.frames().slice(1)) assert.ok(!(await frame.content()).includes('rtctl'), frame.url());
});

test('a name that was made to point here opens nothing', async () => {
  const page = await browser.context.newPage();
  const link = await command.fresh();
  const answer = await page.goto(`${rebound}/${new URL(link).hash}`);
  assert.equal(answer.status(), 421);
  assert.equal(await page.locator('#find').count(), 0);
  await page.route(`${rebound}/attack`, (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html>' })); // before the name moved
  await page.goto(`${rebound}/attack`);
  const statuses = await page.evaluate((link) => Promise.all([
    ['/'], ['/session', { method: 'POST', body: JSON.stringify({ link }), headers: { 'Content-Type': 'application/json' } }],
  ].map(async ([path, init]) => (await fetch(path, init)).status)), new URL(link).hash.split('=')[1]);
  assert.deepEqual(statuses, [421, 421]);
});

test('a used link, a loaded page and an earlier page are closed, and say what to do', async () => {
  const link = await command.fresh();
  const [first] = await opened(link);
  const again = await browser.context.newPage();
  await again.goto(link);
  await closedSaying(again, 'This link was used');
  assert.ok(await again.locator('#next', { hasText: 'Press Enter in the terminal' }).isVisible());
  assert.ok(await first.locator('#find').isVisible(), 'the page that used it stays open');

  await first.reload();
  await closedSaying(first, 'was loaded again');
  const [second] = await opened(await command.fresh());
  await operate(second).find('somebody');
  await second.getByRole('heading', { name: 'User somebody' }).waitFor();
  const third = (await opened(await command.fresh()))[0];
  await closedSaying(second, 'a newer link was opened');
  assert.ok(!(await second.content()).includes('somebody'), 'a closed page shows a user');

  await second.evaluate((hash) => { location.hash = hash; }, new URL(await command.fresh()).hash); // pasted into the same tab
  await second.locator('#find').waitFor();
  await closedSaying(third, 'a newer link was opened');
});

test('a token that is pasted with what stood around it is asked as a token, never as a user', async () => {
  const user = unique('quoted');
  const [grant] = await sessionsOf(user, named('Phone'));
  const [page] = await opened(await command.fresh());
  const { view, find } = operate(page);
  const asked = [];
  page.on('request', (one) => asked.push(new URL(one.url()).pathname + one.postData()));
  for (const [pasted, token] of [
    [`Bearer ${grant.accessToken}`, grant.accessToken], [`Cookie: a=b; rt=${grant.refreshToken}; c=d`, grant.refreshToken],
    [`"${grant.refreshToken}",`, grant.refreshToken], [`{"accessToken":"${grant.accessToken}"}`, grant.accessToken],
  ]) {
    await view('Sessions');
    asked.length = 0;
    await find(pasted);
    await page.getByRole('heading', { level: 1, name: `User ${user}` }).waitFor();
    assert.ok(!(await page.content()).includes(token), `the page has ${pasted}`);
    assert.deepEqual(asked.filter((one) => one.includes(token)), [`/functions/explain${JSON.stringify({ tenantId: TENANT_ID, text: token })}`]);
  }
});

test('an answer that comes after its question was left says nothing about the next one', async () => {
  const user = unique('slow');
  await sessionsOf(user, named('First', 'Second'));
  const [page] = await opened(await command.fresh());
  const { finds, cardOf, dialog } = operate(page);
  await finds(user, 2);
  let answer;
  const answered = new Promise((resolve) => { answer = resolve; });
  await page.route('**/functions/delete-by-id', async (route) => {
    await answered;
    await route.continue();
  }, { times: 1 });
  const ask = async (name) => {
    await cardOf(name).getByRole('button', { name: 'End', exact: true }).click();
    await dialog().getByLabel('Reason').fill('stolen');
  };
  await ask('First');
  await dialog().getByRole('button', { name: 'End the session' }).click();
  await page.keyboard.press('Escape');
  await ask('Second');
  answer();
  await page.locator('#said', { hasText: 'End this session: done.' }).waitFor();
  assert.ok(await dialog().isVisible(), 'the second question is open');
  await dialog().getByRole('button', { name: 'End the session' }).click();
  await page.locator('#said', { hasText: 'The session has ended.' }).waitFor();
  await page.locator('main .empty', { hasText: 'No session is alive' }).waitFor();
});

test('when the command ends the page closes, and the browser has kept nothing', async () => {
  const user = unique('secretive'), device = unique('phone');
  const [grant] = await sessionsOf(user, named(device));
  const [page, session] = await opened(await command.fresh());
  const { view, find, finds, dialog } = operate(page);
  await finds(user, 1);
  await view('Sessions');
  await find(grant.refreshToken);
  await page.locator('.session').waitFor();
  await view('API keys');
  await page.getByRole('button', { name: 'New key' }).click();
  await dialog().getByLabel('Name').fill(unique('key'));
  await dialog().getByLabel('tokens:read').check();
  await dialog().getByRole('button', { name: 'Create' }).click();
  const key = await dialog().locator('.newkey').textContent();
  assert.equal(await command.end(), 0);
  await closedSaying(page, 'The command has ended.');
  const shown = await page.content();
  for (const text of [user, key, session, device]) assert.ok(!shown.includes(text), `the closed page has ${text}`);
  assert.equal(new URL(page.url()).hash, '');
  const stored = await page.evaluate(async () => [document.cookie, localStorage.length, sessionStorage.length,
    (await indexedDB.databases()).length, (await caches.keys()).length, (await navigator.serviceWorker.getRegistrations()).length]);
  assert.deepEqual(stored, ['', 0, 0, 0, 0, 0]);
  assert.deepEqual(await browser.context.cookies(), []);

  const wanted = [user, key, session, grant.refreshToken, grant.refreshTokenId, device];
  const { close } = browser;
  browser = undefined;
  let files = 0;
  await close((profile) => {
    for (const entry of readdirSync(profile, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const bytes = readFileSync(join(entry.parentPath, entry.name));
      files += 1;
      for (const text of wanted) {
        const found = bytes.includes(text) || bytes.includes(Buffer.from(text, 'utf16le'));
        assert.ok(!found, `${entry.name} of the browser's profile has ${text}`);
      }
    }
  });
  assert.ok(files > 20, `the profile has ${files} files`);
  const keys = await invoke('list-api-keys', { tenantId: TENANT_ID });
  assert.ok(keys.apiKeys.some((one) => one.name === unique('key')));
});
