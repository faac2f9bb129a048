// Applications: a list that can be filtered, and a form that shows what will change before it is saved.

const day = 86400;

/** Seconds in the largest units that fit: "30 days", "1 hour 30 minutes". */
function spell(seconds) {
  if (!Number.isInteger(seconds) || seconds < 0) return 'no whole number';
  if (seconds === 0) return 'none';
  const words = [];
  for (const [noun, size] of [['day', day], ['hour', 3600], ['minute', 60], ['second', 1]]) {
    const n = Math.floor(seconds / size);
    if (n) words.push(many(n, noun));
    seconds %= size;
  }
  return words.join(' ');
}

const now = 'Reaches living sessions at once where it is smaller, new ones only where it is larger.';
const later = 'Holds for sessions issued from then on.';

// As functions/README.md lists them: {name: [label, kind, meaning, when a change holds]}.
const settings = {
  accessTokenSeconds: ['Access token', 'seconds', 'how long one lives', now],
  refreshIdleSeconds: ['Idle', 'seconds', 'a session ends so long after its last refresh', later],
  refreshAbsoluteSeconds: ['At most', 'seconds', 'a session ends so long after its log-in', now],
  overlapSeconds: ['Overlap', 'seconds', 'how long a replaced token is a retry', now],
  maxSessionsPerUser: ['Sessions of a user', 'number', 'the least recently refreshed leaves; 0: no limit', 'Holds from the next log-in on.'],
  usage: ['Usage', ['oneTime', 'reusable'], 'whether a refresh replaces the token', later],
  dpop: ['Proofs of possession', ['off', 'allowed', 'required'], 'whether sessions are bound to a key', later],
  audiences: ['Further audiences', 'lines', 'one on a line', 'Holds from the next refresh on.'],
  keepPreviousAccessToken: ['An access token outlives the next refresh', 'boolean', '', later],
  requireAccessToken: ['A refresh needs the access token beside it', 'boolean', '', later],
};

views.applications = { title: 'Applications', async open(alive) {
  const list = element('ul', { class: 'rows', 'aria-label': 'Applications' });
  const count = element('p', { class: 'muted', role: 'status' }, 'Reading.');
  const filter = element('input', { type: 'search', placeholder: 'Id or name', 'aria-label': 'Filter the applications', spellcheck: 'false' });
  let most = 50;
  const more = moreButton('Show more', () => {
    most += 200;
    draw();
  });
  show('Applications', element('div', { class: 'tools' }, filter, count), list, more);
  const all = [];
  for (let cursor; cursor !== '';) {
    const page = await call('retrieve-applications', { tenantId: tenant(), ...(cursor && { cursor }) });
    if (!alive()) return;
    all.push(...page.applications);
    cursor = page.nextCursor || '';
  }
  const draw = () => {
    const words = filter.value.trim().toLowerCase();
    const wanted = all.filter((one) => (one.applicationId + '\n' + one.name).toLowerCase().includes(words));
    list.replaceChildren(...wanted.slice(0, most).map(applicationRow));
    count.textContent = words ? wanted.length + ' of ' + many(all.length, 'application') : many(all.length, 'application');
    more.hidden = wanted.length <= most;
  };
  filter.addEventListener('input', draw);
  draw();
} };

function applicationRow(app) {
  const s = app.settings;
  return element('li', { class: 'card' },
    element('h2', {}, element('button', { type: 'button', class: 'link', onclick: () => go('application', app.applicationId) }, word(app.applicationId))),
    element('span', { class: 'muted' }, word(app.name)),
    facts([['Access token', spell(s.accessTokenSeconds)], ['Idle', spell(s.refreshIdleSeconds)], ['At most', spell(s.refreshAbsoluteSeconds)],
      ['Overlap', spell(s.overlapSeconds)], ['Tokens', s.usage + (s.dpop === 'off' ? '' : ', DPoP ' + s.dpop)]]));
}

views.application = { under: 'applications', async open(alive, id, done) {
  const app = await call('retrieve-applications', { tenantId: tenant(), applicationId: id });
  if (!alive()) return;
  const name = element('input', { name: 'name', maxlength: '128', spellcheck: 'false' });
  name.value = app.name;
  const fields = Object.keys(settings).map((key) => settingField(key, app.settings[key]));
  const form = element('form', { class: 'settings card', autocomplete: 'off' }, element('label', {}, 'Name', name,
    element('span', { class: 'muted' }, 'for people')), fields,
    element('p', { class: 'row' }, element('button', { type: 'submit' }, 'Review changes'),
      element('button', { type: 'button', class: 'plain', onclick: () => history.back() }, 'Back')));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    form.querySelector('[role=alert]')?.remove();
    const changes = [['name', app.name, name.value], ...fields.map((field) => field.change())]
      .filter(([, was, is]) => JSON.stringify(was) !== JSON.stringify(is));
    if (changes.length) review(app, changes);
    else form.append(element('p', { role: 'alert', class: 'muted' }, 'Nothing has changed.'));
  });
  show(element('span', {}, 'Application ', word(id)), done || element('p', { class: 'muted' }, 'Epoch ' + app.epoch +
    ': it counts how often all sessions were ended at once.'), form);
} };

/** A setting: its field, with what its value means. change() is [name, was, is]. */
function settingField(key, was) {
  const [label, kind, meaning] = settings[key];
  let field, read;
  if (Array.isArray(kind)) {
    field = element('select', { name: key }, kind.map((one) => element('option', {}, one)));
    read = () => field.value;
  } else if (kind === 'boolean') {
    field = element('input', { type: 'checkbox', name: key });
    read = () => field.checked;
    field.checked = was;
  } else if (kind === 'lines') {
    field = element('textarea', { name: key, rows: '2', spellcheck: 'false' });
    read = () => field.value.split('\n').map((line) => line.trim()).filter(Boolean);
  } else {
    field = element('input', { type: 'number', name: key, required: true, min: '0', step: '1' });
    read = () => field.valueAsNumber;
  }
  if (kind !== 'boolean') field.value = kind === 'lines' ? was.join('\n') : was;
  const hint = element('span', { class: 'muted' });
  const tellHint = () => { hint.textContent = (kind === 'seconds' ? spell(read()) + ': ' : '') + meaning; };
  field.addEventListener('input', tellHint);
  tellHint();
  const made = kind === 'boolean' ? element('label', { class: 'check' }, field, label)
    : element('label', {}, label, ' ', element('code', { class: 'muted' }, key), field, hint);
  made.change = () => [key, was, read()];
  return made;
}

function valueView(value, kind) {
  if (kind === 'seconds') return value + ' s (' + spell(value) + ')';
  if (kind === 'boolean') return value ? 'yes' : 'no';
  return [].concat(value).join(', ') || 'none';
}

/** Shows what will change, and saves these members alone. */
async function review(app, changes) {
  const rows = changes.map(([key, was, is]) => {
    const [label, kind, , holds] = settings[key] || ['Name'];
    return element('tr', {}, element('th', { scope: 'row' }, label), element('td', {}, element('del', {}, plain(valueView(was, kind)))),
      element('td', {}, element('ins', {}, plain(valueView(is, kind))), holds && element('span', { class: 'muted' }, holds)));
  });
  let saved;
  const ok = await ask({
    title: 'Save ' + many(changes.length, 'change') + '?', button: 'Save',
    body: [element('p', {}, 'Application ', word(app.applicationId), ' of tenant ', word(tenant()), '. Nothing else of it changes.'),
      element('table', { class: 'diff' }, element('thead', {}, element('tr', {}, ['Setting', 'Is', 'Will be'].map((text) =>
        element('th', { scope: 'col' }, text)))), element('tbody', {}, rows))],
    act: async () => {
      const { name, ...values } = Object.fromEntries(changes.map(([key, , is]) => [key, is]));
      saved = await call('put-application', { tenantId: tenant(), applicationId: app.applicationId,
        ...(name !== undefined && { name }), ...(Object.keys(values).length && { settings: values }) });
    },
  });
  if (!ok) return;
  const done = element('p', { class: 'callout is-good' }, 'Saved: ' + (saved.changed.join(', ') || 'it was so already') + '. ',
    (saved.warnings || []).join(' '));
  const mine = ++turn;
  await views.application.open(() => mine === turn, app.applicationId, done);
  say('Saved.');
}
