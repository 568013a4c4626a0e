import { describe, expect, it } from '@jest/globals';
import {
  atOnce,
  devicesOf,
  endOfDay,
  groupsOf,
  groupTreeAggregate,
  licensingOf,
  projectAggregate,
  rehearse,
  type AssignmentInput,
  type GroupTreeState,
  type ProjectCommand,
  type ProjectRefusal,
  type ProjectState,
  type RestrictionInput,
  type Slices,
} from '@allotree/domain';
import { modelRuns } from '@allotree/domain/model-runs';
import fc from 'fast-check';
import { checkInSlices, checkProjectFile } from './check-project-file.js';
import type { CurrentProject } from './current-project.js';
import { exportProject } from './export-project.js';
import { planProject, type ProjectPlan } from './plan-project.js';
import type { ProjectFile } from './project-file.js';

const projectId = 'p';
const NOW = Date.parse('2026-06-01T08:00:00Z');
const VENDOR = [{ kind: 'vendor' as const }];
const facts = {
  projectId,
  tenantId: 't',
  partnerId: 't',
  name: 'Hafenblick',
  timeZone: 'Europe/Berlin',
  billingMode: 'postpaid' as const,
};

/** The groups that a decision about many refuses, with the reasons. */
const refusedIn = (refusal: ProjectRefusal): string[] =>
  refusal.code === 'BATCH_REFUSED'
    ? refusal.items.map(({ index, refusal: one }) => `${index} ${one.code}`)
    : [refusal.code];

/** A project in both services, without the services: the aggregates, and the facts that go from one to the other. */
class Project {
  readonly tree: GroupTreeState = groupTreeAggregate.initial();
  readonly licensing: ProjectState = projectAggregate.initial();
  private plans = 0;

  constructor() {
    groupTreeAggregate.evolve(this.tree, { type: 'ProjectCreated', data: { ...facts, trial: false } });
    this.license({ type: 'OpenProject', now: NOW, ...facts });
  }

  get current(): CurrentProject {
    const iso = (at: number): string => new Date(at).toISOString();
    const { restrictions, assignments } = licensingOf(this.licensing, NOW);
    return {
      projectId,
      timeZone: facts.timeZone,
      createdAt: NOW,
      groups: groupsOf(this.tree),
      devices: devicesOf(this.tree),
      restrictions: restrictions.map((section) => ({
        ...section,
        allotments: section.allotments.map((allotment) => ({
          ...allotment,
          validFrom: iso(allotment.validFrom),
          validUntil: allotment.validUntil === null ? null : iso(allotment.validUntil),
        })),
      })),
      assignments,
    };
  }

  plan(file: ProjectFile, prune = false): ProjectPlan {
    const newId = (parentId: string): string => `plan${this.plans}-${parentId}`;
    return atOnce(planProject(file, this.current, { prune, newId }));
  }

  /** The decisions that applying a plan takes, in their order. */
  commands(plan: ProjectPlan): ProjectCommand[] {
    const at = (border: string | null | undefined): number | null => {
      if (border === null || border === undefined) return null;
      return border.includes('T') ? Date.parse(border) : endOfDay(border, facts.timeZone);
    };
    const restrictions = plan.restrictions.map((section): RestrictionInput => ({
      ...section,
      allotments: section.allotments.map((allotment) => ({
        ...allotment,
        allotmentId: allotment.allotmentId ?? null,
        validFrom: at(allotment.validFrom),
        validUntil: at(allotment.validUntil),
      })),
      newIds: section.allotments.map((_, index) => `${this.plans} ${section.groupId} ${index}`),
    }));
    const items = plan.assignments.map(
      ({ groupId, resource, count, label = null, holder = null, externalId = null }, line): AssignmentInput => ({
        groupId,
        resource,
        label,
        holder,
        externalId,
        assignmentIds: Array.from({ length: count }, (_, unit) => `${this.plans} unit ${line} ${unit}`),
      }),
    );
    const assignmentIds = plan.releases.map(({ assignmentId }) => assignmentId);
    return [
      { type: 'SetRestrictions', now: NOW, restrictions, cascade: false, authorities: VENDOR },
      { type: 'ReleaseAssignments', now: NOW, assignmentIds, authorities: VENDOR },
      ...plan.identified.map((one): ProjectCommand => ({ type: 'SetAssignmentExternalId', now: NOW, ...one })),
      { type: 'AssignUnits', now: NOW, items, mode: 'all', authorities: VENDOR },
    ];
  }

  /** Whether every decision was accepted. */
  apply(plan: ProjectPlan): boolean {
    if (!this.shape(plan)) return false;
    const commands = this.commands(plan);
    if (rehearse(this.licensing, commands).refusals.length > 0) return false;
    for (const command of commands) this.license(command);
    return true;
  }

  /** The groups whose sections a dry run refuses, with the codes. */
  dryRun(plan: ProjectPlan): string[] {
    expect(this.shape(plan)).toBe(true);
    return rehearse(this.licensing, this.commands(plan)).refusals.flatMap(({ refusal }) => refusedIn(refusal));
  }

  /** The same, decided. */
  realRun(plan: ProjectPlan): string[] {
    return this.commands(plan).flatMap((command) => {
      const decision = projectAggregate.decide(this.licensing, command);
      return decision.ok ? [] : refusedIn(decision.refusal);
    });
  }

  private shape(plan: ProjectPlan): boolean {
    this.plans += 1;
    const shaped = groupTreeAggregate.decide(this.tree, { type: 'ReshapeTree', projectId, ...plan.tree });
    if (!shaped.ok) return false;
    for (const event of shaped.events) groupTreeAggregate.evolve(this.tree, event);
    for (const { groupId, serialNumber, model, externalId } of plan.devices.added) {
      const data = {
        serialNumber,
        groupId,
        model,
        claimId: serialNumber,
        ...(externalId !== undefined && { externalId }),
      };
      groupTreeAggregate.evolve(this.tree, { type: 'DeviceAdded', data });
    }
    this.follow();
    return true;
  }

  /** The license service learns the shape of the tree. */
  private follow(): void {
    const groups = groupsOf(this.tree).map(({ groupId, parentId, type, name }) => ({ groupId, parentId, type, name }));
    const known = licensingOf(this.licensing, NOW).groups;
    this.license({ type: 'PlaceGroups', now: NOW, groups: groups.slice(1) });
    for (const { groupId, parentId, type: groupType, name } of groups.slice(1)) {
      this.license({ type: 'ChangeGroup', now: NOW, groupId, groupType, name });
      if (parentId !== null) this.license({ type: 'RelocateGroup', now: NOW, groupId, parentId });
    }
    const ids = new Set(groups.map(({ groupId }) => groupId));
    if (known > 0)
      for (const id of this.placed) if (!ids.has(id)) this.license({ type: 'RemoveGroup', now: NOW, groupId: id });
    this.placed = [...ids];
  }
  private placed: string[] = [];

  private license(command: ProjectCommand): void {
    const decision = projectAggregate.decide(this.licensing, command);
    if (!decision.ok) throw new Error(`${command.type}: ${JSON.stringify(decision.refusal)}`);
    for (const event of decision.events) projectAggregate.evolve(this.licensing, event);
  }
}

const fileOf = (content: unknown): ProjectFile => {
  const checked = checkProjectFile(content);
  if (!checked.ok) throw new Error(JSON.stringify(checked.findings));
  return checked.file;
};

const count = fc.integer({ min: 0, max: 9 });
const limit = fc.option(count);
const restriction = fc.record({
  poolMode: fc.constantFrom('shared', 'reserved'),
  gracePeriodDays: fc.constantFrom(0, 5),
  allotments: fc.array(
    fc.record(
      {
        units: fc.record({ sip_number: fc.constant(null), mobile_app: limit, ukey2: limit }),
        validUntil: fc.constantFrom('2026-12-31', 'P6M', '2027-01-01T00:00:00Z', null),
      },
      { requiredKeys: ['units'] },
    ),
    { maxLength: 2 },
  ),
  reminder: fc.constantFrom(null, { daysBefore: [30, 7], recurrence: 'once' }),
});
interface Entry {
  readonly name: string;
  readonly type: string;
  readonly key?: string;
  readonly groups?: readonly Entry[];
}
const { tree: groups } = fc.letrec<{ tree: Entry[]; entry: Entry }>((tie) => ({
  entry: fc.record(
    {
      name: fc.constantFrom('A', 'B', 'Süd', 'straße', 'STRASSE 2'),
      type: fc.constantFrom('building', 'unit', 'custom'),
      key: fc.constantFrom('K1', 'K2', 'K3', 'K4', 'K5'),
      restriction,
      groups: tie('tree'),
    },
    { requiredKeys: ['name', 'type'] },
  ) as fc.Arbitrary<Entry>,
  tree: fc.uniqueArray(tie('entry'), { maxLength: 3, selector: ({ name }) => name }),
}));

/** Each key once. */
const withOwnKeys = (entries: readonly Entry[], seen = new Set<string>()): Entry[] =>
  entries.map(({ key, ...entry }) => ({
    ...entry,
    ...(key !== undefined && seen.size !== seen.add(key).size && { key }),
    groups: withOwnKeys(entry.groups ?? [], seen),
  }));
const pathsIn = (entries: readonly Entry[], above = ''): string[] =>
  entries.flatMap(({ name, groups: below = [] }) => [`${above}${name}`, ...pathsIn(below, `${above}${name} / `)]);

const units = fc.record(
  {
    resource: fc.constantFrom('sip_number', 'ukey2'),
    count: fc.integer({ min: 1, max: 3 }),
    label: fc.constantFrom('Panel {n}', 'Tür {n:2}'),
  },
  { requiredKeys: ['resource'] },
);

/** Files that name groups, limits, devices and units. */
const files = fc
  .tuple(groups, fc.array(fc.tuple(units, fc.nat())), fc.uniqueArray(fc.constantFrom('S-1', 'S-2', 'S-3')), fc.nat())
  .map(([entries, assigned, serials, seed]) => {
    const named = withOwnKeys(entries);
    const paths = ['Hafenblick', ...pathsIn(named)];
    const place = (n: number): string => paths[n % paths.length] as string;
    return fileOf({
      project: { name: 'Hafenblick', groups: named },
      devices: serials.map((serialNumber, n) => ({ group: place(seed + n), serialNumber, model: 'M' })),
      assignments: assigned.map(([unit, n]) => ({ group: place(n), ...unit })),
    });
  });

const nothing = ({ operations, refusals }: ProjectPlan): void => {
  expect(operations).toEqual([]);
  expect(refusals).toEqual([]);
};

describe('the plan of a project file', () => {
  it('is empty after it was applied, and so is that of the export, with and without prune', () => {
    let applied = 0;
    fc.assert(
      fc.property(files, (file) => {
        const project = new Project();
        if (!project.apply(project.plan(file))) return;
        applied += 1;
        nothing(project.plan(file));
        nothing(project.plan(file, true));
        const exported = fileOf(exportProject(project.current));
        nothing(project.plan(exported));
        nothing(project.plan(exported, true));
      }),
      modelRuns(),
    );
    expect(applied).toBeGreaterThan(10);
  });

  it('turns one project into another: with prune the file is all there is', () => {
    let applied = 0;
    fc.assert(
      fc.property(files, files, (before, after) => {
        const project = new Project();
        const other = { ...after, devices: [] };
        if (!project.apply(project.plan({ ...before, devices: [] }))) return;
        const plan = project.plan(other, true);
        if (plan.refusals.length > 0 || !project.apply(plan)) return;
        applied += 1;
        nothing(project.plan(other, true));
        const fresh = new Project();
        expect(fresh.apply(fresh.plan(other))).toBe(true);
        const shape = ({ groups: all }: CurrentProject) => all.map(({ name, type }) => `${name} ${type}`).sort();
        expect(shape(project.current)).toEqual(shape(fresh.current));
      }),
      modelRuns(),
    );
    expect(applied).toBeGreaterThan(3);
  });
});

describe('the plan of a large project file', () => {
  it('pauses all the time, and takes the units of the file in their order', () => {
    const project = new Project();
    const groups = Array.from({ length: 1_000 }, (_, n) => ({ name: `Flat ${n}`, type: 'apartment', key: `E${n}` }));
    const assignments = [{ group: 'Flat 1', resource: 'sip_number', count: 300 }];
    const content = { project: { name: 'Hafenblick', groups }, assignments };
    const pausesOf = (work: Slices<unknown>): number => [...work].length;
    const options = { prune: true, newId: (parentId: string) => `n-${parentId}` };
    expect(pausesOf(checkInSlices(content))).toBeGreaterThan(5);
    expect(pausesOf(planProject(fileOf(content), project.current, options))).toBeGreaterThan(20);
    expect(project.apply(project.plan(fileOf(content)))).toBe(true);
    nothing(project.plan(fileOf(content), true));
    const fewer = { ...content, assignments: [{ ...assignments[0], count: 299 }] };
    const { releases } = project.plan(fileOf(fewer), true);
    expect(releases.map(({ assignmentId }) => assignmentId)).toEqual([
      project.current.assignments.at(-1)?.assignmentId,
    ]);
  });
});

describe('a dry run of 10,000 random rows', () => {
  it('refuses the rows that the real run refuses, and records nothing', () => {
    const project = new Project();
    const rows = fc.sample(
      fc.record({ sip_number: fc.integer({ min: 0, max: 6 }), ukey2: fc.integer({ min: 0, max: 4 }) }),
      {
        numRuns: 10_000,
        seed: 1,
      },
    );
    const limited = (units: object) => ({ allotments: [{ units }] });
    const buildings = Array.from({ length: 100 }, (_, building) => ({
      name: `Building ${building}`,
      type: 'building',
      restriction: limited({ sip_number: 4, mobile_app: 0, ukey2: 2 }),
      groups: rows.slice(building * 100, building * 100 + 100).map((units, row) => ({
        name: `Flat ${row}`,
        type: 'apartment',
        restriction: limited({ ...units, mobile_app: 0 }),
      })),
    }));
    const plan = project.plan(fileOf({ project: { name: 'Hafenblick', groups: buildings } }));
    const tooMuch = rows.filter(({ sip_number, ukey2 }) => sip_number > 4 || ukey2 > 2).length;
    const dry = project.dryRun(plan);
    expect(project.current.restrictions).toEqual([]);
    expect(dry).toHaveLength(tooMuch);
    expect(project.realRun(plan)).toEqual(dry);
  });
});

describe('a group of a file', () => {
  const start = (): Project => {
    const project = new Project();
    project.apply(
      project.plan(
        fileOf({
          project: {
            name: 'Hafenblick',
            groups: [
              { name: 'A', type: 'building', key: 'KA', groups: [{ name: 'One', type: 'unit', key: 'K1' }] },
              { name: 'B', type: 'building', groups: [{ name: 'Two', type: 'unit' }] },
            ],
          },
          assignments: [{ group: 'B / Two', resource: 'ukey2', count: 2, label: 'Key {n}' }],
          devices: [{ group: 'B', serialNumber: 'S-1', model: 'M' }],
        }),
      ),
    );
    return project;
  };
  const planned = (content: object, prune = false) => {
    const { operations, refusals } = start().plan(fileOf(content), prune);
    const shown = operations.map(
      ({ op, kind, path, count }) => `${op} ${kind} ${path}${count === 1 ? '' : ` ${count}`}`,
    );
    return { shown, refusals: refusals.map(({ code, path }) => `${code} ${path}`) };
  };
  const withGroups = (...entries: object[]) => ({ project: { name: 'Hafenblick', groups: entries } });

  it('is renamed and moved where its key says that it is the same', () => {
    const file = withGroups({ name: 'B', type: 'building', groups: [{ name: 'First', type: 'unit', key: 'K1' }] });
    expect(planned(file).shown).toEqual(['move group B / First', 'update group B / First']);
  });

  it('is another one with another key, and the one there takes a key it had not', () => {
    expect(planned(withGroups({ name: 'B', type: 'building', key: 'KB' })).shown).toEqual(['update group B']);
    const swapped = withGroups({ name: 'A', type: 'building', key: 'K9' }, { name: 'C', type: 'building', key: 'KA' });
    expect(planned(swapped).shown).toEqual(['create group A', 'update group C']);
  });

  it('stays where the file does not name it, and goes with prune, with everything below it', () => {
    const file = withGroups({ name: 'A', type: 'building' });
    expect(planned(file).shown).toEqual([]);
    expect(planned(file, true).shown).toEqual(['remove group A / One', 'remove group B 2']);
  });

  it('that is protected keeps what the file does not name there', () => {
    const file = withGroups(
      { name: 'A', type: 'building', protect: true },
      { name: 'B', type: 'building', protect: true, groups: [{ name: 'Two', type: 'unit' }] },
    );
    expect(planned(file, true).refusals).toEqual(['PROTECTED A / One', 'PROTECTED B', 'PROTECTED B / Two']);
    expect(planned(file).refusals).toEqual([]);
  });

  it('has a device that is neither moved nor made another one', () => {
    const device = (group: string, model: string) => ({
      ...withGroups({ name: 'A', type: 'building' }, { name: 'B', type: 'building' }),
      devices: [{ group, serialNumber: 's1', model }],
    });
    expect(planned(device('A', 'M')).refusals).toEqual(['DEVICE_ELSEWHERE A']);
    expect(planned(device('B', 'X')).refusals).toEqual(['VALIDATION B']);
    expect(planned(device('B', 'M'))).toEqual({ shown: [], refusals: [] });
  });
});
