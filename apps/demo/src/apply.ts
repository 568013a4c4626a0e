import type { Api } from '@allotree/api-client';
import { applyPartners } from './apply-partners.js';
import { applyPlan } from './apply-plan.js';
import { applyProject, type Project } from './apply-project.js';
import type { Narrator } from './narrator.js';
import type { ProjectFile } from '@allotree/project-file';
import { quotaTable } from './quota-table.js';
import { showRefusals } from './show-refusals.js';
import type { Tree } from './tree.js';

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
 * Brings a running system to what a project file says, over HTTP alone, and shows the refusals it names. Partners, packages
 * and licenses are found by their names and units before they are made; the rest is a plan, which does what differs. So a
 * second run changes nothing.
 */
export const applyProjectFile = async (application: Application): Promise<{ project: Project; tree: Tree }> => {
  const partners = await applyPartners(application);
  const project = await applyProject(application, partners);
  const withProject: ProjectApplication = { ...application, project };
  const tree = await applyPlan(withProject);
  await showRefusals(withProject, partners, tree);
  application.narrator.begin(`The current state of ${project.name}`);
  application.narrator.block(await quotaTable(withProject, tree));
  return { project, tree };
};
