import type { ProjectCommand, Units } from '@allotree/domain';
import type { Random } from './random.harness.js';
import type { Asked } from './replica.harness.js';

const DAY = 86_400_000;
const VENDOR = { kind: 'vendor' } as const;
const GROUPS = ['a', 'a1', 'a2', 'b'] as const;
const STREAMS = 4;
/** A stream with more commands is left for a new one, so that reading it again stays cheap. */
const COMMANDS_PER_STREAM = 150;

type CommandAt = (now: number) => ProjectCommand;

/** Makes up commands, few streams at a time, so that they meet each other. */
export class Workload {
  readonly #used = new Map<string, number>();
  readonly #replaced = new Map<string, number>();
  readonly #opened = new Map<string, number>();
  #ids = 0;

  constructor(private readonly random: Random) {}

  next(): Asked {
    const place = this.random.int(0, STREAMS - 1);
    if (this.random.chance(0.4))
      return { kind: 'tally', id: this.#stream('t', place), command: { type: 'Change', by: this.random.int(-6, 7) } };
    const id = this.#stream('p', place);
    return { kind: 'project', id, commandAt: this.#openingOf(id) ?? this.#command(id) };
  }

  #stream(prefix: string, place: number): string {
    const slot = `${prefix}${place}`;
    const generation = this.#replaced.get(slot) ?? 0;
    const stream = `${slot}x${generation}`;
    const used = (this.#used.get(stream) ?? 0) + 1;
    this.#used.set(stream, used);
    if (used === COMMANDS_PER_STREAM) this.#replaced.set(slot, generation + 1);
    return stream;
  }

  /** Some commands open the project, the first among them; they may arrive in any order, or not at all. */
  #openingOf(projectId: string): CommandAt | null {
    const place = this.#opened.get(projectId) ?? 0;
    this.#opened.set(projectId, place + 1);
    if (place % 20 < 2)
      return (now) => ({
        type: 'OpenProject',
        now,
        projectId,
        tenantId: 'nordlicht',
        partnerId: 'nordlicht',
        name: projectId,
        timeZone: 'Europe/Berlin',
        billingMode: 'prepaid',
      });
    if (place % 20 < 4)
      return (now) => ({
        type: 'PlaceGroups',
        now,
        groups: [
          ['a', projectId],
          ['b', projectId],
          ['a1', 'a'],
          ['a2', 'a'],
        ].map(([groupId, parentId]) => ({ groupId: groupId!, parentId: parentId!, type: 'custom', name: groupId! })),
      });
    return null;
  }

  #command(projectId: string): CommandAt {
    const { random } = this;
    const licenseId = `l${random.int(0, 3)}`;
    const groupId = random.chance(0.1) ? projectId : random.pick(GROUPS);
    const made = (): string => `s${random.int(0, 30)}`;
    return random.weighted<() => CommandAt>([
      [
        10,
        () => {
          const resource = random.weighted([
            [4, 'sip_number'],
            [2, 'mobile_app'],
            [1, 'ukey2'],
          ] as const);
          const assignmentId = random.chance(0.1) ? made() : `s${this.#ids++ % 31}`;
          return (now) => ({
            type: 'AssignUnit',
            now,
            assignmentId,
            groupId,
            resource,
            label: null,
            holder: null,
            sipAssignmentId: null,
          });
        },
      ],
      [
        4,
        () => {
          const assignmentId = made();
          return (now) => ({ type: 'ReleaseAssignment', now, assignmentId, groupId });
        },
      ],
      [2, () => this.#grant()],
      [1, () => (now) => ({ type: 'SuspendLicense', now, licenseId, reason: 'unpaid', authority: VENDOR })],
      [1, () => (now) => ({ type: 'ReinstateLicense', now, licenseId, authority: VENDOR })],
      [0.3, () => (now) => ({ type: 'RevokeLicense', now, licenseId, reason: 'fraud', authority: VENDOR })],
      [
        0.5,
        () => {
          const days = random.int(1, 9);
          return (now) => ({ type: 'ExtendLicense', now, licenseId, validUntil: now + days * DAY, authority: VENDOR });
        },
      ],
      [
        1,
        () => {
          const serialNumber = `d${random.int(0, 3)}`;
          const type = random.pick(['AddDevice', 'RemoveDevice'] as const);
          return (now) => (type === 'AddDevice' ? { type, now, serialNumber, groupId } : { type, now, serialNumber });
        },
      ],
      [4, () => this.#restrict(groupId)],
      [
        1,
        () => {
          const anchorDay = random.int(1, 28);
          return (now) => ({ type: 'SetBillingTerms', now, interval: 'P1M', anchorDay });
        },
      ],
      [1, () => (now) => ({ type: 'TakeEffect', now })],
    ])();
  }

  #units(most: number): Units {
    const sip_number = this.random.chance(0.1) ? null : this.random.int(0, most);
    const mobile_app = sip_number === null ? this.random.int(0, most) : this.random.int(0, sip_number);
    return { sip_number, mobile_app, ukey2: this.random.int(0, 3) };
  }

  #grant(): CommandAt {
    const { random } = this;
    const licenseId = `l${random.int(0, 3)}`;
    const units = this.#units(12);
    const [from, until] = [
      random.chance(0.3) ? random.int(-1, 2) : null,
      random.chance(0.8) ? random.int(3, 12) : null,
    ];
    return (now) => ({
      type: 'GrantLicense',
      now,
      licenseId,
      licenseType: 'plus',
      units,
      features: [],
      validFrom: from === null ? null : now + from * DAY,
      validUntil: until === null ? null : now + until * DAY,
      source: { kind: 'manual' },
    });
  }

  #restrict(groupId: string): CommandAt {
    const { random } = this;
    const number = this.#ids++;
    const enabled = random.chance(0.8);
    const isReminded = random.chance(0.5);
    const allotments = Array.from({ length: random.int(0, 2) }, () => ({
      units: this.#units(8),
      from: random.chance(0.3) ? random.int(0, 2) : null,
      until: random.chance(0.7) ? random.int(1, 8) : null,
    }));
    return (now) => ({
      type: 'SetRestriction',
      now,
      groupId,
      enabled,
      poolMode: 'shared',
      gracePeriodDays: 0,
      reminder: isReminded ? { daysBefore: [2, 1], recurrence: 'once', recipients: 'administrators' } : null,
      cascade: true,
      authority: VENDOR,
      newIds: allotments.map((_, index) => `r${number}x${index}`),
      allotments: allotments.map(({ units, from, until }) => ({
        allotmentId: null,
        type: 'plus' as const,
        units,
        features: [],
        validFrom: from === null ? null : now + from * DAY,
        validUntil: until === null ? null : now + until * DAY,
      })),
    });
  }
}
