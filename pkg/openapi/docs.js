// The page of /docs: every operation of /openapi.json but the preflights, with a form that calls it.

const methods = ['get', 'post', 'put', 'patch', 'delete', 'head'];
let description, language = 'curl';

/** Follows $ref, which is always into the document itself. */
function resolve(node) {
  while (node && node.$ref) {
    const parts = node.$ref.slice(2).split('/').map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
    node = parts.reduce((inner, part) => inner[part], description);
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
  if (schema.items) return '[ ' + shape(schema.items, indent) + ' ]';
  if (schema.maxProperties === 0) return '{}';
  if (!schema.properties) return [].concat(schema.type || 'anything').join(' | ') + limits(schema);
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

function parameterField(parameter) {
  const schema = resolve(parameter.schema) || {};
  const help = parameter.description || schema.description;
  const attributes = { name: parameter.name, 'data-in': parameter.in, required: Boolean(parameter.required) };
  const values = schema.enum && [...(parameter.required ? [] : ['']), ...schema.enum];
  const field = values
    ? element('select', attributes, values.map((one) => element('option', {}, one)))
    : element('input', { ...attributes, spellcheck: 'false', placeholder: shape(schema) });
  field.refill = () => offer(field, parameter.required ? filled(parameter.example || '', parameter.name) : '');
  return element('label', { title: help }, parameter.name,
    element('span', { class: 'muted' }, ' ' + parameter.in + (parameter.required ? '' : ', optional')), field);
}

function bodyFields(operation) {
  if (!operation.requestBody) return [];
  const content = resolve(operation.requestBody).content;
  const option = (type) => element('option', {}, type);
  const types = element('select', { name: 'mediaType' }, Object.keys(content).map(option));
  const examples = element('select', { name: 'example' });
  const text = element('textarea', { name: 'body', spellcheck: 'false', wrap: 'off', rows: '5' });
  const all = () => content[types.value].examples || {};
  const list = () => examples.replaceChildren(...Object.entries(all()).map(([name, example]) =>
    element('option', { value: name }, resolve(example).summary || name)));
  text.refill = () => {
    const example = resolve(all()[examples.value]);
    if (!example) return offer(text, '');
    const body = filled(example.value);
    return offer(text, types.value.includes('json') ? pretty(body) : new URLSearchParams(body).toString());
  };
  const again = () => {
    text.offered = undefined;
    text.form.refill();
  };
  types.addEventListener('change', () => { list(); again(); });
  examples.addEventListener('change', again);
  list();
  return [
    element('div', { class: 'fields' }, element('label', { hidden: types.length < 2 }, 'Body as ', types),
      element('label', { hidden: types.length < 2 && examples.length < 2 }, 'Example ', examples)),
    element('label', {}, 'Body ', text),
    element('button', { type: 'button', class: 'small fill', onclick: again }, 'Fill in again'),
    element('details', {}, element('summary', {}, 'What the body may be'),
      element('pre', { tabindex: '0' }, shape(content[types.value].schema))),
  ];
}

/** The request of a form as a program, in the language that was chosen last. */
function sampleView(form) {
  const code = element('pre', { class: 'sample', tabindex: '0', role: 'group', 'aria-label': 'Sample' });
  const choose = (event) => {
    language = event.target.value;
    refill();
  };
  const radios = Object.keys(samples).map((name) => element('label', {},
    element('input', { type: 'radio', name: 'language', value: name, onchange: choose }), name));
  form.sample = () => {
    code.replaceChildren(...coloured(samples[language](requestOf(form))));
    for (const label of radios) label.firstChild.checked = label.textContent === language;
  };
  return element('form', { class: 'languages', autocomplete: 'off' },
    element('fieldset', {}, element('legend', {}, 'Request'),
      element('div', { class: 'row' }, radios, copyButton('the sample', () => code.textContent)), code));
}

function answers(operation) {
  const rows = Object.entries(operation.responses).sort().map(([status, response]) => {
    response = resolve(response);
    const media = response.content && response.content['application/json'];
    const examples = Object.values((media && media.examples) || {})
      .map((example) => pretty(resolve(example).value)).join('\n\n');
    const headers = Object.keys(response.headers || {}).join(', ');
    return element('tr', {}, element('th', { scope: 'row', class: status < '300' ? 'good' : 'bad' }, status),
      element('td', {}, markdown(response.description),
        headers && element('p', { class: 'muted' }, 'Headers: ' + headers),
        media && element('details', {}, element('summary', {}, 'Body'),
          element('pre', { tabindex: '0' }, coloured(shape(media.schema) + (examples && '\n\n' + examples))))));
  });
  return element('details', { class: 'answers' },
    element('summary', {}, 'What it answers: ' + Object.keys(operation.responses).sort().join(', ')),
    element('table', {}, element('tbody', {}, rows)));
}

/** What a success looks like, until there is an answer. */
function exampleAnswer(operation) {
  const status = Object.keys(operation.responses).sort()[0];
  const { content } = resolve(operation.responses[status]);
  const [example] = Object.values(content?.['application/json']?.examples || {});
  return example ? [element('p', { class: 'row' }, element('strong', { class: 'good' }, status), element('span', { class: 'muted' }, 'for example')),
    element('pre', { tabindex: '0', role: 'group', 'aria-label': 'Example of an answer' }, coloured(pretty(resolve(example).value)))] : '';
}

function badge(method) {
  return element('span', { class: 'method ' + method }, method.toUpperCase());
}

function details({ path, item, method, operation }) {
  const parameters = [...(item.parameters || []), ...(operation.parameters || [])].map(resolve);
  const { Proof: proof } = description.components.parameters; // which an access token of a bound session needs too
  if (choices(operation).some(({ names }) => names.includes('accessToken')) && !parameters.includes(proof)) parameters.push(proof);
  const form = element('form', { class: 'operation-form', autocomplete: 'off' },
    element('label', {}, 'Credential ', element('select', { name: 'credential' }, choices(operation).map((choice) =>
      element('option', { value: choice.names.join(' ') }, choice.label)))),
    parameters.length ? element('div', { class: 'fields' }, parameters.map(parameterField)) : '',
    bodyFields(operation),
    element('p', {}, element('button', { type: 'submit', class: method === 'delete' && 'danger' }, 'Send')));
  form.operation = { path, method };
  form.output = element('output', { 'aria-label': 'Answer' }, exampleAnswer(operation));
  proofButton(form);
  form.refill = () => {
    for (const field of form.elements) if (field.refill) field.refill();
    form.sample();
  };
  form.addEventListener('input', () => form.sample());
  form.addEventListener('submit', (event) => { event.preventDefault(); send(form); });
  const made = element('details', { class: 'operation card', id: operation.operationId },
    element('summary', {}, badge(method), element('span', { class: 'path' }, path),
      element('span', { class: 'muted summary' }, operation.summary || ''),
      operation.deprecated ? element('span', { class: 'chip' }, 'deprecated') : ''),
    element('div', { class: 'try' },
      element('div', {}, element('div', { class: 'about' }, markdown(operation.description)), form, answers(operation)),
      element('div', { class: 'sides' }, sampleView(form), form.output)));
  made.addEventListener('toggle', () => { if (made.open) current(made.id); });
  return made;
}

/** All operations, in the order of the document. */
function all() {
  return Object.entries(description.paths).flatMap(([path, item]) =>
    methods.filter((method) => item[method]).map((method) => ({ path, item, method, operation: item[method] })));
}

function indexItem({ method, operation: { operationId: id, summary } }) {
  return element('li', {}, element('a', { href: '#' + id, 'data-for': id }, badge(method), summary));
}

function render() {
  at('title').textContent = description.info.title + ' ' + description.info.version;
  at('tagline').textContent = description.info.summary;
  const about = element('summary', {}, 'About these interfaces');
  const main = [element('details', { class: 'card' }, about, markdown(description.info.description))];
  const contents = [];
  const operations = all();
  for (const tag of description.tags) {
    const mine = operations.filter((one) => one.operation.tags.includes(tag.name));
    if (!mine.length) continue;
    main.push(element('section', {}, element('h2', {}, tag.name), markdown(tag.description), mine.map(details)));
    contents.push(element('section', {}, element('h2', {}, tag.name), element('ul', {}, mine.map(indexItem))));
  }
  at('sections').replaceChildren(...main);
  at('contents').replaceChildren(...contents);
  refill();
}

/** Marks an operation in the index and in the address. */
function current(id) {
  history.replaceState(null, '', '#' + id);
  for (const link of document.querySelectorAll('nav a')) {
    link.setAttribute('aria-current', link.dataset.for === id);
  }
}

function openTarget() {
  const target = location.hash.length > 1 && at(decodeURIComponent(location.hash.slice(1)));
  if (!target || !target.matches('details.operation')) return;
  target.open = true;
  target.querySelector('summary').focus();
}

function filter() {
  const words = value('filter').toLowerCase();
  for (const one of document.querySelectorAll('details.operation')) {
    one.hidden = !one.querySelector('summary').textContent.toLowerCase().includes(words);
    document.querySelector('nav a[data-for="' + one.id + '"]').parentElement.hidden = one.hidden;
  }
  for (const section of document.querySelectorAll('#sections section, #contents section')) {
    section.hidden = !section.querySelector('details.operation:not([hidden]), li:not([hidden])');
  }
}

async function start() {
  const wide = matchMedia('(width > 62rem)'); // as in the style, which shows the index there without a way to close it
  const fold = () => { at('index').open = wide.matches; };
  wide.addEventListener('change', fold);
  fold();
  for (const id of ['refreshToken', 'accessToken', 'tokenId']) {
    const label = at(id).labels[0];
    label.parentElement.append(copyButton('the ' + label.textContent.trim().toLowerCase(), () => value(id)));
  }
  try {
    const answer = await fetch('/openapi.json');
    if (!answer.ok) throw new Error('status ' + answer.status);
    description = await answer.json();
    render();
    openTarget();
  } catch (failure) {
    const text = 'The description cannot be read: ' + failure.message;
    at('sections').replaceChildren(element('p', { class: 'bad' }, text));
  }
}

at('credentials').addEventListener('submit', (event) => event.preventDefault());
at('credentials').addEventListener('input', refill);
at('whole').addEventListener('change', () => document.body.classList.toggle('whole', at('whole').checked));
at('ask-no').addEventListener('click', () => at('ask').close());
at('ask-yes').addEventListener('click', () => at('ask').close('yes'));
at('filter').addEventListener('input', filter);
window.addEventListener('hashchange', openTarget);
start();
