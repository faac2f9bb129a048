'use strict';

// The page of /docs: every operation of /openapi.json, with a form that calls it. Texts go in as text, never as markup.

const at = (id) => document.getElementById(id);
const methods = ['get', 'post', 'put', 'patch', 'delete', 'options', 'head'];
let description;

/** element('p', {class: 'x'}, 'text', child) */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, '');
    else if (value !== false && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== undefined && child !== ''));
  return made;
}

/** Follows $ref, which is always into the document itself. */
function resolve(node) {
  while (node && node.$ref) {
    node = node.$ref.slice(2).split('/').reduce((o, part) => o[part.replaceAll('~1', '/').replaceAll('~0', '~')], description);
  }
  return node;
}

/** A schema in a few words or lines, as one would write it on paper. */
function shape(schema, indent = '') {
  schema = resolve(schema);
  if (!schema) return 'anything';
  const deeper = indent + '  ';
  for (const key of ['oneOf', 'anyOf']) {
    if (schema[key] && !schema.properties && schema.type !== 'string') {
      return schema[key].map((one) => shape(one, indent)).join('\n' + indent + 'or ');
    }
  }
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  const type = [].concat(schema.type || 'anything').join(' | ');
  if (schema.items) return '[ ' + shape(schema.items, indent) + ' ]';
  if (!schema.properties) return schema.maxProperties === 0 ? '{}' : type + limits(schema);
  const required = schema.required || [];
  const lines = Object.entries(schema.properties).map(([name, value]) =>
    deeper + name + (required.includes(name) ? '' : '?') + ': ' + shape(value, deeper));
  return '{\n' + lines.join('\n') + '\n' + indent + '}';
}

function limits(schema) {
  const words = [schema.format, schema.maxLength && 'at most ' + schema.maxLength,
    schema.minimum !== undefined && 'from ' + schema.minimum, schema.maximum !== undefined && 'to ' + schema.maximum];
  const said = words.filter(Boolean).join(', ');
  return said && ' (' + said + ')';
}

const pretty = (value) => JSON.stringify(value, null, 2);

/** Puts the tokens of the last answer where an example has one. */
function filled(value) {
  if (typeof value === 'string') {
    if (value.startsWith('srt_')) return at('refreshToken').value || value;
    if (value.startsWith('eyJ')) return at('accessToken').value || value;
    return value;
  }
  if (Array.isArray(value)) return value.map(filled);
  if (value && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, filled(inner)]));
  }
  return value;
}

function bodyText(mediaType, value) {
  value = filled(value);
  return mediaType.includes('json') ? pretty(value) : new URLSearchParams(value).toString();
}

/** The ways in which an operation may be authorised, as choices. */
function choices(operation) {
  const schemes = description.components.securitySchemes;
  const words = (requirement) => Object.keys(requirement).map((name) => schemes[name].description || name).join(' + ') || 'None';
  const list = operation.security && operation.security.length ? operation.security : [{}];
  return list.map((requirement) => ({ names: Object.keys(requirement), label: words(requirement) }));
}

function credentialHeaders(names) {
  const headers = {};
  for (const name of names) {
    if (name === 'apiKey') headers.Authorization = 'Bearer ' + at('apiKey').value.trim();
    if (name === 'accessToken') headers.Authorization = 'Bearer ' + at('accessToken').value.trim();
    if (name === 'bareAccessToken') headers.Authorization = at('accessToken').value.trim();
    if (name === 'client') headers.Authorization = 'Basic ' + btoa('web:');
    if (name === 'tenant') headers['X-Stencil-TenantId'] = at('tenant').value.trim();
  }
  return headers;
}

/** Remembers the tokens of an answer, wherever its interface puts them. */
function remember(body) {
  const places = [body, body && body.data].filter((place) => place && typeof place === 'object');
  for (const place of places) {
    const access = place.accessToken || place.access_token || place.jwtToken;
    const refresh = place.refreshToken || place.refresh_token;
    if (typeof access === 'string') at('accessToken').value = access;
    if (typeof refresh === 'string') at('refreshToken').value = refresh;
  }
}

/** What a form says, as a request. */
function requestOf(form, path, method) {
  let target = path;
  const query = new URLSearchParams();
  const choice = form.elements.credential.value;
  const headers = credentialHeaders(choice ? choice.split(' ') : []);
  for (const field of form.querySelectorAll('[data-in]')) {
    const value = field.value;
    if (field.dataset.in === 'path') target = target.replace('{' + field.name + '}', encodeURIComponent(value));
    else if (value === '') continue;
    else if (field.dataset.in === 'query') query.append(field.name, value);
    else headers[field.name] = value;
  }
  const options = { method: method.toUpperCase(), headers, credentials: choice.includes('Cookie') ? 'same-origin' : 'omit', cache: 'no-store' };
  const body = form.elements.body;
  if (body && body.value !== '') {
    options.body = body.value;
    headers['Content-Type'] = form.elements.mediaType.value;
  }
  return [target + (query.size ? '?' + query : ''), options];
}

/** The same request for a shell; what is secret stays a variable. */
function curl(target, options) {
  const quote = (text) => "'" + text.replaceAll("'", "'\\''") + "'";
  const lines = ['curl -i -X ' + options.method + ' ' + quote(location.origin + target)];
  for (const [name, value] of Object.entries(options.headers)) {
    const shown = value === 'Bearer ' + at('apiKey').value.trim() ? '"' + name + ': Bearer $API_KEY"' : quote(name + ': ' + value);
    lines.push('-H ' + shown);
  }
  if (options.body) lines.push('-d ' + quote(options.body));
  return lines.join(' \\\n  ');
}

async function send(event, path, method) {
  event.preventDefault();
  const form = event.target;
  const output = form.querySelector('output');
  const [target, options] = requestOf(form, path, method);
  output.replaceChildren('Waiting for the answer.');
  try {
    const answer = await fetch(target, options);
    const text = await answer.text();
    let shown = text;
    try {
      const body = JSON.parse(text);
      remember(body);
      shown = pretty(body);
    } catch { /* no JSON: shown as it came */ }
    const headers = [...answer.headers].map(([name, value]) => name + ': ' + value).join('\n');
    output.replaceChildren(
      element('p', { class: answer.ok ? 'good' : 'bad' }, element('strong', { class: 'status' }, String(answer.status)), ' ' + answer.statusText),
      element('pre', { class: 'answer', tabindex: '0' }, shown || '(no body)'),
      element('details', {}, element('summary', {}, 'Headers and the same with curl'), element('pre', { tabindex: '0' }, headers + '\n\n' + curl(target, options))));
  } catch (failure) {
    output.replaceChildren(element('p', { class: 'bad' }, 'No answer: ' + failure.message));
  }
}

function parameterField(parameter) {
  const schema = resolve(parameter.schema) || {};
  const label = parameter.name + ' (' + parameter.in + (parameter.required ? '' : ', optional') + ')';
  return element('label', { title: parameter.description || schema.description }, label, element('input', {
    name: parameter.name, 'data-in': parameter.in, required: Boolean(parameter.required), spellcheck: 'false',
    value: parameter.required ? parameter.example : undefined, placeholder: shape(schema),
  }));
}

function bodyFields(operation) {
  if (!operation.requestBody) return [];
  const content = resolve(operation.requestBody).content;
  const types = element('select', { name: 'mediaType' }, ...Object.keys(content).map((type) => element('option', {}, type)));
  const examples = element('select', { name: 'example' });
  const text = element('textarea', { name: 'body', spellcheck: 'false' });
  const fill = () => {
    const example = resolve((content[types.value].examples || {})[examples.value]);
    text.value = example ? bodyText(types.value, example.value) : '';
  };
  const list = () => {
    examples.replaceChildren(...Object.entries(content[types.value].examples || {}).map(([name, example]) =>
      element('option', { value: name }, resolve(example).summary || name)));
    fill();
  };
  types.addEventListener('change', list);
  examples.addEventListener('change', fill);
  list();
  return [
    element('div', { class: 'fields' }, element('label', {}, 'Body as ', types), element('label', {}, 'Example ', examples)),
    element('button', { type: 'button', class: 'fill', onclick: fill }, 'Fill in the example again, with the tokens above'),
    element('label', {}, 'Body ', text),
    element('details', {}, element('summary', {}, 'What the body may be'), element('pre', { tabindex: '0' }, shape(content[types.value].schema))),
  ];
}

function answers(operation) {
  const rows = Object.entries(operation.responses).sort().map(([status, response]) => {
    response = resolve(response);
    const media = response.content && response.content['application/json'];
    const examples = Object.values((media && media.examples) || {}).map((example) => pretty(resolve(example).value)).join('\n\n');
    const headers = Object.keys(response.headers || {}).join(', ');
    const more = media && element('details', {}, element('summary', {}, 'Body'), element('pre', { tabindex: '0' }, shape(media.schema) + (examples && '\n\n' + examples)));
    return element('tr', {}, element('th', { scope: 'row' }, status),
      element('td', {}, response.description, headers && element('div', {}, 'Headers: ', element('code', {}, headers)), more || ''));
  });
  return element('table', {}, element('thead', {}, element('tr', {}, element('th', { scope: 'col' }, 'Status'), element('th', { scope: 'col' }, 'Answer'))),
    element('tbody', {}, ...rows));
}

function details(path, item, method) {
  const operation = item[method];
  const parameters = [...(item.parameters || []), ...(operation.parameters || [])].map(resolve);
  const credential = element('select', { name: 'credential' }, ...choices(operation).map((choice) =>
    element('option', { value: choice.names.join(' ') }, choice.label)));
  const form = element('form', { onsubmit: (event) => send(event, path, method), autocomplete: 'off' },
    element('fieldset', {}, element('legend', {}, 'Try it'),
      element('label', {}, 'Credential ', credential),
      element('div', { class: 'fields' }, ...parameters.map(parameterField)),
      ...bodyFields(operation),
      element('p', {}, element('button', { type: 'submit' }, 'Send'))),
    element('output', { 'aria-live': 'polite' }));
  return element('details', { class: 'operation', id: operation.operationId },
    element('summary', {}, element('span', { class: 'method' }, method.toUpperCase()), element('span', { class: 'path' }, path),
      element('span', { class: 'summary' }, operation.summary || '')),
    element('div', {}, element('p', {}, operation.description || ''), form, element('h3', {}, 'Answers'), answers(operation)));
}

/** All operations, in the order of the tags; preflights last within theirs. */
function all() {
  const found = [];
  for (const [path, item] of Object.entries(description.paths)) {
    for (const method of methods) if (item[method]) found.push({ path, item, method, operation: item[method] });
  }
  return found;
}

function render() {
  at('title').textContent = description.info.title + ' ' + description.info.version;
  const main = [element('details', {}, element('summary', {}, 'About'), element('pre', {}, description.info.description))];
  const contents = [];
  const operations = all();
  for (const tag of description.tags) {
    const mine = operations.filter((one) => one.operation.tags.includes(tag.name))
      .sort((a, b) => (a.method === 'options') - (b.method === 'options'));
    main.push(element('section', {}, element('h2', {}, tag.name), element('p', {}, tag.description),
      ...mine.map((one) => details(one.path, one.item, one.method))));
    contents.push(element('h2', {}, tag.name), element('ul', {}, ...mine.filter((one) => one.method !== 'options').map((one) =>
      element('li', {}, element('a', { href: '#' + one.operation.operationId }, one.operation.summary)))));
  }
  at('operations').replaceChildren(...main);
  at('contents').replaceChildren(...contents);
}

function openTarget() {
  const target = location.hash.length > 1 && at(location.hash.slice(1));
  if (target && target.matches('details')) {
    target.open = true;
    target.querySelector('summary').focus();
  }
}

function filter() {
  const words = at('filter').value.toLowerCase();
  for (const one of document.querySelectorAll('details.operation')) {
    one.hidden = !one.querySelector('summary').textContent.toLowerCase().includes(words);
  }
}

async function start() {
  try {
    const answer = await fetch('/openapi.json');
    if (!answer.ok) throw new Error('status ' + answer.status);
    description = await answer.json();
    render();
    openTarget();
  } catch (failure) {
    at('operations').replaceChildren(element('p', { class: 'bad' }, 'The description cannot be read: ' + failure.message));
  }
}

at('credentials').addEventListener('submit', (event) => event.preventDefault());
at('filter').addEventListener('input', filter);
window.addEventListener('hashchange', openTarget);
start();
