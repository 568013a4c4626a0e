import { describe, expect, it } from '@jest/globals';
import type { LicenseExpiryJob, ReminderJob } from '@allotree/contracts';
import { groups, listed, daysUntil, endInWords, licenseInWords, resourcesInWords } from './words.js';
import { valuesOf } from './values.js';

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
const values = (jobs: readonly LicenseExpiryJob[], now = setting.now) =>
  valuesOf(
    jobs.map((job) => ({ job, place: job.groupName })),
    { ...setting, now },
  );

describe('an end in words', () => {
  it.each([
    ['2026-12-01T23:00:00Z', 'Europe/Berlin', '1 December 2026'],
    ['2026-12-01T00:00:00Z', 'UTC', '30 November 2026'],
    ['2026-12-01T00:00:00Z', 'Europe/Berlin', '1 December 2026, 01:00 (Europe/Berlin)'],
    ['2026-07-01T22:00:00Z', 'Europe/Berlin', '1 July 2026'],
    ['2028-03-01T00:00:00Z', 'UTC', '29 February 2028'],
    ['2026-12-01T05:00:00Z', 'America/New_York', '30 November 2026'],
  ])('%s in %s: %s', (iso, zone, words) => {
    expect(endInWords(iso, zone)).toBe(words);
  });

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

describe('words', () => {
  it('list, count and name', () => {
    expect([listed([]), listed(['a']), listed(['a', 'b']), listed(['a', 'b', 'c'])]).toEqual([
      '',
      'a',
      'a and b',
      'a, b and c',
    ]);
    expect(listed(['a', 'b', 'c', 'd', 'e', 'f', 'g'])).toBe('a, b, c, d, e and 2 more');
    expect([groups(1), groups(1_200)]).toEqual(['1 group', '1,200 groups']);
    expect(resourcesInWords({ sip_number: 1, mobile_app: 0, ukey2: 2 })).toBe('1 virtual number and 2 UKEY2');
    expect([licenseInWords('basic'), licenseInWords(null)]).toEqual(['Basic', 'no license']);
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
      stopped: '81 virtual numbers, 60 mobile apps and 5 UKEY2',
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
    expect(list).toContain('Days of grace keep what is in use until 4 December 2026');
    expect(list).toContain('Then it stops: 3 virtual numbers');
    expect(JSON.stringify(values([{ ...ended, featuresOff: [] }])['group_list'])).not.toContain('grace');
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
});
