// How the page opens and asks its command. The secret lives in this variable, and nowhere else.

let secret = '';

async function post(path, payload) {
  const answer = await fetch(path, {
    method: 'POST', cache: 'no-store', credentials: 'omit', redirect: 'error',
    headers: { 'Content-Type': 'application/json', ...(secret && { 'X-Console-Secret': secret }) },
    body: JSON.stringify(payload),
  });
  const body = await answer.json();
  if (answer.ok) return body;
  if (answer.status === 401) lock(body.message);
  throw new Error(body.message);
}

/** Asks a function of the command. */
async function call(name, payload = {}) {
  try {
    return await post('/functions/' + name, payload);
  } catch (failure) {
    if (failure instanceof TypeError) lock('the command has ended'); // nobody answers
    throw failure;
  }
}

/** Forgets the secret and all that was shown. */
function lock(why) {
  secret = '';
  forget();
  at('open').hidden = true;
  at('closed').hidden = at('next').hidden = false;
  at('why').textContent = why[0].toUpperCase() + why.slice(1) + '.';
}

/** Waits for the end of the command, or for another page that takes over. */
async function watch() {
  const mine = secret;
  for (let failures = 0; secret === mine && failures < 2;) {
    try {
      const { over } = await post('/watch', {});
      if (over) return lock('the command has ended');
      failures = 0;
    } catch {
      failures += 1;
    }
  }
  return secret === mine && lock('the command has ended');
}

/** Exchanges the link's secret, which leaves the address at once. */
async function enter() {
  const link = new URLSearchParams(location.hash.slice(1)).get('link');
  if (!link) return secret || lock('this page has no link, or was loaded again');
  history.replaceState(null, '', '/');
  try {
    secret = '';
    const opened = await post('/session', { link });
    secret = opened.secret;
    at('closed').hidden = true;
    at('open').hidden = false;
    watch();
    return await begin(opened.of);
  } catch (failure) {
    return lock(failure instanceof TypeError ? 'the command has ended' : failure.message);
  }
}

window.addEventListener('hashchange', enter);
