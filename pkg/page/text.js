'use strict';

// What any page of this service needs: elements, Markdown, tokens, times. Texts go in as text, never as markup.

const at = (id) => document.getElementById(id);

/** element('p', {class: 'x', onclick: f}, 'text', child) */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, '');
    else if (value !== false && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.flat(Infinity).filter((child) => ![undefined, null, false, ''].includes(child)));
  return made;
}

/** Code, bold and links to this page, this service or the web; everything else stays text. */
function inline(text) {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*|\[[^\]]+\]\([^)\s]+\))/).map((part) => {
    if (/^`[^]+`$/.test(part)) return element('code', {}, part.slice(1, -1));
    if (/^\*\*[^]+\*\*$/.test(part)) return element('strong', {}, part.slice(2, -2));
    const link = /^\[([^\]]+)\]\(((?:https?:\/\/|\/(?!\/)|#)[^)\s\\]*)\)$/.exec(part);
    return link ? element('a', { href: link[2], rel: 'noreferrer' }, link[1]) : part;
  });
}

/** The Markdown of descriptions: paragraphs and lists. */
function markdown(text = '') {
  return text.trim().split(/\n\s*\n/).map((block) => {
    const [before, ...items] = block.split(/^[*-] /m);
    return before === '' && items.length
      ? element('ul', {}, items.map((item) => element('li', {}, inline(item.trim()))))
      : element('p', {}, inline(block));
  });
}

const pretty = (value) => JSON.stringify(value, null, 2);

/** Text for a pre: keys of JSON stand out, and the style folds long tokens, which stay whole to whoever copies them. */
function coloured(text) {
  return text.split(/("(?:[^"\\\n]|\\.)*"(?=:)|(?:srt_|sak_|eyJ)[\w.-]{20,})/).map((part, i) =>
    i % 2 === 0 ? part : element('span', { class: part.startsWith('"') ? 'key' : 'token' }, part));
}

function copyButton(what, text) {
  const button = element('button', { type: 'button', class: 'small', 'aria-label': 'Copy ' + what }, 'Copy');
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(text());
      button.textContent = 'Copied';
    } catch {
      button.textContent = 'Not allowed'; // by the browser, away from localhost and HTTPS
    }
    at('said').textContent = button.textContent + ': ' + what;
    setTimeout(() => { button.textContent = 'Copy'; }, 1500);
  });
  return button;
}

const units = [['year', 31536000], ['day', 86400], ['hour', 3600], ['minute', 60], ['second', 1]];

const inTime = new Intl.RelativeTimeFormat('en');

/** "in 14 minutes", "3 days ago" */
function inWords(seconds) {
  const [unit, size] = units.find((one) => Math.abs(seconds) >= one[1]) || units.at(-1);
  return inTime.format(Math.trunc(seconds / size), unit);
}

/** A time that stays true: the page writes it anew each second. */
function relative(seconds) {
  const time = new Date(seconds * 1000);
  const made = element('time', { datetime: time.toISOString(), title: time.toUTCString() });
  tell(made);
  return made;
}

function tell(time) {
  const text = inWords((new Date(time.dateTime) - Date.now()) / 1000);
  if (text !== time.textContent) time.textContent = text;
}

setInterval(() => document.querySelectorAll('time').forEach(tell), 1000);

/** Header and claims of a JWT, unverified; undefined for what is none. */
function decode(token) {
  try {
    const parts = token.split('.').slice(0, 2).map((part) => {
      const bytes = atob(part.replaceAll('-', '+').replaceAll('_', '/'));
      return JSON.parse(new TextDecoder().decode(Uint8Array.from(bytes, (c) => c.charCodeAt(0))));
    });
    return parts.length === 2 && parts.every((part) => part && typeof part === 'object') ? parts : undefined;
  } catch {
    return undefined;
  }
}

/** The JWT in a token, for people. */
function decodedView(token) {
  const parts = decode(token);
  if (!parts) return '';
  const isTime = (name, value) => ['exp', 'iat', 'nbf', 'auth_time'].includes(name) && Math.abs(value) < 1e11;
  const row = ([name, value]) => element('tr', {}, element('th', { scope: 'row' }, name),
    element('td', {}, element('code', {}, typeof value === 'string' ? value : JSON.stringify(value)),
      isTime(name, value) ? [' ', relative(value)] : ''));
  const table = (caption, part) => element('table', { class: 'claims' }, element('caption', {}, caption),
    element('tbody', {}, Object.entries(part).map(row)));
  const [header, claims] = parts;
  return element('details', { class: 'jwt' },
    element('summary', {}, 'Access token decoded', claims.sub ? ', of ' + claims.sub : '',
      isTime('exp', claims.exp) ? [', expires ', relative(claims.exp)] : ''),
    table('Header', header), table('Claims', claims),
    element('p', { class: 'muted' }, 'Decoded here and not verified.'));
}
