import { Injectable } from '@nestjs/common';
import { selected, type Expiry, type Filter, type PageOf } from '@allotree/contracts';
import { Problem, type Principal } from '@allotree/http';
import { dateAt, daysBetween, EndsList, lastDayOf, projectOf, type EndOfGroup, type Project } from '@allotree/domain';
import { Projects } from '../projects.js';
import { ProjectEnds, type EndsWanted, type ProjectEnd } from './project-ends.js';

/** How many instants of projects one page looks at, and how many groups: one that finds too little ends early. */
const INSTANTS_A_PAGE = 200;
const INSTANTS_AT_ONCE = 50;
const GROUPS_A_PAGE = 2_000;

export interface Wanted extends EndsWanted {
  readonly limit: number;
  readonly cursor: string | undefined;
  readonly filter: Filter | undefined;
}

/** Where a list stands: behind `id` of a group, which may be behind all of them. */
interface Place {
  readonly validUntil: number;
  readonly projectId: string;
  readonly groupId: string;
  readonly id: string;
}

/** Behind every id. */
const LAST = '~';

/** A page under way. */
interface Found {
  readonly items: Expiry[];
  looked: number;
  /** Up to here everything was looked at. */
  place: Place;
}

/** What ends in projects, in the order of time: groups by their end in effect, and licenses (E5). */
@Injectable()
export class UpcomingExpiries {
  constructor(
    private readonly ends: ProjectEnds,
    private readonly projects: Projects,
  ) {}

  /** @throws Problem when this endpoint did not issue the cursor */
  async page(wanted: Wanted, by: Principal): Promise<PageOf<Expiry>> {
    const found: Found = { items: [], looked: 0, place: placeOf(wanted.cursor, wanted.now) };
    for (let instants = 0; instants < INSTANTS_A_PAGE;) {
      const some = await this.ends.from(found.place, wanted, { by, atMost: INSTANTS_AT_ONCE });
      for (const end of some) if (!(await this.lookAt(end, wanted, found))) return pageOf(found);
      instants += some.length;
      if (some.length < INSTANTS_AT_ONCE) return { items: found.items, nextCursor: null };
    }
    return pageOf(found);
  }

  /** @returns whether there is room for more */
  private async lookAt(end: ProjectEnd, wanted: Wanted, found: Found): Promise<boolean> {
    const { validUntil, projectId } = end;
    const isBegun = found.place.validUntil === validUntil && found.place.projectId === projectId;
    const after = isBegun ? found.place : { groupId: '', id: '' };
    const answer = await this.projects.see(projectId, (state) => {
      const project = projectOf(state);
      if (!project) return null;
      const question = {
        at: validUntil,
        ...within(end, wanted),
        from: after.groupId,
        atMost: GROUPS_A_PAGE - found.looked,
      };
      return { project, ...new EndsList(state, wanted.now).at(question) };
    });
    const at = { validUntil, projectId };
    if (answer === null) {
      found.place = { ...at, groupId: LAST, id: LAST };
      return true;
    }
    found.looked += answer.looked;
    for (const of of answer.ends) {
      if (of.groupId === after.groupId && of.id <= after.id) continue;
      if (found.items.length === wanted.limit) return false;
      found.items.push(...selected([expiryOf(of, answer.project, { validUntil, now: wanted.now })], wanted));
      found.place = { ...at, groupId: of.groupId, id: of.id };
    }
    found.place = { ...at, groupId: answer.until ?? LAST, id: LAST };
    return answer.until === null && found.looked < GROUPS_A_PAGE;
  }
}

function within({ projectId, whole }: ProjectEnd, { accessFilter, groupId }: Wanted) {
  const held =
    accessFilter?.groups.filter((group) => group.projectId === projectId).map((group) => group.groupId) ?? [];
  const seen = whole ? null : held;
  return { seen, within: groupId === undefined ? seen : [groupId] };
}

const pageOf = ({ items, place }: Found): PageOf<Expiry> => ({
  items,
  nextCursor: [place.validUntil, place.projectId, place.groupId, place.id].join('.'),
});

function placeOf(cursor: string | undefined, now: number): Place {
  if (cursor === undefined) return { validUntil: now, projectId: '', groupId: '', id: '' };
  const parts = /^(\d{1,15})\.([\w-]+)\.([\w-]+|~)\.([\w-]+|~)$/.exec(cursor);
  if (!parts) throw Problem.validation('cursor', 'must be the nextCursor of an earlier answer');
  const [, until, projectId, groupId, id] = parts as unknown as [string, string, string, string, string];
  return { validUntil: Number(until), projectId, groupId, id };
}

const iso = (instant: number): string => new Date(instant).toISOString();

function expiryOf(
  { groupId, groupName, what, id, type, units, remaining, ownUntil, endsWith }: EndOfGroup,
  project: Project,
  { validUntil, now }: { readonly validUntil: number; readonly now: number },
): Expiry {
  const { projectId, name: projectName, timeZone } = project;
  const lastDay = lastDayOf(validUntil, timeZone);
  return {
    projectId,
    projectName,
    timeZone,
    groupId,
    groupName,
    what,
    id,
    type,
    units: { ...units },
    remaining: { ...remaining },
    validUntil: iso(validUntil),
    ownValidUntil: ownUntil === null ? null : iso(ownUntil),
    limitedBy: { groupId: null, licenseId: null, name: null, ...endsWith },
    lastDay,
    daysLeft: daysBetween(dateAt(now, timeZone), lastDay),
  };
}
