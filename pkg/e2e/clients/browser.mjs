// A real browser without a network but the service, for the tests of /docs, of rtctl console and of a browser app.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { BASE_URL } from './fixture.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Starts it. What goes neither to the service nor to the other origins ends in elsewhere, errors of the page in complaints. */
export async function start(...others) {
  const profile = mkdtempSync(join(tmpdir(), 'docs-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--host-resolver-rules=MAP *.test 127.0.0.1',
      // Its own protection of loopback addresses: that of the pages must suffice.
      '--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests'],
  });
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: BASE_URL });
  context.setDefaultTimeout(300_000); // ends a browser that hangs, on a busy machine too
  const elsewhere = [], complaints = [];
  await context.route((url) => ![BASE_URL, ...others].includes(url.origin) && url.protocol !== 'data:', (route) => {
    elsewhere.push(route.request().url());
    return route.abort();
  });
  const page = await context.newPage();
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  /** Ends it. What it has left on the disk is looked at before it goes. */
  const close = async (inspect) => {
    await context.close();
    inspect?.(profile);
    rmSync(profile, { recursive: true, force: true });
  };
  return { context, page, elsewhere, complaints, close };
}

/** Opens /docs anew, with nothing typed. */
export async function visit(page, fragment = '') {
  await page.goto('about:blank');
  await page.goto(`${BASE_URL}/docs${fragment}`);
  await page.locator('details.operation').first().waitFor();
}

/** Opens an operation and returns its card. */
export async function open(page, operation) {
  const card = page.locator(`#${operation}`);
  if (!await card.evaluate((one) => one.open)) await card.locator('> summary').click();
  return card;
}

/** Sends the form of an operation as it stands and returns its status and answer. */
export async function send(page, operation) {
  const card = await open(page, operation);
  await card.locator('output').evaluate((one) => one.replaceChildren());
  await card.locator('button[type=submit]').click();
  return answer(card);
}

/** Wants no violation of axe, and no page wider than its window, wide and narrow, light and dark. */
export async function accessible(page, what) {
  for (const [width, height] of [[1280, 900], [390, 844]]) {
    await page.setViewportSize({ width, height });
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      await page.evaluate(axe);
      const { violations, passes } = await page.evaluate(() => window.axe.run());
      const found = violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join('\n')}`);
      assert.deepEqual(found, [], `${what}, ${width} px, ${colorScheme}`);
      assert.ok(passes.length > 10);
      const [wide, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.ok(wide <= window, `${what} is ${wide} px wide in a window of ${window}`);
    }
  }
}

/** The status and the answer that a card shows, once they are there. */
export async function answer(card) {
  const status = Number(await card.locator('.status').textContent());
  return [status, JSON.parse(await card.locator('.answer').textContent())];
}
