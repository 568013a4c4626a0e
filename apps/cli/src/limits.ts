import { InvalidArgumentError, type Command } from 'commander';
import type { Cli } from './cli.js';
import { apiPath, findGroup, findProject } from './references.js';

const SHORT: Readonly<Record<string, string>> = { numbers: 'sip_number', apps: 'mobile_app' };
const RESOURCES = ['sip_number', 'mobile_app', 'ukey2'];

/** `sip_number`, `mobile_app` or `ukey2`; `numbers` and `apps` are understood as well. */
export function resourceOption(text: string): string {
  const resource = SHORT[text] ?? text;
  if (!RESOURCES.includes(resource)) throw new InvalidArgumentError(`must be one of ${RESOURCES.join(', ')}.`);
  return resource;
}

export const withGroup = (command: Command): Command =>
  command
    .argument('<project>', 'id or name of the project')
    .argument('[group]', 'id, path or name of the group (default: the root)');

/** The path of a group in the API. */
export async function groupPath({ api }: Cli, reference: string, group: string | undefined): Promise<string> {
  const project = await findProject(await api(), reference);
  const { groupId } = await findGroup(await api(), project, group);
  return apiPath`/projects/${project.projectId}/groups/${groupId}`;
}

export const limitText = (limit: number | null): string => (limit === null ? 'unlimited' : String(limit));
