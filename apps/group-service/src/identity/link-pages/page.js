/**
 * The script of all pages that links in mails lead to. What it shows of answers becomes text, never markup. It takes the
 * secret of a link out of the address bar, sends it to the API alone, and keeps it nowhere.
 */
const API = '/api/v1';
const isGerman = /^de(-|$)/i.test(navigator.language);
const { page } = document.body.dataset;

const one = (selector) => document.querySelector(selector);
const all = (selector) => [...document.querySelectorAll(selector)];
const says = (name) => one(`[data-says="${name}"]`)?.textContent ?? '';

function translate() {
  if (!isGerman) return;
  document.documentElement.lang = 'de';
  for (const element of all('[data-de]')) element.textContent = element.dataset.de;
}

function takeToken() {
  const token = location.hash.slice(1);
  if (token !== '') history.replaceState(null, '', location.pathname);
  return token;
}

/** @param focused a state that somebody's action led to; a screen reader goes on there */
function show(state, focused = true) {
  for (const part of all('[data-state]')) part.hidden = !part.dataset.state.split(' ').includes(state);
  if (focused) one(`section[data-state="${state}"]`)?.focus();
}

function fill(values) {
  for (const [name, value] of Object.entries(values))
    for (const place of all(`[data-fill="${name}"]`)) place.textContent = value;
}

async function post(route, body) {
  try {
    const response = await fetch(`${API}${route}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      credentials: 'omit',
      cache: 'no-store',
    });
    const text = await response.text();
    const answer = text === '' ? {} : JSON.parse(text);
    return response.ok ? { answer } : { problem: answer };
  } catch {
    return { problem: { title: says('unreachable') } };
  }
}

const paragraph = (text) => {
  const element = document.createElement('p');
  element.textContent = text;
  return element;
};

/** Own sentences for the problems that are to be expected; others in the words of the service. */
function wordsOf({ code, title, detail, errors, retryAfterSeconds }) {
  const german = isGerman ? all('[data-code]').find(({ dataset }) => dataset.code === code) : undefined;
  const words = german ? [german.textContent] : [title, ...(errors || detail === title ? [] : [detail])];
  if (retryAfterSeconds) words.push(says('retry').replace('{n}', retryAfterSeconds));
  return words.filter(Boolean);
}

function faultOf(label, message) {
  const german = isGerman ? all('[data-fault]').find(({ dataset }) => dataset.fault === message) : undefined;
  return german?.textContent ?? `${label} ${message}.`;
}

function mark(input, text) {
  input.setAttribute('aria-invalid', text === '' ? 'false' : 'true');
  one(`#${input.id}-error`).textContent = text;
}

function clear(form) {
  one('#problem').replaceChildren();
  for (const input of form?.querySelectorAll('input[name]') ?? []) mark(input, '');
}

/** The errors of fields stand at their fields, what is not about a field above the form. */
function explain(problem, form) {
  const { errors = [] } = problem;
  const others = [];
  for (const { field, message } of errors) {
    const input = form?.elements.namedItem(field);
    if (input) mark(input, faultOf(form.querySelector(`label[for="${input.id}"]`).textContent, message));
    else others.push(field === '' ? message : `${field}: ${message}`);
  }
  const lines = errors.length > 0 && others.length === 0 ? [] : [...wordsOf(problem), ...others];
  one('#problem').replaceChildren(...lines.map(paragraph));
  const invalid = form?.querySelector('[aria-invalid="true"]');
  (invalid ?? one('#problem')).focus();
}

/** Whether every field has something in it; the first that has not is shown. */
function isFilled(form) {
  const empty = [...form.querySelectorAll('input[required]')].filter(({ value }) => value === '');
  for (const input of empty) mark(input, says('missing'));
  empty[0]?.focus();
  return empty.length === 0;
}

async function submit(form, { more, succeeded }) {
  clear(form);
  if (!isFilled(form)) return;
  const button = form.querySelector('button');
  button.disabled = true;
  one('#progress').textContent = says('wait');
  const fields = Object.fromEntries(new FormData(form));
  const { answer, problem } = await post(form.dataset.route, { ...more, ...fields });
  one('#progress').textContent = '';
  button.disabled = false;
  if (problem === undefined) {
    form.reset();
    show(await succeeded(answer));
    return;
  }
  if (problem.code === 'CODE_NOT_VALID') show('ended', false);
  explain(problem, form);
}

/** Nobody goes on with the session that an answer opens, so it is ended. */
async function signOut({ session }) {
  if (session) await post('/auth/revoke', { token: session.refresh_token });
}

const on = (id, work) => {
  const form = one(`#${id}`);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void submit(form, work);
  });
};

function startPassword(token) {
  on('choose', { more: { token }, succeeded: () => 'done' });
  on('ask', { more: {}, succeeded: () => 'sent' });
  show(token === '' ? 'no-token' : 'form', false);
}

async function startInvitation(token) {
  if (token === '') return show('no-token', false);
  const { answer, problem } = await post('/invitations/preview', { token });
  if (problem !== undefined) {
    if (problem.code === 'CODE_NOT_VALID' || problem.code === 'VALIDATION') show('ended', false);
    return explain(problem);
  }
  const succeeded = async (accepted) => {
    await signOut(accepted);
    return 'done';
  };
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  on('open', { more: { token, timeZone, language: navigator.language }, succeeded });
  on('join', { more: { token }, succeeded });
  one('#open-name').value = answer.name;
  fill({ ...answer, role: answer.role.replaceAll('_', ' ') });
  return show(answer.hasPassword ? 'known' : 'form', false);
}

function startRegistration(token) {
  const succeeded = async (confirmed) => {
    await signOut(confirmed);
    if (confirmed.session === null) return 'already';
    return confirmed.joinRequestId === null ? 'done' : 'waiting';
  };
  on('confirm', { more: { token }, succeeded });
  show(token === '' ? 'no-token' : 'form', false);
}

const STARTS = {
  password: startPassword,
  invitation: startInvitation,
  registration: startRegistration,
};

for (const box of all('[data-reveal]'))
  box.addEventListener('change', () => {
    one(`#${box.dataset.reveal}`).type = box.checked ? 'text' : 'password';
  });
// Another link to the same page, opened in its tab, changes nothing but the part behind the #.
addEventListener('hashchange', () => {
  if (location.hash !== '') location.reload();
});
translate();
void STARTS[page]?.(takeToken());
