// rtctl console over the running service, as an operator has it in a terminal.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { createInterface } from 'node:readline';
import { API_KEY, APPLICATION_ID, BASE_URL, TENANT_ID, as } from './fixture.mjs';

const { RTCTL, LOCAL_DIR } = process.env;

/** Starts the command. link() is the next link that it prints; fresh() presses Enter for one. */
export async function startConsole() {
  const command = spawn(RTCTL, ['console'], { env: process.env, stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: command.stdout })[Symbol.asyncIterator]();
  const link = async () => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done) throw new Error('rtctl console has printed no link');
      const found = /http:\S+#link=\S+/.exec(value);
      if (found) return found[0];
    }
  };
  const first = await link();
  const ended = new Promise((resolve) => { command.once('exit', resolve); });
  return {
    origin: new URL(first).origin,
    link: first,
    fresh() {
      command.stdin.write('\n');
      return link();
    },
    /** Presses Ctrl-C and returns the exit status. */
    end() {
      command.kill('SIGINT');
      return ended;
    },
  };
}

/** Invokes an operator function on the service's socket, as rtctl does. */
export function invoke(name, payload) {
  const socketPath = readFileSync(`${LOCAL_DIR}/socket`, 'utf8').trim();
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, method: 'POST', path: `/${name}` }, async (answer) => {
      const body = JSON.parse((await answer.toArray()).join(''));
      if (answer.statusCode === 200) resolve(body);
      else reject(new Error(body.errorMessage));
    });
    asked.on('error', reject);
    asked.end(JSON.stringify(payload));
  });
}

/** A name that no other test has. */
export const unique = (name) => `console-${process.pid}-${name}`;

/** Devices of these names. */
export const named = (...names) => names.map((name) => ({ name, type: 'phone', ip: '203.0.113.7' }));

/** Starts sessions of a user, one for each device, and returns them. */
export async function sessionsOf(user, devices, { tenant = TENANT_ID, key = API_KEY, application = APPLICATION_ID } = {}) {
  const all = [];
  for (const device of devices) {
    const body = JSON.stringify({ userId: user, applicationId: application, device, claims: { role: 'editor' } });
    const answer = await fetch(`${BASE_URL}/jwt/issue`, { method: 'POST', headers: as(key, tenant), body });
    assert.equal(answer.status, 201);
    all.push((await answer.json()).data);
  }
  return all;
}

/** What an operator does on the page. */
export function operate(page) {
  const find = async (text) => {
    await page.fill('#find', text);
    await page.getByRole('button', { name: 'Find' }).click();
  };
  return {
    find,
    /** Finds a user and waits for this many sessions. */
    async finds(user, count) {
      await find(user);
      await page.getByRole('heading', { level: 1, name: `User ${user}` }).waitFor();
      await page.locator('.session').nth(count - 1).waitFor();
    },
    /** Opens a view and waits for its heading. */
    async view(name) {
      await page.getByRole('navigation').getByRole('button', { name }).click();
      await page.getByRole('heading', { level: 1, name }).waitFor();
    },
    cardOf: (name) => page.locator('.session', { has: page.getByRole('heading', { name, exact: true }) }),
    dialog: () => page.locator('#ask'),
  };
}
