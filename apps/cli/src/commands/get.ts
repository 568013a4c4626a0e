import type { DeviceItem, GroupDetails, MemberItem, PartnerDetails, ProjectDetails } from '@allotree/contracts';
import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { withExamples, type Act, type AddCommand } from '../command.js';
import { CliError } from '../exit-codes.js';
import type { Column } from '../output.js';
import { apiPath, findGroup, findProject, queryOf, quoted } from '../references.js';
import { DEVICE_COLUMNS, LICENSE_COLUMNS, PERSON_COLUMNS, type LicenseItem } from '../things.js';

const PARTNER: readonly Column<PartnerDetails>[] = [
  { header: 'id', value: ({ partnerId }) => partnerId },
  { header: 'name', value: ({ name }) => name },
  { header: 'kind', value: ({ kind }) => kind },
  { header: 'parent', value: ({ parentPartnerId }) => parentPartnerId },
  { header: 'tenant', value: ({ tenantId }) => tenantId },
  { header: 'status', value: ({ status }) => status },
  { header: 'postpaid allowed', value: ({ postpaidAllowed }) => (postpaidAllowed ? 'yes' : 'no') },
];
const PROJECT: readonly Column<ProjectDetails>[] = [
  { header: 'id', value: ({ projectId }) => projectId },
  { header: 'name', value: ({ name }) => name },
  { header: 'partner', value: ({ partnerId }) => partnerId },
  { header: 'tenant', value: ({ tenantId }) => tenantId },
  { header: 'billing', value: ({ billingMode }) => billingMode },
  { header: 'time zone', value: ({ timeZone }) => timeZone },
  { header: 'status', value: ({ status }) => status },
];
const GROUP: readonly Column<GroupDetails>[] = [
  { header: 'id', value: ({ groupId }) => groupId },
  { header: 'path', value: ({ path }) => path.map(({ name }) => name).join(' / ') },
  { header: 'type', value: ({ type }) => type },
  { header: 'parent', value: ({ parentId }) => parentId },
  { header: 'external id', value: ({ externalId }) => externalId },
];

interface OfGroup {
  readonly group?: string;
}

/** The only row of a list that a filter selects. */
async function only<Item>(cli: Cli, path: string, filter: string): Promise<Item> {
  const { items } = await (await cli.api()).get<{ items: Item[] }>(`${path}${queryOf({ filter })}`);
  const [item] = items;
  if (item === undefined) throw new CliError('it does not exist there, or you cannot access it.');
  return item;
}

async function partOfGroup(cli: Cli, reference: string, { group }: OfGroup): Promise<string> {
  const api = await cli.api();
  const project = await findProject(api, reference);
  const { groupId } = await findGroup(api, project, group);
  return apiPath`/projects/${project.projectId}/groups/${groupId}`;
}

function addPartsOfGroup(get: Command, act: Act): void {
  withExamples(get.command('device'), { 'allotree get device Hafenblick HB-A-0001 --group "Building A"': 'A device' })
    .description('show a device')
    .argument('<project>', 'id or name of the project')
    .argument('<serial number>', 'its serial number')
    .option('--group <group>', 'group of the device (default: the root)')
    .action(
      act(async (cli, project: string, serialNumber: string, options: OfGroup) => {
        const path = `${await partOfGroup(cli, project, options)}/devices`;
        cli.out.record(await only<DeviceItem>(cli, path, `serialNumber = ${quoted(serialNumber)}`), DEVICE_COLUMNS);
      }),
    );
  withExamples(get.command('person'), {
    'allotree get person Hafenblick lea@hafenblick.example --group "Building A"': 'A member',
  })
    .description('show a member of a group')
    .argument('<project>', 'id or name of the project')
    .argument('<email>', 'e-mail address of the member')
    .option('--group <group>', 'group of the member (default: the root)')
    .action(
      act(async (cli, project: string, email: string, options: OfGroup) => {
        const path = `${await partOfGroup(cli, project, options)}/members`;
        cli.out.record(await only<MemberItem>(cli, path, `email = ${quoted(email)}`), PERSON_COLUMNS);
      }),
    );
}

function addProjectParts(get: Command, act: Act): void {
  withExamples(get.command('project'), { 'allotree get project Hafenblick': 'A project by its name' })
    .description('show a project')
    .argument('<project>', 'id or name of the project')
    .action(
      act(async ({ api, out }, reference: string) => out.record(await findProject(await api(), reference), PROJECT)),
    );
  withExamples(get.command('group'), { 'allotree get group Hafenblick "Building A/Unit 1"': 'A group by its path' })
    .description('show a group and the groups above it')
    .argument('<project>', 'id or name of the project')
    .argument('<group>', 'id, path or name of the group')
    .action(
      act(async ({ api, out }, reference: string, group: string) => {
        const project = await findProject(await api(), reference);
        const { groupId } = await findGroup(await api(), project, group);
        const path = apiPath`/projects/${project.projectId}/groups/${groupId}`;
        out.record(await (await api()).get<GroupDetails>(path), GROUP);
      }),
    );
  withExamples(get.command('license'), { 'allotree get license Hafenblick <licenseId>': 'A license' })
    .description('show a license of a project')
    .argument('<project>', 'id or name of the project')
    .argument('<license>', 'id of the license')
    .action(
      act(async (cli, reference: string, licenseId: string) => {
        const { projectId } = await findProject(await cli.api(), reference);
        const filter = `licenseId = ${quoted(licenseId)}`;
        cli.out.record(await only<LicenseItem>(cli, apiPath`/projects/${projectId}/licenses`, filter), LICENSE_COLUMNS);
      }),
    );
}

export const addGet: AddCommand = (program, act) => {
  const get = program.command('get').description('show a partner, project, group, license, device or person');
  withExamples(get.command('partner'), { 'allotree get partner <partnerId>': 'A partner' })
    .description('show a partner')
    .argument('<partner>', 'id of the partner')
    .action(
      act(async ({ api, out }, id: string) =>
        out.record(await (await api()).get<PartnerDetails>(apiPath`/partners/${id}`), PARTNER),
      ),
    );
  addProjectParts(get, act);
  addPartsOfGroup(get, act);
};
