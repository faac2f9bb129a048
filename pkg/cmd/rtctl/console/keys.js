// API keys: their ends, and how they are made, replaced and deleted. A key itself is shown once.

const permissions = [
  ['tokens:issue', 'start sessions'], ['tokens:read', 'see sessions and the history'], ['tokens:update', 'change living sessions'],
  ['tokens:revoke', 'end sessions of a user'], ['tokens:revoke-all', 'end all sessions of an application'],
  ['tokens:introspect', 'ask what a token is'],
];

views.keys = { title: 'API keys', async open(alive) {
  const list = element('ul', { class: 'rows', 'aria-label': 'API keys' });
  const count = element('p', { class: 'muted', role: 'status' }, 'Reading.');
  show('API keys', element('div', { class: 'tools' }, count, element('button', { type: 'button', onclick: createKey }, 'New key')), list);
  const { apiKeys } = await call('list-api-keys', { tenantId: tenant() });
  if (!alive()) return;
  count.textContent = many(apiKeys.length, 'key');
  list.replaceChildren(...apiKeys.map(keyRow));
} };

function keyRow(key) {
  const over = key.expiresAt && Date.parse(key.expiresAt) <= Date.now();
  return element('li', { class: 'card' + (over ? ' is-over' : '') },
    element('div', { class: 'head' }, element('h2', { id: 'key-' + key.keyId }, word(key.name)), over && element('span', { class: 'chip bad' }, 'over')),
    element('span', { class: 'muted' }, code(key.keyId)),
    facts([['Made', since(key.createdAt)], ['Expires', key.expiresAt ? since(key.expiresAt) : 'never'],
      ['May', key.permissions.map((one) => [element('span', { class: 'chip' }, one), ' ']).flat()]]),
    element('p', { class: 'row' }, !over && element('button', { type: 'button', class: 'plain', 'aria-describedby': 'key-' + key.keyId,
      onclick: () => rotateKey(key) }, 'Rotate'), element('button', { type: 'button', class: 'plain danger-text',
      'aria-describedby': 'key-' + key.keyId, onclick: () => deleteKey(key) }, 'Delete')));
}

const choice = (name, label, options) => element('label', {}, label, element('select', { name }, options.map(([value, text]) =>
  element('option', { value }, text))));

/** Shows a new key until the dialog closes; it is kept nowhere. */
async function showKey(made, more) {
  await paint();
  await ask({ title: 'The new key, shown this once', body: [
    element('p', {}, 'Put ', word(made.name), ' where its backend reads it. It is stored nowhere, and cannot be shown again. ', more),
    element('pre', { class: 'newkey', tabindex: '0', role: 'group', 'aria-label': 'API key' }, made.apiKey),
    element('p', { class: 'row' }, copyButton('the key', () => made.apiKey))] });
}

async function createKey() {
  let made;
  const ok = await ask({
    title: 'New API key', button: 'Create',
    body: [element('p', {}, 'A key of tenant ', word(tenant()), '.'),
      element('label', {}, 'Name', element('input', { name: 'name', required: true, maxlength: '128', spellcheck: 'false' })),
      element('fieldset', {}, element('legend', {}, 'It may'), permissions.map(([value, text]) => element('label', { class: 'check' },
        element('input', { type: 'checkbox', name: 'permission', value }), code(value), element('span', { class: 'muted' }, text)))),
      choice('days', 'Expires', [['', 'never'], ['1', 'in a day'], ['30', 'in 30 days'], ['90', 'in 90 days'], ['365', 'in a year']])],
    act: async (data) => {
      const days = data.get('days');
      made = await call('create-api-key', { tenantId: tenant(), name: data.get('name'), permissions: data.getAll('permission'),
        ...(days && { expiresAt: new Date(Date.now() + days * day * 1000).toISOString() }) });
    },
  });
  if (ok) await showKey(made, '');
}

async function rotateKey(key) {
  let made;
  const ok = await ask({
    title: 'Rotate this key?', button: 'Rotate',
    body: [element('p', {}, 'A new key takes the name and the permissions of ', word(key.name), '. The old one works meanwhile:'),
      choice('overlap', 'The old key works for', [['86400', 'a day more'], ['3600', 'an hour more'], ['604800', '7 days more'],
        ['2592000', '30 days more'], ['0', 'no time: it ends at once']])],
    act: async (data) => {
      made = await call('rotate-api-key', { tenantId: tenant(), keyId: key.keyId, overlapSeconds: Number(data.get('overlap')) });
    },
  });
  if (ok) await showKey(made, ['The old key ends ', since(made.previous.expiresAt), '.']);
}

async function deleteKey(key) {
  const ok = await ask({
    title: 'Delete this key?', button: 'Delete the key', danger: true,
    body: element('p', {}, word(key.name), ' (', code(key.keyId), ') of tenant ', word(tenant()),
      ' ends at once and for good. Whoever still uses it is refused.'),
    act: () => call('delete-api-key', { tenantId: tenant(), keyId: key.keyId }),
  });
  if (!ok) return;
  await paint();
  say('The key is deleted.');
}
