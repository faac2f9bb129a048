// Runs commands from standard input with the recipe and answers each in a line.
import { createInterface } from 'node:readline';
import { LoginNeeded, Session, logIn } from './tokens.mjs';

let tokens = null, last;
const store = {
  load: async () => tokens,
  save: async (next) => { await new Promise(setImmediate); tokens = next; }, // not at once
};
// Two that share a store, as tabs do, and a lock, which is the browser's there.
let turn = Promise.resolve();
const alone = (run) => (turn = turn.then(run, run));
const [one, two] = [new Session(store), new Session(store, alone)];

const commands = {
  login: async (user) => (last = await logIn(store, user)),
  refresh: async () => (last = await one.accessToken(last)),
  token: () => one.accessToken(),
  many: async () => {
    const tabs = [new Session(store, alone), two];
    const got = new Set(await Promise.all(Array.from({ length: 8 }, (_, i) => tabs[i % 2].accessToken(last))));
    [last] = got;
    return got.size;
  },
  stored: async () => tokens?.refreshToken ?? '',
  forget: async (token) => { tokens.refreshToken = token; return 'ok'; },
  logout: async () => (await one.logOut()) ?? 'ok',
};
for await (const line of createInterface({ input: process.stdin })) {
  const [name, argument] = line.split(' ');
  try {
    console.log(await commands[name](argument));
  } catch (error) {
    console.log(error instanceof LoginNeeded ? 'login needed' : `error ${error.message}`);
  }
}
