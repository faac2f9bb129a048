// Proofs of possession (RFC 9449) by a key that lives as long as the page: nothing can read its private half.

let proofKey, proofNonce;

const base64url = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
const utf8 = (text) => new TextEncoder().encode(text);
const sha256 = async (text) => base64url(await crypto.subtle.digest('SHA-256', utf8(text)));

async function publicJWK() {
  proofKey ??= await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);
  const { crv, kty, x, y } = await crypto.subtle.exportKey('jwk', proofKey.publicKey);
  return { crv, kty, x, y }; // in the order of a thumbprint (RFC 7638 section 3.3)
}

/** A proof for one method and one URL; with an access token, for that one alone. */
async function prove(method, url, accessToken) {
  const jwk = await publicJWK();
  const claims = {
    jti: crypto.randomUUID(), htm: method, htu: url.split(/[?#]/)[0], iat: Math.floor(Date.now() / 1000),
    ...(proofNonce && { nonce: proofNonce }), ...(accessToken && { ath: await sha256(accessToken) }),
  };
  const signed = [{ typ: 'dpop+jwt', alg: 'ES256', jwk }, claims].map((part) => base64url(utf8(JSON.stringify(part)))).join('.');
  return signed + '.' + base64url(await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, proofKey.privateKey, utf8(signed)));
}

/** A button that fills in a proof of the form's request, which then is made anew whenever the form is sent. */
function proofButton(form) {
  const field = form.elements.DPoP;
  if (!field) return;
  let made;
  const key = element('span', { class: 'muted' });
  const make = async () => {
    const { method, url, headers } = requestOf(form);
    const byToken = headers.some(([name, text]) => name === 'Authorization' && typeof text === 'string' && /^(DPoP|Bearer) /.test(text));
    field.value = made = await prove(method, url, byToken && value('accessToken'));
    key.replaceChildren('By a key of this page, with the thumbprint ', element('code', {}, await sha256(JSON.stringify(await publicJWK()))), '.');
    form.sample();
  };
  form.prove = () => (field.value && field.value === made ? make() : undefined);
  field.closest('label').after(element('div', {}, element('button', { type: 'button', class: 'small prove', onclick: make }, 'Make a proof'), key));
}
