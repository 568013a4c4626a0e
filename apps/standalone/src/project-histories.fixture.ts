import { dataSchemaOf, sequenceOf, type CloudEvent } from '@allotree/contracts';
import { projectAggregate, ProjectStructure, type ProjectCommand, type ProjectEvent } from '@allotree/domain';
import { DAY, openings, START, steps } from '@allotree/domain/project-steps';
import { projectIntegrationEvents } from '@allotree/license-service/integration-events';
import fc from 'fast-check';

/** What happened in a project: its own events, and those that the services publish. */
export interface History {
  readonly projectId: string;
  readonly events: readonly ProjectEvent[];
  readonly published: readonly CloudEvent[];
}

/** Every seventh command, a removed group comes back under its old id. */
const COMES_BACK = 7;

/** Random histories of projects while time moves, each of a project of its own. */
export const histories = (count: number, seed: number, first = 0): readonly History[] =>
  fc.sample(steps, { numRuns: count, seed }).map((walk, index) => historyOf(`project-${first + index}`, walk));

type Walk = Parameters<Parameters<typeof steps.map>[0]>[0];

function historyOf(projectId: string, walk: Walk): History {
  const { events } = recordedBy(walk);
  const stored = JSON.stringify(events.map(projectAggregate.encode)).replace(/"p(?=[":])/g, `"${projectId}`);
  const renamed = (JSON.parse(stored) as { type: string; data: unknown }[]).map(({ type, data }) =>
    projectAggregate.decode(type, data),
  );
  return { projectId, events: renamed, published: publish(projectId, renamed) };
}

function recordedBy(walk: Walk): { readonly events: readonly ProjectEvent[] } {
  const events: ProjectEvent[] = [];
  const state = projectAggregate.initial();
  const decide = (command: ProjectCommand): void => {
    const decision = projectAggregate.decide(state, command);
    if (!decision.ok) return;
    for (const event of decision.events) {
      projectAggregate.evolve(state, event);
      events.push(event);
    }
  };
  for (const command of openings()) decide(command);
  let now = START;
  for (const [index, { pass, commandAt }] of walk.entries()) {
    now += pass * DAY;
    decide(commandAt(now));
    // A section that began in the same millisecond in which its group came back would count as one of the new group.
    // The last recorded instant can lie after `now` (U5).
    if (index % COMES_BACK === 0 && !state.groups.has('c')) {
      now = Math.max(now, events.at(-1)!.at) + 1;
      decide(backAgain(now));
    }
  }
  return { events };
}

const backAgain = (now: number): ProjectCommand => ({
  type: 'PlaceGroups',
  now,
  groups: [{ groupId: 'c', parentId: 'a', type: 'custom', name: 'c' }],
});

/** Both services publish an event with the instant at which it was decided. */
function publish(projectId: string, events: readonly ProjectEvent[]): readonly CloudEvent[] {
  const structure = new ProjectStructure();
  let number = 0;
  return events.flatMap((event, revision) => {
    structure.apply(event);
    const licensing = projectIntegrationEvents(projectId, event, structure);
    const time = new Date(event.at).toISOString();
    const published =
      (source: string, sequence: number) =>
      ({ type, data }: { type: string; data: object }) => ({
        specversion: '1.0' as const,
        id: `${projectId}-${number++}`,
        source,
        type,
        subject: projectId,
        time,
        datacontenttype: 'application/json' as const,
        dataschema: dataSchemaOf(type),
        tenantid: 'tenant-1',
        correlationid: 'correlation',
        causationid: null,
        actor: 'user:ada',
        sequence: sequenceOf(sequence),
        data: { ...data, at: time },
      });
    return [
      ...ofGroups(projectId, event).map(published('/group-service', revision)),
      ...licensing.map(published('/license-service', revision)),
    ];
  });
}

/** What the group service published before the license service recorded an event. */
function ofGroups(projectId: string, { type, data }: ProjectEvent): readonly { type: string; data: object }[] {
  switch (type) {
    case 'ProjectOpened': {
      const { name, partnerId, tenantId, timeZone, billingMode } = data;
      const created = { projectId, name, partnerId, tenantId, timeZone, billingMode, trial: false };
      return [{ type: 'allotree.project-created.v1', data: created }];
    }
    case 'GroupsPlaced':
      return [{ type: 'allotree.groups-placed.v1', data: { projectId, groups: data.groups } }];
    case 'GroupRelocated':
      return [{ type: 'allotree.group-moved.v1', data: { projectId, ...data } }];
    case 'GroupRemoved':
      return [{ type: 'allotree.group-removed.v1', data: { projectId, ...data } }];
    default:
      return [];
  }
}
