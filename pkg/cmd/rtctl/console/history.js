// The history of a user as a time line: who ended what, when and why.

const events = {
  issued: ['', () => 'Logged in'],
  imported: ['', () => 'Session brought along from another system'],
  updated: ['', (n) => many(n, 'session') + ' changed'],
  deleted: ['bad', (n) => many(n, 'session') + ' ended'],
  evicted: ['bad', (n) => many(n, 'session') + ' ended: one log-in more than the limit'],
  denied: ['bad', () => 'Session ended: the claims hook denied it'],
  reuse_detected: ['bad', () => 'Session ended: a superseded token was used'],
  retry_elsewhere: ['warm', () => 'A refresh was repeated from another device'],
  rolled_forward: ['warm', () => 'A token was newer than the table'],
};
const meanings = {
  reuse_detected: 'A copy was stolen, or a client kept an old token.',
  retry_elsewhere: 'Nothing ended. A copy may be in use.',
  rolled_forward: 'Nothing ended. The table has lost writes, as after a restore.',
};
const own = ['evicted', 'reuse_detected', 'retry_elsewhere', 'rolled_forward']; // the service's, whose words say why
const isEnding = (entry) => events[entry.event]?.[0] === 'bad';

/** What happened, in words. */
function happened(entry) {
  if (entry.event === 'deleted' && entry.count === null) {
    return entry.applicationId ? 'All sessions of the application ended' : 'All sessions of the tenant ended';
  }
  return events[entry.event]?.[1](entry.count) ?? plain(entry.event);
}

/** The names of the tenant's API keys by their ids, once they are read. */
async function keyNames() {
  try {
    const { apiKeys } = await call('list-api-keys', { tenantId: tenant() });
    return new Map(apiKeys.map((key) => [key.keyId, key.name]));
  } catch {
    return new Map(); // an operator who may not list keys sees their ids
  }
}

/** Who did it. */
function author(by, names) {
  const [kind, id] = (by || '').split(/:(.*)/s);
  if (kind === 'key') return names.has(id) ? ['API key ', word(names.get(id))] : ['API key ', code(id), ', which is gone'];
  if (kind === 'user') return ['the user, in session ', code(id)];
  return [{ operator: 'an operator', service: 'the service', hook: 'the claims hook', '': 'nobody known' }[kind] || word(by)];
}

function because(entry, names) {
  if (own.includes(entry.event)) return '';
  return [' by ', author(entry.by, names), entry.reason ? [', because of ', element('strong', {}, plain(entry.reason))] : ''].flat(2);
}

/** The latest ending in one sentence, for whoever asks why a user is out. */
function latestEnding(entries, names, complete) {
  const last = entries.find(isEnding);
  if (last) {
    return element('p', { class: 'callout' }, element('strong', {}, 'Latest ending: '), happened(last), ' ', since(last.at),
      because(last, names), '. ', meanings[last.event] || '', ' ', toHistory());
  }
  return element('p', { class: 'callout' }, complete ? 'No ending in the last 90 days is on record. A session that expires leaves no entry.'
    : 'No ending is among the latest entries.', ' ', toHistory());
}

/** The way to the history where it is below the sessions. */
const toHistory = () => element('button', { type: 'button', class: 'link narrow', onclick: () => at('story-title').focus() }, 'To the history');

function entryItem(entry, names) {
  const [kind] = events[entry.event] || [''];
  const ids = entry.tokenIds || [];
  return element('li', { class: kind },
    element('p', {}, element('strong', {}, happened(entry)), because(entry, names)),
    meanings[entry.event] && element('p', {}, meanings[entry.event]),
    element('p', { class: 'muted' }, since(entry.at), ' · ', clock(entry.at), entry.applicationId ? [' · ', word(entry.applicationId)] : ''),
    (ids.length || entry.ip || entry.requestId) && element('details', {}, element('summary', {}, 'Details'),
      facts([['Sessions', ids.map((id) => [code(id), ' ']).flat()], ['And more', entry.count > ids.length ? entry.count - ids.length : ''],
        ['From', entry.ip && code(entry.ip)], ['Request', entry.requestId && code(entry.requestId)]])));
}

async function timeLine(box, latest, user, naming, alive) {
  const entries = [];
  let cursor = '';
  const read = async () => {
    const page = await call('retrieve-history', { tenantId: tenant(), userId: user, ...(cursor && { cursor }) });
    entries.push(...page.data);
    cursor = page.nextCursor || '';
  };
  const names = await naming;
  await read();
  if (!alive()) return;
  const line = element('ol', { class: 'timeline' });
  const only = element('input', { type: 'checkbox', onchange: () => draw() });
  const more = moreButton('Show earlier entries', async () => {
    await read();
    draw();
  });
  const draw = () => {
    const wanted = entries.filter((entry) => !only.checked || isEnding(entry));
    line.replaceChildren(...wanted.map((entry) => entryItem(entry, names)));
    more.hidden = !cursor;
  };
  latest.replaceChildren(latestEnding(entries, names, !cursor));
  box.replaceChildren(element('div', { class: 'head' }, element('h2', { id: 'story-title', tabindex: '-1' }, 'History'),
    element('label', { class: 'check' }, only, 'Endings only')), entries.length ? line
    : element('p', { class: 'empty card' }, 'Nothing is on record: entries stay for 90 days.'), more);
  draw();
}
