// Runs commands from standard input with the recipe and answers each in a line.
import { createInterface } from 'node:readline';
import { apply, verify } from './protect.mjs';

const commands = {
  verify: async (token) => `ok ${(await verify(token)).sub}`,
  event: (text) => (apply(JSON.parse(text)), 'ok'),
};

for await (const line of createInterface({ input: process.stdin })) {
  const [, name, argument] = /^(\w+) ?(.*)$/.exec(line);
  try {
    console.log(await commands[name](argument));
  } catch (refusal) {
    console.log(`refused ${refusal.message.replaceAll('\n', ' ')}`);
  }
}
