// The page of rtctl console in a real browser: what an operator does at night, with the mouse and with the keyboard.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { accessible, start } from './browser.mjs';
import { invoke, named, operate, sessionsOf, startConsole, unique } from './console.mjs';
import { API_KEY, APPLICATION_ID, BASE_URL, TENANT_ID, as } from './fixture.mjs';

let command, page, elsewhere, complaints, close, view, find, finds, cardOf, dialog;

before(async () => {
  command = await startConsole();
  ({ page, elsewhere, complaints, close } = await start(command.origin));
  ({ view, find, finds, cardOf, dialog } = operate(page));
  await page.goto(command.link);
  await page.locator('#find').waitFor();
});
after(async () => {
  await close?.();
  await command?.end();
});
beforeEach(async () => {
  await page.setViewportSize({ width: 1280, height: 900 });
  if (await page.locator('#ask[open]').count()) await page.keyboard.press('Escape');
  await page.getByLabel('Tenant').selectOption(TENANT_ID);
  await view('Sessions');
});

test('a user lost a phone: all sessions but one end, and the history says why', async () => {
  const user = unique('lost');
  const [, kept] = await sessionsOf(user, named('Old phone', 'New phone', 'Tablet'));
  await finds(user, 3);
  const card = cardOf('New phone');
  for (const text of [APPLICATION_ID, '203.0.113.7', 'never refreshed', '"role": "editor"', kept.refreshTokenId]) {
    assert.ok((await card.textContent()).includes(text), `the card has ${text}`);
  }
  await card.getByRole('button', { name: 'End all others' }).click();
  assert.match(await dialog().textContent(), new RegExp(`Every session of ${user} but the one on New phone in tenant ${TENANT_ID} ends`));
  await page.getByRole('button', { name: 'Cancel' }).click();
  assert.equal(await page.locator('.session').count(), 3, 'sessions after Cancel');
  await card.getByRole('button', { name: 'End all others' }).click();
  await dialog().getByRole('button', { name: 'End the sessions' }).click(); // without a reason
  assert.ok(await dialog().isVisible(), 'a reason is wanted');
  await dialog().getByRole('button', { name: 'lost_device' }).click();
  await dialog().getByRole('button', { name: 'End the sessions' }).click();
  await page.locator('#said', { hasText: '2 sessions ended.' }).waitFor();
  assert.deepEqual(await page.locator('.session h3').allTextContents(), ['New phone']);
  assert.match(await page.locator('#latest').textContent(), /Latest ending: 2 sessions ended .* by API key API_KEY, because of lost_device/);
  const first = page.locator('.timeline li').first();
  assert.match(await first.textContent(), /2 sessions ended by API key API_KEY, because of lost_device/);
  assert.equal(await page.locator('.timeline li').count(), 4);
  await page.getByLabel('Endings only').check();
  assert.equal(await page.locator('.timeline li').count(), 1);

  await sessionsOf(user, named('Another phone'));
  await view('Sessions');
  await finds(user, 2);
  await cardOf('New phone').getByRole('button', { name: 'End', exact: true }).click();
  await dialog().getByLabel('Reason').fill('Not One');
  await dialog().getByRole('button', { name: 'End the session' }).click();
  assert.ok(await dialog().isVisible(), 'a reason of another form is refused');
  await dialog().getByLabel('Reason').fill('stolen');
  await page.keyboard.press('Enter');
  await page.locator('#said', { hasText: 'The session has ended.' }).waitFor();
  assert.deepEqual(await page.locator('.session h3').allTextContents(), ['Another phone']);
  await page.getByRole('button', { name: 'End all', exact: true }).click();
  assert.match(await dialog().textContent(), new RegExp(`Every session of ${user} in tenant ${TENANT_ID} ends`));
  await dialog().getByLabel('Reason').fill('stolen');
  await page.keyboard.press('Enter');
  await page.locator('#said', { hasText: '1 session ended.' }).waitFor();
  assert.match(await page.locator('main .empty').textContent(), /No session is alive/);
});

test('a user was logged out, why? a reuse is told on top', async () => {
  const user = unique('reused');
  const [grant] = await sessionsOf(user, named('Phone'));
  await invoke('put-application', { tenantId: TENANT_ID, applicationId: unique('strict'), settings: { overlapSeconds: 0 } });
  const [strict] = await sessionsOf(user, named('Strict phone'), { application: unique('strict') });
  for (const want of [200, 400]) { // the second one comes too late
    const answer = await fetch(`${BASE_URL}/jwt/refresh`, { method: 'POST', body: JSON.stringify({ refreshToken: strict.refreshToken }) });
    assert.equal(answer.status, want);
  }
  await finds(user, 1);
  await page.locator('#latest', { hasText: /Session ended: a superseded token was used .* ago\. A copy was stolen/ }).waitFor();
  assert.match(await page.locator('.timeline li.bad').textContent(), /A copy was stolen, or a client kept an old token/);
  assert.ok((await cardOf('Phone').textContent()).includes(grant.refreshTokenId));
});

test('a session id and a pasted token lead to their user, and the token is nowhere', async () => {
  const user = unique('pasted');
  const [grant] = await sessionsOf(user, named('Phone'));
  await find(grant.refreshTokenId);
  await page.getByRole('heading', { level: 1, name: `User ${user}` }).waitFor();
  await page.locator('.session .chip', { hasText: 'looked for' }).waitFor();
  for (const [kind, token] of [['refresh token', grant.refreshToken], ['access token', grant.accessToken]]) {
    await view('Sessions');
    await page.fill('#find', token);
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.querySelector('#find')?.value ?? ''), '');
    await page.locator('.callout', { hasText: `The ${kind} works.` }).waitFor();
    await page.getByRole('heading', { level: 1, name: `User ${user}` }).waitFor();
    const all = await page.evaluate(() => document.documentElement.outerHTML + location.href + JSON.stringify(history.state));
    assert.ok(!all.includes(token.slice(-20)), `the ${kind} is on the page`);
  }
  await view('Sessions');
  await find(API_KEY);
  await page.locator('.callout', { hasText: 'The API key works.' }).waitFor();
  await find('srt_nonsense');
  await page.locator('.callout', { hasText: 'neither a refresh token' }).waitFor();
  await find('nobody');
  await page.locator('main .empty', { hasText: 'No session is alive' }).waitFor();
  await page.goBack();
  await page.getByRole('heading', { level: 1, name: 'Sessions' }).waitFor();
  await page.getByRole('button', { name: user }).click();
  await page.locator('.session').waitFor();
  await page.getByLabel('Tenant').selectOption('other');
  await page.getByRole('heading', { level: 1, name: 'Sessions' }).waitFor();
  await page.goBack(); // to the tenant of that view, too
  await page.locator('.session').waitFor();
  assert.equal(await page.getByLabel('Tenant').inputValue(), TENANT_ID);
});

test('an application is edited: what will change is shown, and nothing else changes', async () => {
  const applicationId = unique('edited');
  const { settings } = await invoke('put-application', { tenantId: TENANT_ID, applicationId, name: 'Before' });
  await view('Applications');
  await page.getByLabel('Filter the applications').fill(applicationId);
  await page.getByRole('button', { name: applicationId }).click();
  await page.getByRole('button', { name: 'Review changes' }).click();
  await page.locator('form [role=alert]', { hasText: 'Nothing has changed' }).waitFor();
  await page.getByLabel('Name').fill('After');
  await page.getByLabel('Overlap').fill('10');
  await page.getByLabel('A refresh needs').check();
  await page.getByLabel('Further audiences').fill('https://api.example\n\n  https://files.example  ');
  await page.getByRole('button', { name: 'Review changes' }).click();
  const rows = await dialog().locator('tbody tr').evaluateAll((all) => all.map((row) => [row.cells[0].textContent,
    row.querySelector('del').textContent, row.querySelector('ins').textContent]));
  assert.deepEqual(rows, [['Name', 'Before', 'After'], ['Overlap', '30 s (30 seconds)', '10 s (10 seconds)'],
    ['Further audiences', 'none', 'https://api.example, https://files.example'], ['A refresh needs the access token beside it', 'no', 'yes']]);
  await dialog().getByRole('button', { name: 'Save' }).click();
  await page.locator('.callout', { hasText: 'Saved: name, overlapSeconds, requireAccessToken, audiences' }).waitFor();
  await page.locator('.callout', { hasText: 'overlapSeconds is below 15' }).waitFor();
  const now = await invoke('retrieve-applications', { tenantId: TENANT_ID, applicationId });
  assert.deepEqual([now.name, now.settings], ['After', { ...settings, overlapSeconds: 10, requireAccessToken: true,
    audiences: ['https://api.example', 'https://files.example'] }]);

  await page.getByLabel('Overlap').fill('86401');
  await page.getByRole('button', { name: 'Review changes' }).click();
  await dialog().getByRole('button', { name: 'Save' }).click();
  await dialog().locator('[role=alert]', { hasText: 'settings.overlapSeconds' }).waitFor();
});

test('a key is made, rotated and deleted, and each is shown once', async () => {
  const name = unique('key');
  const works = async (key) => (await fetch(`${BASE_URL}/jwt/refresh?userId=nobody`, { headers: as(key) })).status === 200;
  const read = async () => {
    const key = await dialog().locator('.newkey').textContent();
    await dialog().getByRole('button', { name: 'Close' }).click();
    await dialog().locator('.newkey').waitFor({ state: 'detached' });
    assert.ok(!(await page.content()).includes(key), 'a key is on the page after its dialog');
    return key;
  };
  await view('API keys');
  await page.getByRole('button', { name: 'New key' }).click();
  await dialog().getByLabel('Name').fill(name);
  await dialog().getByRole('button', { name: 'Create' }).click();
  await dialog().locator('[role=alert]', { hasText: 'permissions must name at least one' }).waitFor();
  await dialog().getByLabel('tokens:read').check();
  await dialog().getByLabel('Expires').selectOption('in 30 days');
  await dialog().getByRole('button', { name: 'Create' }).click();
  await dialog().locator('.newkey').waitFor();
  const first = await read();
  assert.ok(await works(first));
  const row = page.locator('.rows > li', { hasText: name });
  assert.match(await row.textContent(), /Expires.*in (29|30) days/);

  await row.getByRole('button', { name: 'Rotate' }).click();
  await dialog().getByLabel('The old key works for').selectOption('an hour more');
  await dialog().getByRole('button', { name: 'Rotate' }).click();
  await dialog().locator('.newkey').waitFor();
  const second = await read();
  assert.ok(first !== second && await works(first) && await works(second));
  assert.equal(await row.count(), 2);

  const old = row.filter({ hasText: first.split('_')[1] });
  await old.getByRole('button', { name: 'Delete' }).click();
  await dialog().getByRole('button', { name: 'Delete the key' }).click();
  await old.waitFor({ state: 'detached' });
  assert.deepEqual([await works(first), await works(second)], [false, true]);
});

test('the keyboard is enough to end a session', async () => {
  const user = unique('keyboard');
  await sessionsOf(user, named('Phone', 'Laptop'));
  await page.locator('#find:focus').waitFor();
  const until = async (key, text) => {
    const focused = () => page.evaluate((one) => document.activeElement.matches('button') && document.activeElement.textContent === one, text);
    for (let i = 0; i < 20 && !await focused(); i++) await page.keyboard.press(key);
    assert.ok(await focused(), `${key} does not reach ${text}`);
  };
  await page.keyboard.type(user);
  await page.keyboard.press('Enter');
  await page.locator('.session').nth(1).waitFor();
  await page.locator('.timeline li').first().waitFor();
  await until('Tab', 'End');
  const card = await page.evaluate(() => document.activeElement.closest('li').querySelector('h3').textContent);
  await page.keyboard.press('Enter');
  await page.locator('#ask input[name=reason]:focus').waitFor();
  await page.keyboard.type('user_request');
  await page.keyboard.press('Enter');
  await page.locator('#said', { hasText: 'The session has ended.' }).waitFor();
  assert.deepEqual((await page.locator('.session h3').allTextContents()).concat(card).sort(), ['Laptop', 'Phone']);
  await until('Shift+Tab', 'Sessions'); // back from the heading of the view
  for (const name of ['Applications', 'API keys', 'Activity']) {
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.locator('h1:focus', { hasText: name }).waitFor();
    await until('Shift+Tab', name);
  }
});

test('1 000 applications and 500 sessions of a user stay usable', async () => {
  const crowd = unique('crowd'), width = 20;
  const inTurns = (count, work) => Promise.all(Array.from({ length: width }, async (_, turn) => {
    for (let i = turn; i < count; i += width) await work(i);
  }));
  const settings = { maxSessionsPerUser: 0 };
  await inTurns(1000, (i) => invoke('put-application', { tenantId: crowd, applicationId: `app-${i}`, name: `Number ${i}`, settings }));
  const { apiKey: key } = await invoke('create-api-key', { tenantId: crowd, name: 'crowd', permissions: ['tokens:issue'] });
  await inTurns(500, (i) => sessionsOf('many', [{ name: `device ${i}` }], { tenant: crowd, key, application: 'app-7' }));

  await page.goto('about:blank');
  await page.goto(await command.fresh()); // with the new tenant
  await page.locator('#find').waitFor();
  await page.getByLabel('Tenant').selectOption(crowd);
  await view('Applications');
  await page.locator('.tools', { hasText: '1000 applications' }).waitFor();
  assert.equal(await page.locator('.rows > li').count(), 50);
  await page.getByRole('button', { name: 'Show more' }).click();
  assert.equal(await page.locator('.rows > li').count(), 250);
  await page.getByLabel('Filter the applications').fill('Number 77');
  await page.locator('.tools', { hasText: '11 of 1000' }).waitFor();
  assert.equal(await page.locator('.rows > li').count(), 11);

  await view('Sessions');
  await finds('many', 100);
  assert.equal(await page.locator('.session').count(), 100);
  await page.getByRole('button', { name: 'Show more' }).click();
  await page.locator('.session').nth(199).waitFor();
  await page.getByLabel('Filter the sessions').fill('device 77');
  await page.getByText('1 of 500 sessions').waitFor();
  await cardOf('device 77').getByRole('button', { name: 'End all others' }).click();
  await dialog().getByLabel('Reason').fill('crowd');
  await page.keyboard.press('Enter');
  await page.locator('#said', { hasText: '499 sessions ended.' }).waitFor();
  assert.deepEqual(await page.locator('.session h3').allTextContents(), ['device 77']);
  assert.match(await page.locator('.timeline li').first().textContent(), /499 sessions ended/);
});

test('the charts count what happens, and have a table', async () => {
  const sums = async () => {
    await view('Activity');
    await page.locator('.chart').nth(4).waitFor();
    const labels = await page.locator('.chart svg').evaluateAll((all) => all.map((one) => one.getAttribute('aria-label')));
    const table = await page.locator('.figures table').evaluate((one) => [...one.tHead.rows[0].cells].slice(1).map((cell, i) =>
      [cell.textContent, [...one.tBodies[0].rows].reduce((sum, row) => sum + Number(row.cells[i + 1].textContent), 0)]));
    assert.deepEqual(labels.map((label) => label.split(' in all')[0]), table.map(([name, sum]) => `${name}: ${sum}`));
    return Object.fromEntries(table);
  };
  const before = await sums();
  assert.deepEqual(Object.keys(before), ['Refreshes', 'Retries', 'Reuses', 'Refusals', 'Failures']);
  const [grant] = await sessionsOf(unique('counted'), named('Phone'));
  for (const refreshToken of [grant.refreshToken, grant.refreshToken, 'srt_forged']) {
    await fetch(`${BASE_URL}/jwt/refresh`, { method: 'POST', body: JSON.stringify({ refreshToken }) });
  }
  const now = await sums();
  const grown = Object.keys(now).map((name) => now[name] - before[name]);
  assert.ok(grown[0] >= 1 && grown[1] >= 1 && grown[3] >= 1, `grown by ${grown}`); // other tests refresh beside this one
});

test('names obey no page and no direction', async () => {
  const user = unique('<img src=x onerror=window.bad=1>');
  await sessionsOf(user, [{ name: 'a\u202eb<b>c' }]);
  await finds(user, 1);
  assert.equal(await page.locator('.session h3').textContent(), 'a\\u202eb<b>c');
  assert.equal(await page.evaluate(() => window.bad), undefined);
  assert.equal(await page.locator('main img, main b').count(), 0);
});

test('axe finds nothing, wide and narrow, light and dark, and nothing is wider than the window', async () => {
  const user = unique('axe');
  await sessionsOf(user, named('Phone', 'A very long name of a device that some person has given it'));
  await accessible(page, 'the search');
  await finds(user, 2);
  await page.locator('.timeline summary').first().click();
  await accessible(page, 'a user');
  await cardOf('Phone').getByRole('button', { name: 'End', exact: true }).click();
  await accessible(page, 'an ending');
  await page.keyboard.press('Escape');
  await view('Applications');
  await page.locator('.rows > li').first().waitFor();
  await accessible(page, 'applications');
  await page.locator('.rows button').first().click();
  await page.getByLabel('Sessions of a user').fill('7');
  await accessible(page, 'an application');
  await page.getByRole('button', { name: 'Review changes' }).click();
  await accessible(page, 'a review');
  await page.keyboard.press('Escape');
  await view('API keys');
  await page.locator('.rows > li').first().waitFor();
  await accessible(page, 'API keys');
  await page.getByRole('button', { name: 'New key' }).click();
  await accessible(page, 'a new key');
  await page.keyboard.press('Escape');
  await view('Activity');
  await page.locator('.figures summary').click();
  await accessible(page, 'charts');
});

test('it sends requests to the command alone and nothing is blocked', () => {
  assert.deepEqual(elsewhere, []);
  assert.deepEqual(complaints.filter((text) => !/status of 422/.test(text)), []);
});
