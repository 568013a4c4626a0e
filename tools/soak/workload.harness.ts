import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../simulate/random.harness.js';
import type { Client } from './client.harness.js';
import type { Clock } from './faults.harness.js';

const PROJECTS = 6;
const BUILDINGS = 4;
const APARTMENTS = 5;
const LIMIT = { least: 60, most: 120 };
/** Seconds for which a short allotment is valid; the next one follows after its end. */
const SHORT_SECONDS = 90;
const AFTER_ITS_END_MS = 10_000;
const UNITS = 100_000;
const YEAR_MS = 365 * 86_400_000;
/** The clocks of the services are moved a moment after that of the run. */
const CLOCKS_DIFFER_MS = 60_000;
/** More callers would only wait for a cluster that does not answer. */
const AT_ONCE = 64;

export interface Apartment {
  readonly groupId: string;
  /** Acknowledged assignments that were not released. */
  readonly assigned: Set<string>;
  /** The building as acknowledged. */
  parentId: string;
  isMoving: boolean;
}
export interface Building {
  readonly groupId: string;
  /** The limit as acknowledged. */
  limit: number;
  isChanging: boolean;
}
export interface Project {
  readonly projectId: string;
  readonly licenseId: string;
  /** An instant at which it existed, in milliseconds. */
  readonly createdBy: number;
  readonly buildings: readonly Building[];
  readonly apartments: readonly Apartment[];
  /** A building whose allotments are short. */
  readonly shortGroupId: string;
  /** Ends of its acknowledged allotments. */
  readonly ends: string[];
  isShortChanging: boolean;
  validUntil: string | null;
  isExtending: boolean;
}

/** Sends a fixed number of requests a second, and keeps what was acknowledged, to be compared at the end. */
export class Workload {
  readonly everAssigned = new Set<string>();
  readonly unexpected: string[] = [];
  started = 0;
  /** Requests that were not sent, because too many were waiting for an answer. */
  skipped = 0;
  private readonly waiting = new Set<Promise<void>>();
  private isStopping = false;

  constructor(
    private readonly client: Client,
    private readonly random: Random,
    private readonly clock: Clock,
    readonly projects: readonly Project[],
  ) {}

  /** Starts requests at a fixed rate, whether or not the ones before are answered. */
  async run(perSecond: number): Promise<void> {
    const began = performance.now();
    for (let number = 0; !this.isStopping; number += 1) {
      const due = began + (number * 1_000) / perSecond;
      if (due > performance.now()) await delay(due - performance.now());
      this.begin();
    }
    await Promise.all(this.waiting);
  }

  /** The run ends when the outcome of every request is known. */
  stop(): void {
    this.isStopping = true;
  }

  get inFlight(): number {
    return this.waiting.size;
  }

  private begin(): void {
    if (this.waiting.size >= AT_ONCE) {
      this.skipped += 1;
      return;
    }
    this.started += 1;
    const one: Promise<void> = this.one()
      .catch((error: unknown) => void this.unexpected.push((error as Error).message))
      .finally(() => this.waiting.delete(one));
    this.waiting.add(one);
  }

  private one(): Promise<void> {
    const project = this.random.pick(this.projects);
    const work = this.random.weighted<(project: Project) => Promise<void>>([
      [34, (to) => this.assign(to)],
      [32, (to) => this.release(to)],
      [16, (of) => this.ask(of)],
      [8, (of) => this.report(of)],
      [4, (of) => this.edit(of)],
      [2, (of) => this.extend(of)],
      [2, (of) => this.move(of)],
      [2, (of) => this.shortly(of)],
    ]);
    return work(project);
  }

  private async assign({ projectId, apartments }: Project): Promise<void> {
    const apartment = this.random.pick(apartments);
    const path = `/projects/${projectId}/groups/${apartment.groupId}/assignments`;
    const { status, body } = await this.client.insist<{ assignmentId: string; code?: string }>({
      method: 'POST',
      path,
      body: { resource: 'sip_number' },
    });
    if (status === 201) {
      apartment.assigned.add(body.assignmentId);
      this.everAssigned.add(body.assignmentId);
    } else this.expect(path, body.code, ['LIMIT_EXCEEDED']);
  }

  private async release({ projectId, apartments }: Project): Promise<void> {
    const { groupId, assigned } = this.random.pick(apartments);
    const [assignmentId] = assigned;
    if (assignmentId === undefined) return;
    assigned.delete(assignmentId);
    const path = `/projects/${projectId}/groups/${groupId}/assignments/${assignmentId}`;
    const { status, body } = await this.client.insist<{ code?: string }>({ method: 'DELETE', path });
    // A repeated release finds nothing.
    if (status >= 300 && status !== 404) this.expect(path, body.code, []);
  }

  private async ask({ projectId, buildings, apartments }: Project): Promise<void> {
    const { groupId } = this.random.pick([...buildings, ...apartments]);
    const place = `/projects/${projectId}/groups/${groupId}`;
    const path = this.random.pick([
      `${place}/quota`,
      `${place}/quota`,
      `${place}/assignments?limit=20`,
      `${place}/restriction`,
      `/projects/${projectId}/history?limit=20`,
      `/projects/${projectId}/groups?parentId=${projectId}`,
    ]);
    await this.read(path);
  }

  private async report({ projectId, buildings, createdBy }: Project): Promise<void> {
    const { groupId } = this.random.pick(buildings);
    const place = `/projects/${projectId}/groups/${groupId}`;
    // What is asked about lies after the creation of the project.
    const age = Math.floor(this.clock.now()) - createdBy;
    const at = new Date(this.clock.now() - Math.floor(age * this.random.next())).toISOString();
    const [from, to] = [createdBy, Math.max(createdBy + 1, this.clock.now() - CLOCKS_DIFFER_MS)].map((each) =>
      new Date(each).toISOString(),
    );
    const period = `resource=sip_number&from=${from}&to=${to}`;
    const path = this.random.pick([
      `${place}/quota/as-of?at=${at}`,
      `${place}/quota/why?resource=sip_number`,
      `${place}/usage?${period}`,
      `/projects/${projectId}/usage/top?${period}`,
      '/search?q=Building&limit=10',
      '/deliveries?limit=20',
      `/events?limit=20&subject=${projectId}`,
    ]);
    // The reporting service may not have received the group yet, and its clock may be behind while clocks are moved.
    await this.read(path, path.includes('&to=') ? ['NOT_FOUND', 'VALIDATION'] : ['NOT_FOUND']);
  }

  private async read(path: string, known: readonly string[] = []): Promise<void> {
    const answer = await this.client.once<{ code?: string; detail?: string }>({ method: 'GET', path });
    if (answer === null || answer.status < 400 || answer.status >= 500) return;
    if (!known.includes(answer.body.code ?? '')) this.unexpected.push(`${path}: ${answer.body.detail}`);
  }

  private async edit({ projectId, buildings }: Project): Promise<void> {
    const building = this.random.pick(buildings);
    const limit = this.random.int(LIMIT.least, LIMIT.most);
    if (building.isChanging) return;
    building.isChanging = true;
    const path = `/projects/${projectId}/groups/${building.groupId}/restriction?cascade=true`;
    const { status, body } = await this.client.insist<{ code?: string }>({
      method: 'PUT',
      path,
      body: restriction(limit),
    });
    if (status < 300) building.limit = limit;
    else this.expect(path, body.code, ['LIMIT_EXCEEDED']);
    building.isChanging = false;
  }

  private async extend(project: Project): Promise<void> {
    if (project.isExtending) return;
    project.isExtending = true;
    const validUntil = new Date(this.clock.now() + YEAR_MS).toISOString();
    const path = `/projects/${project.projectId}/licenses/${project.licenseId}/extend`;
    const { status, body } = await this.client.insist<{ code?: string }>({
      method: 'POST',
      path,
      body: { validUntil },
    });
    if (status < 300) project.validUntil = validUntil;
    else this.expect(path, body.code, []);
    project.isExtending = false;
  }

  private async move({ projectId, buildings, apartments }: Project): Promise<void> {
    const apartment = this.random.pick(apartments);
    const { groupId: parentId } = this.random.pick(buildings);
    if (apartment.isMoving || parentId === apartment.parentId) return;
    apartment.isMoving = true;
    const path = `/projects/${projectId}/groups/${apartment.groupId}/move`;
    const { status, body } = await this.client.insist<{ code?: string }>({ method: 'POST', path, body: { parentId } });
    if (status < 300) apartment.parentId = parentId;
    else this.expect(path, body.code, ['LIMIT_EXCEEDED', 'DESCENDANTS_AFFECTED']);
    apartment.isMoving = false;
  }

  /** An allotment that ends soon, and a mail with it. */
  private async shortly(project: Project): Promise<void> {
    const last = project.ends.at(-1);
    const isOver = last === undefined || Date.parse(last) + AFTER_ITS_END_MS < this.clock.now();
    if (project.isShortChanging || !isOver) return;
    project.isShortChanging = true;
    const validUntil = new Date(this.clock.now() + SHORT_SECONDS * 1_000).toISOString();
    const path = `/projects/${project.projectId}/groups/${project.shortGroupId}/restriction`;
    const body = restriction(5, { validUntil, reminder: { daysBefore: [1], recurrence: 'once' } });
    const answer = await this.client.insist<{ code?: string }>({ method: 'PUT', path, body });
    if (answer.status < 300) project.ends.push(validUntil);
    // The clock was moved beyond the end while the request waited.
    else this.expect(path, answer.body.code, ['VALIDATION', 'PERIOD_OUTSIDE_PARENT', 'PERIOD_OVER']);
    project.isShortChanging = false;
  }

  private expect(path: string, code: string | undefined, known: readonly string[]): void {
    if (!known.includes(code ?? '')) this.unexpected.push(`${path} was answered ${code}`);
  }
}

const restriction = (sipNumbers: number, more: { validUntil?: string; reminder?: object } = {}): object => ({
  enabled: true,
  poolMode: 'shared',
  allotments: [
    {
      type: 'plus',
      units: { sip_number: sipNumbers },
      features: [],
      ...(more.validUntil !== undefined && { validUntil: more.validUntil }),
    },
  ],
  reminder: more.reminder ?? null,
});

/** Projects with buildings that are restricted, and apartments in them. */
export async function prepare(client: Client): Promise<Project[]> {
  const post = (path: string, body: object) => client.mustSoon({ method: 'POST', path, body });
  const administrator = { name: 'Nora Nord', email: 'nora@nordlicht.example' };
  const { partnerId } = await post('/partners', { name: 'Nordlicht', kind: 'distributor', administrator });
  const units = { sip_number: UNITS, mobile_app: 0, ukey2: 0 };
  const all = { name: 'All', units: { ...units, sip_number: UNITS * PROJECTS }, features: [] };
  const { packageId } = await post(`/partners/${partnerId}/packages`, all);
  const projects: Project[] = [];
  for (let number = 0; number < PROJECTS; number += 1) {
    const { projectId = '' } = await post('/projects', { name: `Project ${number}`, partnerId });
    const validUntil = new Date(Date.now() + YEAR_MS).toISOString();
    const license = { type: 'plus', partnerId, packageId, units, features: [], validUntil };
    const { licenseId = '' } = await post(`/projects/${projectId}/licenses`, license);
    const group = async (parentId: string, type: string, name: string): Promise<string> =>
      (await post(`/projects/${projectId}/groups`, { parentId, type, name }))['groupId'] ?? '';
    const restrict = (groupId: string, limit: number) =>
      client.mustSoon({
        method: 'PUT',
        path: `/projects/${projectId}/groups/${groupId}/restriction`,
        body: restriction(limit),
      });
    const buildings: Building[] = [];
    const apartments: Apartment[] = [];
    for (let index = 0; index < BUILDINGS; index += 1) {
      const parentId = await group(projectId, 'building', `Building ${index}`);
      await restrict(parentId, LIMIT.most);
      buildings.push({ groupId: parentId, limit: LIMIT.most, isChanging: false });
      for (let each = 0; each < APARTMENTS; each += 1) {
        const groupId = await group(parentId, 'apartment', `Apartment ${index}-${each}`);
        apartments.push({ groupId, parentId, assigned: new Set(), isMoving: false });
      }
    }
    const shortGroupId = await group(projectId, 'building', 'Short');
    const flags = { isShortChanging: false, validUntil: null, isExtending: false };
    projects.push({
      projectId,
      licenseId,
      createdBy: Date.now(),
      buildings,
      apartments,
      shortGroupId,
      ends: [],
      ...flags,
    });
  }
  return projects;
}
