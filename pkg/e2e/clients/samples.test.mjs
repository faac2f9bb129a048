// The samples of /docs, copied from the page and run as they stand, in each language.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { open, start, visit } from './browser.mjs';
import { API_KEY } from './fixture.mjs';

const languages = {
  curl: (file) => ['bash', [file], 'sh'],
  Node: (file) => ['node', [file], 'mjs'],
  Python: (file) => ['python3', [file], 'py'],
  Go: (file) => ['go', ['run', file], 'go'],
};
let page, close, dir;

before(async () => {
  ({ page, close } = await start());
  dir = mkdtempSync(join(tmpdir(), 'samples-'));
});
after(async () => {
  await close?.();
  rmSync(dir, { recursive: true, force: true });
});

/** Runs the sample of an operation in a language and returns the status and the answer that it prints. */
async function run(operation, language) {
  const card = await open(page, operation);
  await card.locator(`.languages input[value=${language}]`).check({ force: true });
  await card.locator('button[aria-label="Copy the sample"]').click();
  const text = await page.evaluate(() => navigator.clipboard.readText());
  assert.ok(!text.includes(API_KEY), 'a sample has the API key');
  const [, , ending] = languages[language]('');
  const file = join(dir, `${operation}.${ending}`);
  writeFileSync(file, text);
  const [command, args] = languages[language](file);
  const printed = execFileSync(command, args, { cwd: dir, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  return [Number(/\b\d{3}\b/.exec(printed)[0]), JSON.parse(printed.slice(printed.indexOf('{')))];
}

for (const language of Object.keys(languages)) {
  test(`issue, refresh, list and delete in ${language}`, async () => {
    await visit(page);
    await page.fill('#apiKey', API_KEY);
    const user = `it's "${language}" \\ $HOME \`id\` %41 ${process.pid} é`; // what each language must quote
    await page.fill('#userId', user);
    const [issued, grant] = await run('issue', language);
    assert.equal(issued, 201);
    await page.fill('#refreshToken', grant.data.refreshToken);
    await page.fill('#tokenId', grant.data.refreshTokenId);
    const [refreshed, next] = await run('refresh', language);
    assert.equal(refreshed, 200);
    assert.notEqual(next.data.refreshToken, grant.data.refreshToken);
    await page.fill('#refreshToken', next.data.refreshToken);
    const [, list] = await run('retrieveByUser', language);
    assert.deepEqual(list.data.map((one) => [one.userId, one.generation]), [[user, 1]]);
    const [deleted, one] = await run('deleteById', language);
    assert.equal(deleted, 200);
    assert.equal(one.data.id, grant.data.refreshTokenId);
    const [refused] = await run('oauthToken', language);
    assert.equal(refused, 400);
  });
}
