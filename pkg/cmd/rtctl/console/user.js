// Sessions: who is looked for, the cards of a user's sessions, and the history as a time line.

/** The token or key in a text, which may have a scheme, quotes or a cookie's name around it. */
const tokenIn = (text) => /(?<![\w.-])(?:srt_|sak_|eyJ[\w-]+\.)[\w.-]*/.exec(text)?.[0];
const isID = (text) => /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i.test(text);
const looked = []; // users of this page's life: [tenant, user]

views.users = { title: 'Sessions', open() {
  const field = element('input', { id: 'find', name: 'find', type: 'search', required: true, autofocus: true, spellcheck: 'false',
    autocomplete: 'off', placeholder: 'alice', 'aria-describedby': 'find-hint' });
  const result = element('div', { id: 'found' });
  const form = element('form', { class: 'find card', autocomplete: 'off', role: 'search' },
    element('label', {}, 'User, session id or token', field), element('button', { type: 'submit' }, 'Find'),
    element('p', { id: 'find-hint', class: 'muted' }, 'A pasted token or key is explained and never shown; it leaves the field at once.'));
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const text = field.value.trim();
    if (tokenIn(text)) field.value = '';
    result.replaceChildren(element('p', { class: 'muted' }, 'Looking.'));
    try {
      await lookUp(text, result);
    } catch (failure) {
      result.replaceChildren(wrong(failure));
    }
  });
  const hints = element('div', { class: 'hints' }, [
    ['A user lost a phone', 'Find the user. “End” on the card of the phone, or “End all others” on the card of the device that stays.'],
    ['A user was logged out: why?', 'Find the user. The latest ending is on top, the history beside the sessions says who ended what.'],
  ].map(([title, text]) => element('section', {}, element('h2', {}, title), element('p', { class: 'muted' }, text))));
  show('Sessions', form, result, hints, looked.length > 0 && element('section', {}, element('h2', {}, 'Looked at'),
    element('p', { class: 'row' }, looked.map(([of, user]) => element('button', { type: 'button', class: 'small', onclick: () => {
      at('tenant').value = of;
      go('user', user);
    } }, word(user), of === tenant() ? '' : [' of ', word(of)])))));
  field.focus();
} };

/** Goes where the text leads: to the user of a token or of a session, or to the user of this name. */
async function lookUp(text, result) {
  const token = tokenIn(text);
  if (token) {
    const told = await call('explain', { tenantId: tenant(), text: token });
    if (told.userId && [...at('tenant').options].some((one) => one.value === told.tenantId)) {
      at('tenant').value = told.tenantId;
      return go('user', told.userId, { told, session: told.sessionId });
    }
    return result.replaceChildren(explained(told));
  }
  if (isID(text)) {
    try {
      const { data } = await call('retrieve-by-id', { tenantId: tenant(), tokenId: text.toLowerCase() });
      return go('user', data.userId, { session: data.id });
    } catch (failure) {
      if (!secret) throw failure; // no live session has this id, and a user may
    }
  }
  return go('user', text);
}

/** What a token is. */
function explained(told) {
  const rows = [['Tenant', told.tenantId], ['Key', told.keyId], ['Name', told.name], ['Permissions', told.permissions?.join(' ')],
    ['Session', told.sessionId], ['Generation', told.generation], ['Expires', told.expiresAt && since(told.expiresAt)]];
  return element('section', { class: 'callout ' + (told.works ? 'is-good' : 'is-bad') },
    element('p', {}, told.kind !== 'unknown' && element('strong', {}, 'The ' + told.kind + (told.works ? ' works. ' : ' does not work. ')),
      told.why), facts(rows));
}

/** A list of names and values; empty ones are left out. */
function facts(rows) {
  return element('dl', { class: 'facts' }, rows.filter(([, value]) => ![undefined, null, false, ''].includes(value))
    .map(([name, ...value]) => element('div', {}, element('dt', {}, name), element('dd', {}, value.flat().map((one) =>
      (one instanceof Node ? one : word(one)))))));
}

views.user = { under: 'users', async open(alive, user, { told, session } = {}) {
  if (!looked.some(([of, one]) => of === tenant() && one === user)) looked.unshift([tenant(), user]);
  looked.splice(8);
  const sessions = element('section', { 'aria-labelledby': 'sessions-title' });
  const story = element('section', { class: 'story', 'aria-labelledby': 'story-title' });
  const latest = element('div', { id: 'latest' });
  show(element('span', {}, 'User ', word(user)), told && explained(told), latest, element('div', { class: 'user' }, sessions, story));
  sessions.append(element('p', { class: 'muted' }, 'Reading.'));
  const named = keyNames();
  const [list, past] = [sessionList(sessions, user, session, alive), timeLine(story, latest, user, named, alive)];
  await Promise.all([list, past]);
} };

/** Reads the sessions of a user: the first page, the rest on demand or for the filter. */
async function sessionList(box, user, session, alive) {
  const all = [];
  let cursor = '';
  const read = async () => {
    const page = await call('retrieve-by-user', { tenantId: tenant(), userId: user, ...(cursor && { cursor }) });
    all.push(...page.data);
    cursor = page.nextCursor || '';
  };
  await read();
  if (!alive()) return;
  all.sort((a, b) => (b.id === session) - (a.id === session));
  const cards = element('ul', { class: 'cards' });
  const count = element('p', { class: 'muted', role: 'status' });
  const more = moreButton('Show more', async () => {
    const had = all.length;
    await read();
    draw();
    cards.children[had]?.querySelector('button')?.focus();
  });
  const filter = element('input', { type: 'search', placeholder: 'Device, application, address, claim…', 'aria-label': 'Filter the sessions',
    spellcheck: 'false' });
  const draw = () => {
    const words = filter.value.trim().toLowerCase();
    const wanted = all.filter((one) => !words || JSON.stringify(Object.values(one)).toLowerCase().includes(words));
    cards.replaceChildren(...wanted.map((one) => sessionCard(one, user, one.id === session)));
    count.textContent = words ? wanted.length + ' of ' + many(all.length, 'session') : many(all.length, 'session') +
      (cursor ? ' shown, and there are more' : '');
    more.hidden = !cursor;
  };
  filter.addEventListener('input', async () => {
    if (filter.value.trim()) while (cursor && alive()) await read(); // a filter that sees a part would mislead
    if (alive()) draw();
  });
  const head = element('div', { class: 'head' }, element('h2', { id: 'sessions-title' }, 'Sessions'), count,
    all.length > 0 && element('button', { type: 'button', class: 'danger', onclick: () => end(user, {}) }, 'End all'));
  box.replaceChildren(head, all.length > 5 || cursor ? filter : '', all.length ? cards : element('p', { class: 'empty card' },
    'No session is alive in this tenant. One that has expired leaves no entry in the history.'), more);
  draw();
}

const phone = ['svg', { viewBox: '0 0 24 24', class: 'icon', 'aria-hidden': 'true' },
  ['rect', { x: 7, y: 3, width: 10, height: 18, rx: 2 }], ['path', { d: 'M11 17.5h2' }]];
const desktop = ['svg', { viewBox: '0 0 24 24', class: 'icon', 'aria-hidden': 'true' },
  ['rect', { x: 3, y: 4, width: 18, height: 12, rx: 2 }], ['path', { d: 'M9 20h6M12 16v4' }]];

/** "Chrome on Android" of a user agent, or its first word. */
function agentName(agent) {
  const [browser] = /Edg|OPR|Firefox|Chrome|Safari/.exec(agent) || [];
  const [system] = /Android|iPhone|iPad|Windows|Mac OS X|CrOS|Linux/.exec(agent) || [];
  const named = { Edg: 'Edge', OPR: 'Opera' }[browser] || browser;
  return [named, system].filter(Boolean).join(' on ') || agent.split(/[ /(]/)[0];
}

/** One session with its ways to end it. */
function sessionCard(one, user, chosen) {
  const device = one.device || {}, seen = one.lastSeen || {};
  const agent = seen.userAgent || device.userAgent || '';
  const name = device.name || agentName(agent) || 'Unknown device';
  const mobile = /phone|mobile|android|tablet|ipad/i.test([device.type, device.name, agent].join(' '));
  const title = element('h3', { id: 'session-' + one.id }, svg(mobile ? phone : desktop), word(name));
  const claims = one.claims && Object.keys(one.claims).length > 0 && element('pre', { tabindex: '0', role: 'group', 'aria-label': 'Claims' },
    plain(pretty(one.claims)).replaceAll('\\u000a', '\n'));
  return element('li', { class: 'card session', 'aria-labelledby': 'session-' + one.id },
    element('div', { class: 'head' }, title, chosen && element('span', { class: 'chip good' }, 'looked for')),
    facts([
      ['Application', one.applicationId],
      ['Last seen', one.lastRefreshedAt ? since(one.lastRefreshedAt) : 'never refreshed', seen.ip ? [' from ', code(seen.ip)] : ''],
      ['Agent', agent], ['Log-in', since(one.createdAt), device.ip ? [' from ', code(device.ip)] : ''],
      ['Generation', one.generation + (one.usage === 'reusable' ? ', reusable' : '')],
      ['Expires', since(one.expiresAt), one.absoluteExpiresAt === one.expiresAt ? '' : [', at the latest ', since(one.absoluteExpiresAt)]],
      ['Scope', one.scope], ['Claims', claims], ['Session', code(one.id), ' ', copyButton('the session id', () => one.id)],
    ]),
    element('p', { class: 'row' }, element('button', { type: 'button', class: 'plain danger-text', 'aria-describedby': 'session-' + one.id,
      onclick: () => end(user, { one, name }) }, 'End'),
    element('button', { type: 'button', class: 'plain', 'aria-describedby': 'session-' + one.id,
      onclick: () => end(user, { except: one, name }) }, 'End all others')));
}

/** Ends one session, all but one, or all, after a question that says which. */
async function end(user, { one, except, name }) {
  const [title, what] = one ? ['End this session?', ['The session on ', word(name), ' (', word(one.applicationId), ')']]
    : except ? ['End all other sessions?', ['Every session of ', word(user), ' but the one on ', word(name)]]
      : ['End all sessions?', ['Every session of ', word(user)]];
  const done = await ask({
    title, danger: true, button: one ? 'End the session' : 'End the sessions',
    body: [element('p', {}, what, ' in tenant ', word(tenant()), ' ends at once and for good. ',
      'Who verifies access tokens elsewhere accepts them until they expire.'), reasonField()],
    act: async (data) => {
      const given = { tenantId: tenant(), reason: data.get('reason') };
      if (one) await call('delete-by-id', { ...given, tokenId: one.id });
      else {
        const { data: ended } = await call('delete-by-user', { ...given, userId: user, ...(except && { exceptTokenId: except.id }) });
        end.said = many(ended.deleted, 'session') + ' ended.';
      }
    },
  });
  if (!done) return;
  await paint();
  say(one ? 'The session has ended.' : end.said);
}
