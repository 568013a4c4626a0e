import { describe, expect, it } from '@jest/globals';
import { isAccountMail, MAIL_TYPES, type MailTypeName } from '@allotree/contracts';
import { Problem } from '@allotree/http/problem';
import fc from 'fast-check';
import { checkTemplate, LIMITS } from './check.js';
import { compileTemplate, LARGEST_MAIL, MailTooLarge, type MarkerValues } from './compile.js';
import { DEFAULT_TEMPLATES } from './defaults.js';
import { groupList } from './group-list.js';
import { MARKERS, markersIn } from './markers.js';
import { sampleValues } from './samples.js';
import { accountValuesOf, valuesOf, type MailItem, webhookValuesOf } from './values.js';
import { MAIL_LANGUAGES, WORDINGS, type MailLanguage } from '../wording/languages.js';

const REMINDER: MailTypeName = 'license_expiry_reminder';
const NEEDED = '<p>:valid_until :days_left</p>:group_list';

const problemOf = (subject: string, html: string, mailType: MailTypeName = REMINDER): Problem => {
  try {
    checkTemplate(mailType, { subject, html });
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('it was accepted');
};

const rendered = (subject: string, html: string, values: MarkerValues) =>
  compileTemplate({ subject, html }, MARKERS[REMINDER]).render({
    ...sampleValues(REMINDER, 'https://x.example', 'en'),
    ...values,
  });

describe('markers', () => {
  it.each([
    [':link', ['link']],
    ['(:link)', ['link']],
    ['until :valid_until.', ['valid_until']],
    ['&nbsp;:link', ['link']],
    [':link:project', ['link']],
    ['at 10:30', []],
    ['Note:link', []],
    ['a::link', []],
    ['https://x.example', []],
    [': link', []],
    [':Link', []],
    [':1', []],
    ['über:link', []],
  ])('in %j: %j', (text, names) => {
    expect(markersIn(text)).toEqual(names);
  });
});

describe('a template that is saved', () => {
  it('is refused without the required markers, which are named', () => {
    const problem = problemOf('Licenses end', '<p>Soon.</p>');
    expect(problem.code).toBe('VALIDATION');
    expect(problem.facts).toEqual({
      errors: [
        { field: 'html', message: 'must contain :group_list' },
        { field: 'html', message: 'must contain :valid_until' },
        { field: 'html', message: 'must contain :days_left' },
      ],
      missingMarkers: [':group_list', ':valid_until', ':days_left'],
    });
    expect(problem.detail).toContain('must contain :group_list');
  });

  it('may have them in its subject', () => {
    expect(checkTemplate(REMINDER, { subject: ':days_left until :valid_until', html: ':group_list' })).toBeDefined();
  });

  it.each<[string, string, string, string]>([
    ['a marker nobody knows', 'Hello :nobody', NEEDED, 'subject'],
    ['one of another mail', 'x', `${NEEDED} :inviter`, 'html'],
    ['a name of JavaScript', 'x', `${NEEDED} :constructor`, 'html'],
    ['a list in the subject', ':group_list', NEEDED, 'subject'],
    ['a list in an attribute', 'x', `${NEEDED}<img src="https://x.example/a.png" alt=":group_list">`, 'html'],
    ['a name as an address', 'x', `${NEEDED}<a href=":project">x</a>`, 'html'],
    ['a list in an alternative text', 'x', `${NEEDED}<img src="https://x.example/a.png" alt="a :group_list">`, 'html'],
    ['an address with something before it', 'x', `${NEEDED}<a href="https://x.example/?to=:link">x</a>`, 'html'],
  ])('is refused with %s', (_what, subject, html, field) => {
    expect(problemOf(subject, html).facts).toMatchObject({ errors: [{ field, message: expect.any(String) }] });
  });

  it('does not take a marker for there that is only in what is taken out', () => {
    const html =
      '<p>:valid_until :days_left</p><script>":group_list"</script><style>.x::after{content:":group_list"}</style>';
    expect(problemOf('x', html).facts).toMatchObject({ missingMarkers: [':group_list'] });
  });

  it('leaves colons of styles and addresses alone', () => {
    const html = `<style>p:hover{color:red}</style>${NEEDED}<p style="color:red; background:white">10:30 <a href="https://x.example">x</a></p>`;
    expect(checkTemplate(REMINDER, { subject: 'x', html }).html).toContain('p:hover{color:red}');
  });

  it.each([
    ['<script>alert(1)</script>', 'alert'],
    ['<img src="x" onerror="alert(1)">', 'onerror'],
    ['<p onclick="alert(1)">x</p>', 'onclick'],
    ['<a href="javascript:alert(1)">x</a>', 'javascript'],
    ['<a href="  java\tscript:alert(1)">x</a>', 'script:'],
    ['<a href="data:text/html,x">x</a>', 'data:'],
    ['<a href="//x.example">x</a>', '//x.example'],
    ['<iframe src="https://x.example"></iframe>', 'iframe'],
    ['<form action="https://x.example"><input></form>', 'form'],
    ['<object data="x"></object><embed src="x">', 'data'],
    ['<svg onload="alert(1)"></svg>', 'svg'],
    ['<base href="https://x.example">', 'base'],
    ['<link rel="stylesheet" href="https://x.example">', 'stylesheet'],
    ['<meta http-equiv="refresh" content="0;url=https://x.example">', 'http-equiv'],
    ['<style></style><img src=x onerror=alert(1)></style>', 'onerror'],
    ['<style><!--</style><script>alert(1)</script>', '<script'],
    ['<math><mi><script>alert(1)</script></mi></math>', 'script'],
    ['<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>', '<img src="x" onerror'],
  ])('loses what could run: %s', (html, gone) => {
    const clean = checkTemplate(REMINDER, { subject: 'x', html: `${NEEDED}${html}` }).html;
    expect(clean.toLowerCase()).not.toContain(gone);
    expect(checkTemplate(REMINDER, { subject: 'x', html: clean }).html).toBe(clean);
  });

  it('keeps what mails are laid out with', () => {
    const html = `<!doctype html>\n<html><head><title>:project</title><style>p { color: red }</style></head><body bgcolor="#ffffff"><table width="100%" cellpadding="0"><tr><td align="left" style="padding:0">${NEEDED}<a href=":link">Open</a><img src="https://x.example/a.png" alt=":project"></td></tr></table></body></html>`;
    const { html: clean } = checkTemplate(REMINDER, { subject: 'x', html });
    for (const part of [
      '<!doctype html>',
      'p { color: red }',
      'bgcolor="#ffffff"',
      'href=":link"',
      'alt=":project"',
      'style="padding:0"',
    ])
      expect(clean).toContain(part);
  });
});

describe('a link or a code in a template', () => {
  const registration = (html: string, subject = 'x') =>
    problemOf(subject, `<a href=":link">x</a>${html}`, 'registration');

  it.each([
    '<a href=":link">Confirm</a>',
    '<p>:link</p><p>:code</p>',
    '<p>Your code: <b>:code</b></p>',
    '<p>Or open <b>:link</b> yourself</p>',
    '<td> :code </td>',
    '<a href=" :link ">:link</a>',
  ])('stands alone: %s', (html) => {
    expect(checkTemplate('registration', { subject: 'x', html: `${html}<p><a href=":link">x</a></p>` }).html).toContain(
      html.trim(),
    );
  });

  it.each<[string, string]>([
    ['behind a foreign address', '<p>https://evil.example/?:link</p>'],
    ['behind a foreign address and a space', '<p>Go to https://evil.example/ :link</p>'],
    ['right behind a foreign address in a text of its own', '<p>https://evil.example/?<b>:link</b></p>'],
    ['right before another text', '<p><b>:link</b>.evil.example</p>'],
    ['right behind an address, some elements apart', '<p>https://evil.example/?<i></i><span><b>:code</b></span></p>'],
    ['in a link that leads elsewhere', '<a href="https://evil.example">:link</a>'],
    ['in an element of a link that leads elsewhere', '<a href="https://evil.example"><b>:code</b></a>'],
    ['in a text', '<p>Your code is :code</p>'],
    ['twice in a text', '<p>:code :code</p>'],
    ['in an alternative text', '<img src="https://evil.example/a.png" alt=":code">'],
    ['in a title', '<p title=":link">x</p>'],
    ['in the address of a mail', '<a href="mailto:eve@evil.example?body=:code">x</a>'],
    ['as the address, a code', '<a href=":code">x</a>'],
  ])('is refused %s', (_where, html) => {
    const { facts } = registration(html);
    expect(facts).toMatchObject({ errors: [{ field: 'html', message: expect.stringMatching(/:(link|code)/) }] });
  });

  it.each([':link', ':code', 'Code :code'])('is refused in a subject: %s', (subject) => {
    expect(registration('', subject).facts).toMatchObject({ errors: [{ field: 'subject' }] });
  });

  it('is not made of what only looks like one when entities are read', () => {
    const html =
      '<p>https://evil.example/?&#58;link &#55296;link&#56320; &#xD800;code&#xDC00;</p><a href=":link">x</a>';
    const values = { link: 'SECRET', code: 'SECRET' };
    const mail = compileTemplate({ subject: '&#58;link', html }, MARKERS.registration).render(values);
    expect(mail.html.split('SECRET')).toHaveLength(2);
    expect(mail.text).toMatch(/^https:\/\/evil\.example\/\?:link [^]*x <SECRET>\n$/);
    expect(mail.text.split('SECRET')).toHaveLength(2);
    expect(mail.subject).toBe('&#58;link');
  });
});

describe('a template with too much in it', () => {
  const tooMuch = (html: string, subject = 'x') => problemOf(subject, html).facts;

  it.each<[string, string, RegExp]>([
    ['characters', `${NEEDED}${'x'.repeat(LIMITS.html)}`, /at most 100000 characters/],
    ['tags', `${NEEDED}${'<p>'.repeat(LIMITS.tags)}`, /at most 3000 tags/],
    ['markers', `${NEEDED}${' :project'.repeat(LIMITS.markers)}`, /at most 200 markers/],
    ['unknown markers', `${NEEDED}${' :nobody'.repeat(LIMITS.markers)}`, /at most 200 markers/],
    ['lists', `${NEEDED}<p>:group_list</p><p>:group_list</p>`, /:group_list at most 2 times/],
  ])('is refused: %s', (_what, html, message) => {
    expect(tooMuch(html)).toEqual({ errors: [{ field: 'html', message: expect.stringMatching(message) }] });
  });

  it('is refused with a short answer', () => {
    const unknown = Array.from({ length: 150 }, (_, one) => ` :m${one}`).join('');
    expect(tooMuch(`${NEEDED}${unknown}`)).toMatchObject({ errors: { length: LIMITS.errors } });
  });

  it('makes no mail larger than what is sent', () => {
    const row = { place: 'x'.repeat(200), project: 'y', link: 'https://x.example', facts: ['z'.repeat(1_000)] };
    const list = groupList(
      Array.from({ length: 100 }, () => row),
      WORDINGS.en,
    );
    const values = { ...sampleValues(REMINDER, 'https://x.example', 'en'), group_list: list };
    const compiled = compileTemplate({ subject: 'x', html: ':group_list '.repeat(16_000) }, MARKERS[REMINDER]);
    expect(() => compiled.render(values)).toThrow(MailTooLarge);
    const { html } = compileTemplate({ subject: 'x', html: ':group_list '.repeat(2) }, MARKERS[REMINDER]).render(
      values,
    );
    expect(html.length).toBeLessThan(LARGEST_MAIL);
  });

  it('costs no more to keep than its parts', () => {
    const html = `<p>${':project '.repeat(10_000)}</p>`;
    expect(compileTemplate({ subject: 'x', html }, MARKERS[REMINDER]).size).toBeLessThan(3 * html.length);
  });
});

describe('a mail', () => {
  const nasty = `<script>alert('x')</script> & "quotes" \`ticks\``;

  it('has the values escaped in its HTML and as they are in its text', () => {
    const { html, text, subject } = rendered(':project', `<p title=":project">:project</p>`, { project: nasty });
    const escaped = '&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;quotes&quot; &#96;ticks&#96;';
    expect(html).toBe(`<p title="${escaped}">${escaped}</p>`);
    expect(text).toBe(`${nasty}\n`);
    expect(subject).toBe(nasty);
  });

  it('escapes the values in a list too', () => {
    const row = { place: nasty, project: `${nasty}!`, link: 'https://x.example', facts: [nasty] };
    const { html, text } = rendered('x', ':group_list', { group_list: groupList([row], WORDINGS.en) });
    expect(html).not.toContain('<script');
    expect(html).toContain('&lt;script&gt;');
    expect(text).toContain(`- ${nasty} (${nasty}!)\n  ${nasty}`);
  });

  it('fills a value in once: markers, tags and code in it are text', () => {
    const values = { project: ':link {{link}} {{{link}}} ${link} <%= link %> \u0001link\u0002', link: 'SECRET' };
    const { html, text, subject } = rendered(':project', '<p>:project</p>', values);
    for (const part of [html, text, subject]) expect(part).not.toContain('SECRET');
  });

  it('takes the tags of template engines for text', () => {
    const html =
      '<p>{{link}} {{{link}}} {{&link}} {{#link}}x{{/link}} {{>link}} ${link} <%= link %> \u0001link\u0002</p>';
    expect(rendered('{{link}}', html, { link: 'SECRET' }).html).not.toContain('SECRET');
    expect(rendered('{{link}}', html, { link: 'SECRET' }).subject).toBe('{{link}}');
  });

  it('has a subject of one line, whatever is in it', () => {
    const { subject } = rendered('Of :project', NEEDED, { project: 'A\r\nBcc: eve@example.com\u2028\u0000x' });
    expect(subject).toBe('Of A Bcc: eve@example.com x');
  });

  it('has a text part that follows from its HTML', () => {
    const html = `<html><head><title>T</title><style>p{}</style></head><body><div style="display:none">preview</div><h1>Licenses</h1><table><tr><td>Hello :recipient_name,</td></tr><tr><td>:group_list</td></tr></table><a href=":link">Extend</a><img src="https://x.example/a.png" alt="logo"></body></html>`;
    expect(rendered('x', html, {}).text).toBe(
      `Licenses

Hello Ada Berg,

- Building A (Hafenblick)
  Ends on 1 December 2026, in 30 days
  Stops then: 79 virtual numbers, 58 mobile apps and 5 UKEY2 keys
  Afterwards: Basic
- Building A › Unit 1 (Hafenblick)
  Ends on 15 December 2026, in 44 days
  Stops then: 1 virtual number and 2 mobile apps
  Afterwards: no license

Extend <https://x.example>
`,
    );
  });

  it('names a root group once', () => {
    const row = { place: 'Hafenblick', project: 'Hafenblick', link: 'https://x.example', facts: ['Ends'] };
    expect(groupList([row], WORDINGS.en)).toMatchObject({ text: '- Hafenblick\n  Ends' });
  });

  it('names a hundred groups and counts the others', () => {
    const row = { place: 'A', project: 'P', link: 'https://x.example', facts: [] };
    const list = groupList(
      Array.from({ length: 250 }, () => row),
      WORDINGS.en,
    ) as { html: string; text: string };
    expect(list.text.split('\n')).toHaveLength(101);
    expect(list.text).toMatch(/- 150 more$/);
    expect(list.html).toContain('150 more');
  });
});

const name = fc.stringMatching(/^[A-Z][a-z]{0,9}$/);
const count = fc.nat(1_000);
const counts = fc.record({ sip_number: count, mobile_app: count, ukey2: count });
const instant = fc.constantFrom('2026-12-01T23:00:00Z', '2026-12-01T12:00:00Z', '2027-06-30T22:00:00Z');
const grace = fc.record({ until: instant, stopping: counts });
const about = {
  tenantId: name,
  projectId: name,
  projectName: name,
  timeZone: fc.constantFrom('UTC', 'Europe/Berlin'),
  groupId: name,
  groupName: name,
  dueAt: instant,
  date: fc.constant('2026-11-01'),
};
const recipients = fc.constantFrom('administrators' as const, 'members' as const);
const fallback = fc.constantFrom('basic' as const, 'plus' as const, null);
const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });

const JOBS = {
  license_expiry_reminder: fc.record({
    ...about,
    kind: fc.constant('reminder'),
    validUntil: instant,
    daysLeft: fc.constant(30),
    allotmentIds: fc.constant([]),
    stopping: optional(counts),
    grace: optional(grace),
    recipients,
    fallback,
  }),
  license_ended: fc.record({
    ...about,
    kind: fc.constant('ended'),
    endedAt: instant,
    stopped: counts,
    grace: optional(grace),
    featuresOff: fc.subarray(['siri', 'elevators']),
    fallback,
    recipients,
  }),
  license_restored: fc.record({
    ...about,
    kind: fc.constant('restored'),
    restoredAt: instant,
    restored: counts,
    validUntil: fc.option(instant),
    recipients,
  }),
  trial_started: fc.record({ ...about, kind: fc.constant('trial_started'), validUntil: fc.option(instant) }),
};

/** Values of the markers of any mail of a type. */
function mailValues(mailType: MailTypeName, language: MailLanguage): fc.Arbitrary<MarkerValues> {
  const publicUrl = 'https://x.example';
  if (isAccountMail(mailType))
    return fc.record({ recipient: name, inviter: name, role: name }).map(({ recipient, ...values }) => ({
      ...sampleValues(mailType, publicUrl, language),
      ...accountValuesOf({ mailType, name: recipient, path: '/x#y', values }, { publicUrl, language }),
    }));
  if (mailType === 'webhook_disabled')
    return fc.record({ recipientName: fc.option(name), description: name }).map(({ recipientName, description }) => {
      const endpoint = { endpointId: 'e', url: 'https://hooks.example/', disabledAt: '2026-11-01T07:00:00Z' };
      return webhookValuesOf({ ...endpoint, reason: 'gone', description }, { recipientName, publicUrl, language });
    });
  const now = Date.parse('2026-11-01T07:00:00Z');
  const items = fc.array(fc.record({ place: name, job: JOBS[mailType] }), { minLength: 1, maxLength: 8 });
  return fc
    .tuple(items, fc.option(name))
    .map(([jobs, recipientName]) =>
      valuesOf(jobs as unknown as readonly MailItem[], { recipientName, language, publicUrl, now }),
    );
}

const EVERY_MAIL = MAIL_LANGUAGES.flatMap((language) => MAIL_TYPES.map((mailType) => ({ language, mailType })));

describe.each(EVERY_MAIL)('the delivered template of $mailType in $language', ({ language, mailType }) => {
  const template = DEFAULT_TEMPLATES[language][mailType];
  const values = sampleValues(mailType, 'https://x.example', language);
  const mail = compileTemplate(template, MARKERS[mailType]).render(values);

  it('would be accepted as a template of somebody', () => {
    expect(checkTemplate(mailType, template).subject).toBe(template.subject);
  });

  it('is filled in to the last marker, needs nothing from elsewhere and runs nothing', () => {
    for (const part of [mail.subject, mail.text]) expect(markersIn(part)).toEqual([]);
    expect(mail.html).not.toMatch(/:[a-z]+_[a-z]+/);
    expect(mail.html).not.toMatch(/<script|@import|<link|src=/i);
    expect(mail.text).not.toMatch(/undefined|\[object|null/);
    expect(mail.text).toContain('<https://x.example');
    expect(mail.html).toContain(`<html lang="${language}"`);
  });

  it('leaves no marker unfilled, whatever the mail is about', () => {
    const compiled = compileTemplate(template, MARKERS[mailType]);
    const unfilled = new RegExp(`:(${Object.keys(MARKERS[mailType]).join('|')})\\b`);
    fc.assert(
      fc.property(mailValues(mailType, language), (filled) => {
        const { subject, html, text } = compiled.render(filled);
        for (const part of [subject, html, text]) expect(part).not.toMatch(unfilled);
        expect(Object.keys(filled)).toEqual(expect.arrayContaining(Object.keys(MARKERS[mailType])));
      }),
      { numRuns: 20 },
    );
  });

  it('stays the same when it is edited and saved unchanged except for comments', () => {
    const saved = checkTemplate(mailType, template);
    const again = compileTemplate(saved, MARKERS[mailType]).render(values);
    expect(again.text).toBe(mail.text);
  });
});
