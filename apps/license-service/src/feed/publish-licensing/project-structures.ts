import { ProjectStructure, type ProjectEvent } from '@allotree/domain';
import type { RecordedEvent } from '@allotree/event-sourcing';
import pMap from 'p-map';
import { projectOfStream } from '../../streams.js';
import type { ProjectHandler } from '../../tokens.js';
import { NEEDS_STRUCTURE } from './integration-events.js';

/** The structure of a project as an event left it; `null`: not needed so far. */
export type StructureOf = (projectId: string, revision: number, event: ProjectEvent) => ProjectStructure | null;

/** Groups in memory over all projects: about 150 bytes each. A single larger project is kept alone. */
const MAX_GROUPS = 500_000;
/** Projects that are read at once. */
const READS = 8;

interface Known {
  readonly structure: ProjectStructure;
  /** Of the last event applied to it. */
  revision: number;
  /** Of the last event that was published. */
  kept: number;
  /** Groups counted in the total. */
  size: number;
}

/**
 * The structures of the projects whose events are published, each as the last published event left it. They are read from the
 * project once and then folded from the published events themselves, so that a path or section is exact for its event and
 * publishing asks nothing of the commands. The least recently used are dropped and read again when needed.
 */
export class ProjectStructures {
  /** The least recently used first. */
  private readonly known = new Map<string, Known>();
  private readonly applied = new Set<Known>();
  private groups = 0;

  constructor(
    private readonly projects: Pick<ProjectHandler, 'readAt'>,
    private readonly maxGroups = MAX_GROUPS,
  ) {}

  /** Reads the structures that the events need and that are not in memory, as they were before the first of the events. */
  async prepare(events: readonly RecordedEvent[]): Promise<void> {
    const missing: { projectId: string; before: number }[] = [];
    for (const [projectId, { first, isNeeded }] of neededIn(events)) {
      const known = this.known.get(projectId);
      if (known?.revision === first - 1) continue;
      this.drop(projectId);
      if (isNeeded) missing.push({ projectId, before: first - 1 });
    }
    // Only when all are read: after a failure the rest comes too late, when the events have come again and may be applied.
    const read = await pMap(missing, ({ projectId, before }) => this.read(projectId, before), { concurrency: READS });
    for (const [index, { projectId }] of missing.entries()) {
      const known = read[index] as Known;
      this.known.set(projectId, known);
      this.count(known);
    }
  }

  /** Applies the next event of a project. */
  after: StructureOf = (projectId, revision, event) => {
    const known = this.known.get(projectId);
    if (!known) return null;
    if (revision !== known.revision + 1)
      throw new Error(`event ${revision} of project ${projectId} follows event ${known.revision}`);
    known.structure.apply(event);
    known.revision = revision;
    this.applied.add(known);
    this.known.delete(projectId);
    this.known.set(projectId, known);
    return known.structure;
  };

  /** The events applied so far are published. */
  keep(): void {
    for (const known of this.applied) {
      known.structure.keep();
      known.kept = known.revision;
      this.count(known);
    }
    this.applied.clear();
    for (const projectId of this.known.keys()) {
      if (this.groups <= this.maxGroups || this.known.size === 1) return;
      this.drop(projectId);
    }
  }

  /** The events applied since the last `keep` were not published and come again. */
  undo(): void {
    for (const known of this.applied) {
      known.structure.undo();
      known.revision = known.kept;
    }
    this.applied.clear();
  }

  private async read(projectId: string, revision: number): Promise<Known> {
    const [structure] =
      revision < 0
        ? [new ProjectStructure()]
        : await this.projects.readAt(projectId, [revision], (state) => ProjectStructure.of(state));
    if (!structure) throw new Error(`project ${projectId} has no event ${revision}`);
    return { structure, revision, kept: revision, size: 0 };
  }

  private count(known: Known): void {
    this.groups += known.structure.size - known.size;
    known.size = known.structure.size;
  }

  private drop(projectId: string): void {
    this.groups -= this.known.get(projectId)?.size ?? 0;
    this.known.delete(projectId);
  }
}

interface Need {
  /** The revision of its first event. */
  readonly first: number;
  isNeeded: boolean;
}

function neededIn(events: readonly RecordedEvent[]): ReadonlyMap<string, Need> {
  const projects = new Map<string, Need>();
  for (const { streamName, revision, type } of events) {
    if (!streamName.startsWith('project-')) continue;
    const projectId = projectOfStream(streamName);
    const need = projects.get(projectId) ?? { first: revision, isNeeded: false };
    need.isNeeded ||= NEEDS_STRUCTURE.has(type);
    projects.set(projectId, need);
  }
  return projects;
}
