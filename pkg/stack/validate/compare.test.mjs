import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare } from './compare.mjs';

const found = (rule, resource) => ({ rule, resource });
const entry = (rule, resource, reason = 'because') => ({ rule, resource, reason });

test('a finding that nothing accepts is open', () => {
  const findings = [found('A1', 'Table'), found('A1', 'Tables'), found('A11', 'Table')];
  assert.deepEqual(compare(findings, [entry('A1', 'Table')]).open, findings.slice(1));
});

test('an entry that accepts nothing is idle', () => {
  const idle = entry('A1', 'Queue|Topic');
  assert.deepEqual(compare([found('A1', 'Table')], [entry('A1', 'T.*'), idle]).idle, [idle]);
});

test('an entry needs its reason', () => {
  const bare = entry('A1', 'Table', '');
  assert.deepEqual(compare([found('A1', 'Table')], [bare]).bare, [bare]);
});
