import type { ProblemAnswer } from '@allotree/api-client';
import type { ProjectApplication } from './apply.js';
import { nodeAt, type Tree } from './tree.js';
import type { KnownPartners } from './apply-partners.js';
import { licenseOf } from './apply-project.js';
import type { CurrentRestriction } from './rehearsals.js';
import { requestOf, type RefusalEntry, type RefusedEntry } from '@allotree/project-file';
import { boundBy, refusalText } from './words.js';

/** A request was accepted, or refused for another reason than the file says. */
export class WrongAnswer extends Error {
  constructor(title: string, wanted: RefusedEntry, problem: ProblemAnswer | null) {
    const got = problem === null ? 'it was accepted' : `it was refused with ${JSON.stringify(problem)}`;
    super(`"${title}" should be refused with ${JSON.stringify(wanted)}, but ${got}`);
    this.name = 'WrongAnswer';
  }
}

interface ExpectedRefusal {
  readonly title: string;
  readonly refused: RefusedEntry;
  readonly call: { readonly method: string; readonly path: string; readonly body: unknown };
}

const isAsWanted = (wanted: RefusedEntry, problem: ProblemAnswer): boolean =>
  problem.code === wanted.code &&
  (wanted.available === undefined || problem['available'] === wanted.available) &&
  (wanted.limitedBy === undefined || boundBy(problem) === wanted.limitedBy);

/** Sends a request that must be refused, and prints the refusal. */
export const expectRefusal = async (
  application: ProjectApplication,
  { title, refused, call }: ExpectedRefusal,
): Promise<void> => {
  const { api, narrator, project } = application;
  const answer = await api.ask(call);
  if (answer.ok || !isAsWanted(refused, answer.problem)) {
    throw new WrongAnswer(title, refused, answer.ok ? null : answer.problem);
  }
  narrator.refused(title, refusalText(answer.problem, project.firstDay.zone));
};

/** Sends the requests of a file that must be refused, as dry runs, so that they never have an effect. */
export const showRefusals = async (
  application: ProjectApplication,
  partners: KnownPartners,
  tree: Tree,
): Promise<void> => {
  const { file, narrator } = application;
  if (file.refusals.length === 0) return;
  narrator.begin('What the rules forbid');
  for (const entry of file.refusals) {
    const rule = entry.rule === undefined ? '' : ` (${entry.rule})`;
    const call = await callOf(application, entry, partners, tree);
    await expectRefusal(application, { title: `${entry.title}${rule}`, refused: entry.refused, call });
  }
};

const callOf = async (
  { api, project }: ProjectApplication,
  entry: RefusalEntry,
  partners: KnownPartners,
  tree: Tree,
): Promise<ExpectedRefusal['call']> => {
  const base = `/projects/${project.projectId}`;
  if ('issue' in entry) {
    return { method: 'POST', path: `${base}/licenses?dryRun=true`, body: licenseOf(entry.issue, partners, project) };
  }
  if ('assign' in entry) {
    const { group, resource } = entry.assign;
    return {
      method: 'POST',
      path: `${base}/groups/${nodeAt(tree, group).groupId}/assignments?dryRun=true`,
      body: { resource },
    };
  }
  const path = `${base}/groups/${nodeAt(tree, entry.restrict.group).groupId}/restriction`;
  const current = await api.get<CurrentRestriction>(path);
  const body = requestOf(entry.restrict.restriction, project.firstDay, current);
  return { method: 'PUT', path: `${path}?dryRun=true`, body };
};
