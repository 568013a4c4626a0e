import { describe, expect, it } from '@jest/globals';
import type { LicenseExpiryJob, ReminderJob } from '@allotree/contracts';
import { accountValuesOf, valuesOf } from './values.js';
import type { MailLanguage } from '../wording/languages.js';
import { daysUntil } from '../wording/wording.js';

const reminder = (change: Partial<ReminderJob> = {}): ReminderJob => ({
  kind: 'reminder',
  tenantId: 'nordlicht',
  projectId: 'hafenblick',
  projectName: 'Hafenblick',
  timeZone: 'Europe/Berlin',
  groupId: 'a',
  groupName: 'A',
  dueAt: '2026-11-01T07:00:00Z',
  date: '2026-11-01',
  validUntil: '2026-12-01T23:00:00Z',
  daysLeft: 30,
  allotmentIds: [],
  recipients: 'administrators',
  fallback: 'basic',
  ...change,
});

const setting = { recipientName: 'Ada', publicUrl: 'https://x.example', now: Date.parse('2026-11-01T07:00:00Z') };
const values = (jobs: readonly LicenseExpiryJob[], now = setting.now, language: MailLanguage = 'en') =>
  valuesOf(
    jobs.map((job) => ({ job, place: job.groupName })),
    { ...setting, now, language },
  );

describe('the days until an end', () => {
  it.each([
    ['2026-12-01T23:00:00Z', 'Europe/Berlin', '2026-11-01T07:00:00Z', 30],
    ['2026-12-01T23:00:00Z', 'Europe/Berlin', '2026-11-30T22:59:59Z', 1],
    ['2026-12-01T23:00:00Z', 'Europe/Berlin', '2026-11-30T23:00:00Z', 0],
    ['2026-12-01T23:00:00Z', 'Europe/Berlin', '2027-01-01T00:00:00Z', 0],
    ['2026-03-30T22:00:00Z', 'Europe/Berlin', '2026-03-28T07:00:00Z', 2],
  ])('%s in %s is, on %s, %d days away', (iso, zone, now, days) => {
    expect(daysUntil(iso, zone, Date.parse(now))).toBe(days);
  });
});

describe('the values of a mail', () => {
  it('of several groups: the first end, its days, every fallback', () => {
    expect(
      values([
        reminder({ groupId: 'b', groupName: 'B', validUntil: '2026-12-31T23:00:00Z', fallback: null }),
        reminder(),
        reminder({ projectId: 'p2', projectName: 'Elbblick' }),
      ]),
    ).toMatchObject({
      recipient_name: 'Ada',
      project: 'Hafenblick and Elbblick',
      link: 'https://x.example',
      group_count: '3 groups',
      valid_until: '1 December 2026',
      days_left: '30 days',
      fallback: 'no license or Basic',
    });
  });

  it('of one group link to it; days are counted when the mail is written', () => {
    expect(values([reminder()], Date.parse('2026-11-30T12:00:00Z'))).toMatchObject({
      link: 'https://x.example/projects/hafenblick/groups/a',
      group_count: '1 group',
      days_left: '1 day',
    });
  });

  it('of what ended add up what stopped', () => {
    const { validUntil: _end, daysLeft: _days, allotmentIds: _ids, ...base } = reminder();
    const ended = {
      ...base,
      kind: 'ended',
      endedAt: '2026-12-01T23:00:00Z',
      stopped: { sip_number: 80, mobile_app: 60, ukey2: 5 },
      featuresOff: ['siri', 'elevators'],
    } as const;
    const nothing = { sip_number: 0, mobile_app: 0, ukey2: 0 };
    const one = { ...ended, featuresOff: [...ended.featuresOff] };
    expect(values([one, { ...one, groupId: 'b', stopped: { ...nothing, sip_number: 1 } }])).toMatchObject({
      ended_at: '1 December 2026',
      stopped: '81 virtual numbers, 60 mobile apps and 5 UKEY2 keys',
      features_off: 'Siri and elevators',
      fallback: 'Basic',
    });
    expect(values([{ ...one, featuresOff: [], stopped: nothing, fallback: null }])).toMatchObject({
      stopped: 'nothing that was in use',
      features_off: 'none',
      fallback: 'no license',
    });
  });

  it('of what ended say until when days of grace run, and what stops then', () => {
    const { validUntil: _end, daysLeft: _days, allotmentIds: _ids, ...base } = reminder();
    const none = { sip_number: 0, mobile_app: 0, ukey2: 0 };
    const ended = { ...base, kind: 'ended', endedAt: '2026-12-01T23:00:00Z', stopped: none, featuresOff: [] } as const;
    const grace = { until: '2026-12-04T23:00:00Z', stopping: { ...none, sip_number: 3 } };
    const list = JSON.stringify(values([{ ...ended, featuresOff: [], grace }])['group_list']);
    expect(list).toContain('Grace period: everything in use keeps working until 4 December 2026');
    expect(list).toContain('Stops after that: 3 virtual numbers');
    expect(JSON.stringify(values([{ ...ended, featuresOff: [] }])['group_list'])).not.toContain('Grace');
  });

  it('without an end say so', () => {
    const { daysLeft: _days, allotmentIds: _ids, fallback: _fallback, recipients, ...base } = reminder();
    const trial = { ...base, kind: 'trial_started', validUntil: null } as const;
    expect(values([trial])).toMatchObject({ valid_until: 'further notice', days_left: 'an unlimited time' });
    const restored = { sip_number: 0, mobile_app: 0, ukey2: 0 };
    const again = {
      ...base,
      kind: 'restored',
      validUntil: null,
      restoredAt: base.dueAt,
      restored,
      recipients,
    } as const;
    expect(values([again])).toMatchObject({ valid_until: 'further notice', restored: 'everything that was allotted' });
  });

  it('of a reminder say how much stops, once for groups that lie in one another and end together', () => {
    const counts = (sip_number: number, mobile_app = 0, ukey2 = 0) => ({ sip_number, mobile_app, ukey2 });
    const whatStops = (items: readonly [place: string, job: Partial<ReminderJob>][], language: MailLanguage = 'en') =>
      valuesOf(
        items.map(([place, job], index) => ({ place, job: reminder({ groupId: `${index}`, ...job }) })),
        { ...setting, language },
      )['what_stops'];
    const stopping = counts(80, 60, 5);
    const inner = { stopping: counts(3) };
    const all = '80 virtual numbers, 60 mobile apps and 5 UKEY2 keys stop working unless the licenses are extended.';
    expect(
      whatStops([
        ['A', { stopping }],
        ['A › 1', inner],
        ['A › 2', inner],
      ]),
    ).toBe(all);
    expect(
      whatStops([
        ['Hafenblick', { groupId: 'hafenblick', stopping }],
        ['A', inner],
      ]),
    ).toBe(all);
    expect(
      whatStops([
        ['A', { stopping }],
        ['AB', inner],
      ]),
    ).toMatch(/^83 virtual numbers/);
    expect(
      whatStops([
        ['A', { stopping }],
        ['A › 1', { ...inner, validUntil: '2026-12-15T23:00:00Z' }],
      ]),
    ).toMatch(/^83 /);
    expect(
      whatStops([
        ['A', { stopping }],
        ['A › 1', { ...inner, projectId: 'p2' }],
      ]),
    ).toMatch(/^83 /);
    expect(whatStops([['A', { stopping: counts(0), grace: { until: '2026-12-04T23:00:00Z', stopping } }]])).toBe(all);
    expect(whatStops([['A', { stopping: counts(1) }]])).toBe(
      '1 virtual number stops working unless the licenses are extended.',
    );
    expect(whatStops([['A', { stopping: counts(0) }]])).toBe('Nothing that is in use today stops working then.');
    expect(
      whatStops([
        ['A', { stopping }],
        ['B', {}],
      ]),
    ).toBe('Calls and apps that depend on these licenses stop working unless the licenses are extended.');
    expect(whatStops([['A', { stopping: counts(1) }]], 'de')).toBe(
      'Ohne Verlängerung funktioniert 1 virtuelle Nummer nicht mehr.',
    );
    expect(whatStops([['A', { stopping: counts(0) }]], 'de')).toBe(
      'Was heute in Benutzung ist, funktioniert danach weiter.',
    );
    expect(whatStops([['A', {}]], 'de')).toBe(
      'Ohne Verlängerung funktionieren Anrufe und Apps nicht mehr, die auf diesen Lizenzen beruhen.',
    );
  });

  it('are in the language of the mail', () => {
    expect(values([reminder(), reminder({ groupId: 'b', fallback: null })], setting.now, 'de')).toMatchObject({
      greeting: 'Guten Tag Ada,',
      group_count: '2 Gruppen',
      valid_until: '1. Dezember 2026',
      days_left: '30 Tagen',
      fallback: 'Basic oder keine Lizenz',
    });
  });

  it('greet somebody without a name', () => {
    const greeted = (language: MailLanguage) =>
      valuesOf([{ job: reminder(), place: 'A' }], { ...setting, recipientName: null, language });
    expect(greeted('en')).toMatchObject({ greeting: 'Hello,', recipient_name: 'there' });
    expect(greeted('de')).toMatchObject({ greeting: 'Guten Tag,', recipient_name: 'liebe Nutzerin, lieber Nutzer' });
  });
});

describe('the values of a mail about an account', () => {
  const job = { mailType: 'invitation', name: 'Kim', path: '/invitations#x' } as const;
  const account = (values: Record<string, string>, language: MailLanguage) =>
    accountValuesOf({ ...job, values }, { publicUrl: 'https://x.example', language });

  it('name built-in roles in the language of the mail, and own ones as the tenant does', () => {
    expect(account({ role: 'site_administrator' }, 'de')).toMatchObject({ role: 'Objektadministration' });
    // As older versions wrote it.
    expect(account({ role: 'site administrator' }, 'de')).toMatchObject({ role: 'Objektadministration' });
    expect(account({ role: 'front_desk' }, 'de')).toMatchObject({ role: 'front desk' });
    expect(account({ role: 'constructor' }, 'en')).toMatchObject({ role: 'constructor' });
  });

  it('name an inviter without a name', () => {
    expect(account({}, 'en')).toMatchObject({ inviter: 'Your administrator' });
    expect(account({}, 'de')).toMatchObject({ inviter: 'Ihre Administration' });
    expect(account({ inviter: 'Ada' }, 'de')).toMatchObject({ inviter: 'Ada' });
  });

  it('say when a password was changed, however the job says it', () => {
    const changed = { at: '2026-11-01T07:00:00Z', timeZone: 'America/New_York' };
    const at = (over: object, language: MailLanguage) =>
      accountValuesOf({ ...job, mailType: 'password_changed', values: {}, ...over }, { publicUrl: '', language });
    expect(at({ changed }, 'en')['changed_at']).toBe('1 November 2026, 02:00 (America/New York)');
    expect(at({ changed }, 'de')['changed_at']).toBe('1. November 2026 um 02:00 Uhr (America/New York)');
    expect(at({ values: { changed_at: '1 November 2026' } }, 'en')['changed_at']).toBe('1 November 2026');
  });
});
