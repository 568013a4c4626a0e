import type { Api } from '@allotree/api-client';
import { applyGroups, type Tree } from './apply-groups.js';
import { applyPartners } from './apply-partners.js';
import { applyProject, type Project } from './apply-project.js';
import { applyRestrictions } from './apply-restrictions.js';
import { applyUse } from './apply-use.js';
import type { Narrator } from './narrator.js';
import type { ProjectFile } from '@allotree/project-file';
import { quotaTable } from './quota-table.js';
import { showRefusals } from './show-refusals.js';

/** What every step works with. */
export interface Application {
  readonly api: Api;
  readonly file: ProjectFile;
  readonly narrator: Narrator;
  /** Milliseconds since 1970: where the durations of a project that is not there yet count from. */
  readonly clock: () => number;
}

/** A step's application, once its project is there. */
export interface ProjectApplication extends Application {
  readonly project: Project;
}

/**
 * Brings a running system to what a project file says, over HTTP alone, and shows the refusals it names. Every step looks
 * first: partners, packages, projects and groups are found by their names, devices by serial number, assignments by label,
 * licenses by package and units; a restriction is already so when every setting of it is. So a second run changes nothing.
 */
export const applyProjectFile = async (application: Application): Promise<{ project: Project; tree: Tree }> => {
  const partners = await applyPartners(application);
  const project = await applyProject(application, partners);
  const withProject: ProjectApplication = { ...application, project };
  const tree = await applyGroups(withProject);
  await applyRestrictions(withProject, tree);
  await applyUse(withProject, tree);
  await showRefusals(withProject, partners, tree);
  application.narrator.begin(`The current state of ${project.name}`);
  application.narrator.block(await quotaTable(withProject, tree));
  return { project, tree };
};
