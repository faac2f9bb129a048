// Requests: what a form says, and what an answer brings. The credentials on top carry it over to the other forms.

const carriers = {
  userId: 'userId', userID: 'userId', usersId: 'userId', tokenId: 'tokenId', id: 'tokenId',
  applicationId: 'application', applicationsId: 'application', client_id: 'application',
};
const value = (id) => at(id).value.trim();

/** An example with what is carried in place of its tokens and ids. */
function filled(example, key) {
  if (typeof example === 'string') {
    const token = { srt_: 'refreshToken', eyJh: 'accessToken' }[example.slice(0, 4)];
    const carrier = token || carriers[key];
    return (carrier && value(carrier)) || example;
  }
  if (Array.isArray(example)) return example.map((one) => filled(one));
  if (example && typeof example === 'object') {
    return Object.fromEntries(Object.entries(example).map(([name, inner]) => [name, filled(inner, name)]));
  }
  return example;
}

/** Gives a field its value, unless somebody changed it. */
function offer(field, text) {
  if (field.offered === undefined || field.value === field.offered) field.value = field.offered = text;
}

/** Takes tokens and ids out of an answer, wherever its interface puts them, and says which. */
function carry(body) {
  const data = body && (body.data || body);
  const one = Array.isArray(data) ? data.find((item) => item.id === value('tokenId')) || data[0] : data;
  if (!one || typeof one !== 'object') return '';
  const accessToken = one.accessToken || one.access_token || one.jwtToken;
  const [, claims] = (accessToken && decode(accessToken)) || [undefined, {}];
  const found = {
    accessToken, refreshToken: one.refreshToken || one.refresh_token,
    tokenId: one.refreshTokenId || one.id || claims.sid,
    userId: one.userId || claims.sub, application: one.applicationId || claims.client_id,
  };
  const changed = Object.entries(found).filter(([id, text]) => typeof text === 'string' && text !== at(id).value);
  for (const [id, text] of changed) at(id).value = text;
  return changed.map(([id]) => at(id).labels[0].textContent.trim().toLowerCase()).join(', ');
}

/** Every form, and every sample, says what the credentials say now. */
function refill() {
  at('decoded').replaceChildren(decodedView(value('accessToken')));
  for (const form of document.querySelectorAll('form.operation-form')) form.refill();
}

/** The ways in which an operation may be authorised, as choices. */
function choices(operation) {
  const schemes = description.components.securitySchemes;
  // The tenant needs a word only where the same credential also goes without it.
  const words = (requirement) => Object.keys(requirement).filter((name) => name !== 'tenant')
    .map((name) => schemes[name].description.split('. ')[0].replace(/\.$/, '').replaceAll('`', '')).join(' + ') || 'None';
  const list = operation.security && operation.security.length ? operation.security : [{}];
  const labels = list.map(words);
  return list.map((requirement, at) => ({ names: Object.keys(requirement),
    label: labels[at] + ('tenant' in requirement && labels.indexOf(labels[at]) !== labels.lastIndexOf(labels[at]) ? ', with its tenant' : '') }));
}

const credentialHeaders = {
  apiKey: () => ['Authorization', fromEnvironment],
  accessToken: (form) => ['Authorization', (form.elements.DPoP?.value ? 'DPoP ' : 'Bearer ') + value('accessToken')],
  bareAccessToken: () => ['Authorization', value('accessToken')],
  client: () => ['Authorization', 'Basic ' + btoa(encodeURIComponent(value('application')) + ':')],
  tenant: () => ['X-Stencil-TenantId', value('tenant')],
  refreshCookie: () => ['Cookie', 'refreshToken=' + value('refreshToken')],
};

/** What a form says, as a request that samples.js can write down, and the names in it. */
function requestOf(form) {
  const { path, method } = form.operation;
  const query = new URLSearchParams();
  const names = {};
  const headers = form.elements.credential.value.split(' ').filter(Boolean).map((name) => credentialHeaders[name](form));
  let target = path;
  for (const field of form.querySelectorAll('[data-in]')) {
    if (field.value === '') continue;
    names[field.name] = field.value;
    if (field.dataset.in === 'path') target = target.replace('{' + field.name + '}', encodeURIComponent(field.value));
    else if (field.dataset.in === 'query') query.append(field.name, field.value);
    else headers.push([field.name, field.value]);
  }
  const body = form.elements.body && form.elements.body.value;
  if (body) {
    headers.push(['Content-Type', form.elements.mediaType.value]);
    try { Object.assign(names, JSON.parse(body)); } catch { /* the service says what is wrong with it */ }
  }
  const url = location.origin + target + (query.size ? '?' + query : '');
  return { method: method.toUpperCase(), url, headers, body, path, names };
}

/** What a request would end, if that is more than one session. */
function endsMany({ method, path, names }) {
  const application = names.applicationId || names.applicationsId;
  const user = names.userId || names.userID || names.usersId;
  const deletes = method === 'DELETE' || names['X-HTTP-Method-Override'] || names.operation === 'delete' ||
    (method === 'POST' && path.startsWith('/jwt/refresh') && application);
  const one = names.tokenId || names.token || names.TokenString || names.tokenString || names.refreshToken;
  if (!deletes || (one && !application)) return '';
  return 'This ends every session' + (names.except || names.exceptTokenId ? ' but one' : '') +
    (user ? ' of user ' + user : '') + (application ? ' in application ' + application : '') +
    ', tenant ' + value('tenant') + ', at once and for good.';
}

function confirmed(question) {
  const dialog = at('ask');
  at('ask-what').textContent = question;
  dialog.returnValue = '';
  dialog.showModal();
  return new Promise((done) => {
    dialog.addEventListener('close', () => done(dialog.returnValue === 'yes'), { once: true });
  });
}

async function send(form) {
  await form.prove?.();
  const request = requestOf(form);
  const question = endsMany(request);
  if (question && !await confirmed(question)) return;
  const { output } = form;
  output.replaceChildren(element('p', { class: 'muted' }, 'Waiting for the answer.'));
  const byCookie = request.headers.some(([name]) => name === 'Cookie');
  const headers = request.headers.filter(([name]) => name !== 'Cookie') // the browser's own, if there is one
    .map(([name, text]) => [name, text === fromEnvironment ? 'Bearer ' + value('apiKey') : text]);
  const start = performance.now();
  try {
    const answer = await fetch(request.url, { ...request, headers, body: request.body || undefined,
      credentials: byCookie ? 'same-origin' : 'omit', cache: 'no-store' });
    const text = await answer.text();
    proofNonce = answer.headers.get('DPoP-Nonce') ?? proofNonce;
    output.replaceChildren(...answered(answer, text, Math.round(performance.now() - start)));
    refill();
    output.scrollIntoView({ block: 'nearest' });
  } catch (failure) {
    output.replaceChildren(element('p', { class: 'bad' }, 'No answer: ' + failure.message));
  }
}

/** An answer for people. What it carries goes to the credentials. */
function answered(answer, text, milliseconds) {
  let shown = text, body;
  try {
    body = JSON.parse(text);
    shown = pretty(body);
  } catch { /* no JSON: shown as it came */ }
  const news = answer.ok ? carry(body) : '';
  const data = (body && (body.data || body)) || {};
  const headers = [...answer.headers].map(([name, one]) => name + ': ' + one).join('\n');
  return [
    element('p', { class: 'row' },
      element('span', { class: answer.ok ? 'good' : 'bad' },
        element('strong', { class: 'status' }, String(answer.status)), ' ' + answer.statusText),
      element('span', { class: 'muted taken' }, milliseconds + ' ms, ' + new Blob([text]).size + ' bytes'),
      copyButton('the answer', () => shown)),
    element('pre', { class: 'answer', tabindex: '0', role: 'group', 'aria-label': 'Answer' },
      coloured(shown || '(no body)')),
    news && element('p', { class: 'muted carried' }, 'Carried over to the other forms: ' + news + '.'),
    decodedView(data.accessToken || data.access_token || data.jwtToken || ''),
    element('details', {}, element('summary', {}, 'Headers of the answer'), element('pre', { tabindex: '0' }, headers)),
  ].filter(Boolean);
}

