import { setTimeout as sleep } from 'node:timers/promises';
import { Option } from 'commander';
import { withExamples, type AddCommand } from '../command.js';
import { CliError } from '../exit-codes.js';
import type { Column } from '../output.js';
import { apiPath } from '../references.js';
import { projectionsOf, SERVICES, type Projection } from '../services.js';

const LOOK_MS = 200;

const COLUMNS: readonly Column<Projection>[] = [
  { header: 'service', value: ({ service }) => service },
  { header: 'name', value: ({ name }) => name },
  { header: 'behind', value: ({ behind }) => (behind >= 1_000 ? '1000 or more' : behind) },
  { header: 'rebuildable', value: ({ rebuildable }) => (rebuildable ? 'yes' : 'no') },
];

export const addProjections: AddCommand = (program, act) => {
  const projections = program.command('projections').description('look after the rows that lists are read from');
  withExamples(projections.command('list'), {
    'allotree projections list': 'All projections and how far each is behind',
    'allotree projections list --service license-service --output json': 'Those of one service, for a script',
  })
    .description('list projections and reactors, and how many events each still has to process')
    .addOption(new Option('--service <service>', 'only those of this service').choices(SERVICES))
    .action(
      act(async ({ api, out }, { service }: { service?: string }) =>
        out.rows(await projectionsOf(await api(), service === undefined ? SERVICES : [service]), COLUMNS),
      ),
    );
  withExamples(projections.command('rebuild'), {
    'allotree projections rebuild group-service tree_view':
      'Rebuild the rows of the trees and wait until they are there',
  })
    .description('empty a projection, rebuild it from the first event and wait until it is complete')
    .argument('<service>', SERVICES.join(', '))
    .argument('<name>', 'name of the projection')
    .option('--no-wait', 'return as soon as the rebuild has begun')
    .action(
      act(async ({ api, out }, service: string, name: string, { wait }: { wait: boolean }) => {
        if (!SERVICES.some((known) => known === service))
          throw new CliError(`there is no service ${service}. It is one of ${SERVICES.join(', ')}.`);
        const signedIn = await api();
        await signedIn.post(apiPath`/${service}/projections/${name}/rebuild`, undefined);
        if (!wait) return out.note(`The rebuild of ${name} has begun.`);
        const behind = async (): Promise<number> =>
          (await projectionsOf(signedIn, [service])).find((each) => each.name === name)?.behind ?? 0;
        while ((await behind()) > 0) await sleep(LOOK_MS);
        out.note(`${name} is rebuilt.`);
      }),
    );
};
