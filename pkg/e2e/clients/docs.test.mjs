// The page of /docs in a real browser, with the keyboard and the mouse, and with no network but the service.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { API_KEY, BASE_URL } from './fixture.mjs';

let browser, page, profile;
const elsewhere = [], complaints = [];

before(async () => {
  profile = mkdtempSync(join(tmpdir(), 'docs-'));
  browser = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  });
  // Without a network: what does not go to the service ends here, and is written down.
  await browser.route((url) => url.origin !== BASE_URL && url.protocol !== 'data:', (route) => {
    elsewhere.push(route.request().url());
    return route.abort();
  });
  page = await browser.newPage();
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(`${BASE_URL}/docs`);
  await page.locator('details.operation').first().waitFor();
});

after(async () => {
  await browser?.close();
  rmSync(profile, { recursive: true, force: true });
});

/** Sends the form of an operation and returns its status and answer. */
async function send(operation) {
  const details = page.locator(`#${operation}`);
  await details.locator('button[type=submit]').click();
  const status = Number(await details.locator('.status').textContent());
  return [status, JSON.parse(await details.locator('.answer').textContent())];
}

async function open(operation) {
  await page.locator(`#${operation} > summary`).click();
  return page.locator(`#${operation}`);
}

test('it shows every operation of the document', async () => {
  const document = await (await fetch(`${BASE_URL}/openapi.json`)).json();
  const wanted = Object.values(document.paths).flatMap((item) => Object.values(item)).map((one) => one.operationId).filter(Boolean);
  const shown = await page.locator('details.operation').evaluateAll((all) => all.map((one) => one.id));
  assert.deepEqual(shown.sort(), wanted.sort());
  assert.ok(shown.length > 30);
});

test('it issues, refreshes in every interface and shows errors', async () => {
  await page.fill('#apiKey', API_KEY);
  await open('issue');
  const [issued, grant] = await send('issue');
  assert.equal(issued, 201);
  assert.equal(await page.inputValue('#refreshToken'), grant.data.refreshToken);
  let previous = grant.data.refreshToken;
  for (const operation of ['refresh', 'userRefreshToken', 'authenticateRefresh', 'oauthToken']) {
    const details = await open(operation);
    await details.locator('button.fill').click();
    const [status] = await send(operation);
    assert.equal(status, 200, operation);
    const now = await page.inputValue('#refreshToken');
    assert.notEqual(now, previous, operation);
    previous = now;
  }
  const details = page.locator('#refresh');
  await details.locator('textarea').fill('{"refreshToken":"garbage"}');
  const [refused, body] = await send('refresh');
  assert.equal(refused, 400);
  assert.equal(body.success, false);
});

test('the keyboard is enough', async () => {
  await page.goto(`${BASE_URL}/docs#jwks`);
  await page.reload();
  await page.locator('#jwks[open]').waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.closest('details')?.id), 'jwks');
  for (let i = 0; i < 8 && await page.evaluate(() => document.activeElement.type) !== 'submit'; i++) await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.locator('#jwks .status').waitFor();
  assert.equal(await page.locator('#jwks .status').textContent(), '200');
});

test('it is readable on dark and on light', async () => {
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.emulateMedia({ colorScheme: 'light' });
  const light = await background();
  await page.emulateMedia({ colorScheme: 'dark' });
  assert.notEqual(await background(), light);
});

test('it sends requests to the service alone and nothing is blocked', () => {
  assert.deepEqual(elsewhere, []);
  assert.deepEqual(complaints.filter((text) => !text.includes('status of 400')), []);
});
