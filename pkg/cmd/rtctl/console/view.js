// The frame of the page: views, the tenant, questions, and words for what the service says.

let turn = 0; // counts views, so that the answer for an earlier one is dropped
const shown = []; // the views that were opened, each with its tenant, for the browser's own way back
const views = {}; // by name: {title, open()}

/** Control characters and bidirectional marks, escaped: a name may hold any of them. */
const plain = (text) => String(text).replace(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu,
  (one) => '\\u' + one.codePointAt(0).toString(16).padStart(4, '0'));

const word = (text) => element('bdi', {}, plain(text));
const code = (text) => element('code', {}, plain(text));
const since = (time) => relative(Date.parse(time) / 1000);
const clock = (time) => new Date(time).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' });
const tenant = () => at('tenant').value;
const many = (n, noun) => n + ' ' + noun + (n === 1 ? '' : 's');

/** A drawing; its parts are [name, attributes, ...children]. */
function svg([name, attributes, ...children]) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.map((child) => (Array.isArray(child) ? svg(child) : child)));
  return made;
}

function say(text) {
  at('said').textContent = text;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { at('said').textContent = ''; }, 10_000);
}

/** Shows a view: its heading has the focus. The window's title names nobody: browsers keep titles. */
function show(title, ...content) {
  const heading = element('h1', { tabindex: '-1' }, title);
  at('main').replaceChildren(heading, ...content.filter(Boolean));
  scrollTo(0, 0);
  heading.focus({ preventScroll: true });
  return heading;
}

/** Opens a view, which the browser's way back returns to. Nothing but its number goes into the browser's history. */
function go(name, ...rest) {
  shown.splice((history.state ?? -1) + 1);
  shown.push([name, rest, tenant()]);
  history[shown.length === 1 ? 'replaceState' : 'pushState'](shown.length - 1, '', '/');
  return paint();
}

async function paint() {
  const [name, rest, of] = shown[history.state] ?? shown[0];
  const mine = ++turn;
  at('tenant').value = of;
  at('ask').close();
  for (const button of at('views').querySelectorAll('button')) {
    button.setAttribute('aria-current', button.value === (views[name].under ?? name) ? 'page' : 'false');
  }
  try {
    await views[name].open(() => mine === turn, ...rest);
  } catch (failure) {
    if (secret && mine === turn) at('main').append(wrong(failure));
  }
}

const wrong = (failure) => element('p', { class: 'bad', role: 'alert' }, plain(failure.message));

/** Runs a button's work once at a time; what goes wrong is said beside it. */
function button(text, attributes, work) {
  return element('button', { type: 'button', ...attributes, onclick: async ({ currentTarget: pressed }) => {
    pressed.disabled = true;
    pressed.parentElement.querySelector(':scope > [role=alert]')?.remove();
    try {
      await work();
    } catch (failure) {
      if (secret) pressed.after(wrong(failure));
    }
    pressed.disabled = false;
  } }, text);
}

/**
 * Asks in a dialog. On its button, act gets the form's data; what it throws is said and the dialog stays. Resolves to true
 * once act has succeeded, and to false when the person leaves.
 */
function ask({ title, body, button: label, danger, act }) {
  const dialog = at('ask');
  const sure = element('button', { type: 'submit', class: danger && 'danger' }, label);
  const leave = element('button', { type: 'button', class: 'plain', onclick: () => dialog.close() }, act ? 'Cancel' : 'Close');
  const form = element('form', { autocomplete: 'off' }, element('h2', { id: 'ask-title' }, title), body,
    element('p', { class: 'row' }, leave, act ? sure : ''));
  const late = (text) => secret && say(title.replace(/\??$/, ': ') + text); // the dialog may be another question's
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    sure.disabled = true;
    form.querySelector('[role=alert]')?.remove();
    try {
      await act(new FormData(form));
      if (form.isConnected) dialog.close('done');
      else late('done.');
    } catch (failure) {
      if (form.isConnected) sure.parentElement.before(wrong(failure));
      else late(plain(failure.message));
    }
    sure.disabled = false;
  });
  dialog.returnValue = '';
  dialog.replaceChildren(form);
  dialog.showModal();
  return new Promise((done) => {
    dialog.addEventListener('close', () => {
      dialog.replaceChildren();
      done(dialog.returnValue === 'done');
    }, { once: true });
  });
}

const reasons = ['lost_device', 'stolen', 'password_change', 'user_request'];

/** Why something ends: the history shows it. */
function reasonField() {
  const field = element('input', { name: 'reason', required: true, maxlength: '32', pattern: '[a-z0-9_\\-]+', spellcheck: 'false',
    title: 'at most 32 of a-z 0-9 _ -' });
  return element('div', {}, element('label', {}, 'Reason ', element('span', { class: 'muted' }, 'a-z 0-9 _ -'), field),
    element('p', { class: 'row choices' }, reasons.map((one) => element('button', { type: 'button', class: 'small', onclick: () => {
      field.value = one;
      field.focus();
    } }, one))));
}

/** A list that shows some more at each request. */
function moreButton(text, work) {
  return element('p', { class: 'more' }, button(text, { class: 'plain' }, work));
}

/** The tenants, all pages of them; the first one is that of the command. */
async function listTenants(first) {
  const option = (id) => element('option', { value: id }, plain(id));
  at('tenant').replaceChildren(first ? option(first) : '');
  for (let cursor; cursor !== '';) {
    const page = await call('retrieve-applications', cursor ? { cursor } : {});
    at('tenant').append(...page.tenants.filter((one) => one.tenantId !== first).map((one) => option(one.tenantId)));
    cursor = page.nextCursor || '';
  }
  if (!tenant()) throw new Error('There is no tenant yet: register the first application with rtctl app put.');
}

async function begin(of) {
  at('of').textContent = plain(of);
  at('views').replaceChildren(...Object.entries(views).filter(([, view]) => view.title).map(([name, view]) => element('li', {},
    element('button', { type: 'button', value: name, onclick: () => go(name) }, view.title))));
  history.replaceState(null, '', '/');
  const { tenantId } = await call('home');
  const failure = await listTenants(tenantId).catch((one) => one);
  if (!secret) return;
  await go('users');
  if (failure) at('main').append(wrong(failure));
}

/** Forgets all that was shown. */
function forget() {
  turn += 1;
  shown.length = looked.length = 0;
  at('ask').close();
  for (const id of ['ask', 'main', 'tenant', 'views', 'of', 'said']) at(id).replaceChildren();
}

window.addEventListener('popstate', () => secret && shown.length && history.state !== null && paint());
at('tenant').addEventListener('change', () => {
  const [name] = shown[history.state];
  go(views[name].under ?? name);
});
