import { Option } from 'commander';
import type { Cli } from '../cli.js';
import { withExamples, type AddCommand } from '../command.js';
import { CliError, EXIT, type ExitCode } from '../exit-codes.js';
import type { Column, Output } from '../output.js';
import {
  beginCheck,
  caughtUp,
  endedCheck,
  projectionsOf,
  SERVICES,
  type Projection,
  type ProjectionCheck,
} from '../services.js';

/** A rebuild has replaced the rows that differed. */
const shown = ({ kind, status }: ProjectionCheck): string =>
  `${kind}: ${kind === 'rebuild' && status === 'different' ? 'rows replaced' : status}`;

const COLUMNS: readonly Column<Projection>[] = [
  { header: 'service', value: ({ service }) => service },
  { header: 'name', value: ({ name }) => name },
  { header: 'behind', value: ({ behind }) => (behind >= 1_000 ? '1000 or more' : behind) },
  { header: 'rebuildable', value: ({ rebuildable }) => (rebuildable ? 'yes' : 'no') },
  { header: 'last check', value: ({ lastCheck }) => lastCheck && shown(lastCheck) },
];

interface Verified extends ProjectionCheck {
  readonly service: string;
  readonly name: string;
}

const rowsIn = ({ differences }: ProjectionCheck): number =>
  differences.reduce((sum, each) => sum + each.missing + each.changed + each.superfluous, 0);

const VERIFIED_COLUMNS: readonly Column<Verified>[] = [
  { header: 'service', value: ({ service }) => service },
  { header: 'name', value: ({ name }) => name },
  { header: 'status', value: ({ status }) => status },
  { header: 'differing rows', value: rowsIn },
];

function describeDifferences(out: Output, { differences }: ProjectionCheck): void {
  for (const { table, missing, changed, superfluous, keys } of differences) {
    out.note(`${table}: ${missing} rows missing, ${changed} changed, ${superfluous} superfluous. The first:`);
    for (const key of keys)
      out.note(
        `  ${Object.entries(key)
          .map(([name, value]) => `${name} ${value}`)
          .join(', ')}`,
      );
  }
}

const failureOf = (name: string, { kind, status, error }: ProjectionCheck): CliError =>
  new CliError(
    `the ${kind} of ${name} ${status === 'failed' ? 'failed' : 'was interrupted'}: ${error ?? 'its process ended'}. Its rows are unchanged.`,
  );

const isDone = ({ status }: ProjectionCheck): boolean => status === 'equal' || status === 'different';

function assertService(service: string): void {
  if (!SERVICES.some((known) => known === service))
    throw new CliError(`there is no service ${service}. It is one of ${SERVICES.join(', ')}.`);
}

async function rebuild({ api, out }: Cli, service: string, name: string, { wait }: { wait: boolean }): Promise<void> {
  assertService(service);
  const signedIn = await api();
  const checkId = await beginCheck(signedIn, { service, name }, 'rebuild');
  if (!wait) return out.note(`The rebuild of ${name} has begun.`);
  if (checkId === null) await caughtUp(signedIn, { service, name });
  else {
    const check = await endedCheck(signedIn, { service, name }, checkId);
    if (!isDone(check)) throw failureOf(name, check);
    describeDifferences(out, check);
    if (check.status === 'different')
      out.note(`Rows that differed from the events and were replaced: ${rowsIn(check)}.`);
  }
  out.note(`${name} is rebuilt.`);
}

async function verify({ api, out }: Cli, service: string | undefined, name: string | undefined): Promise<ExitCode> {
  if (service !== undefined) assertService(service);
  const signedIn = await api();
  const known = await projectionsOf(signedIn, service === undefined ? SERVICES : [service]);
  const chosen = known.filter((each) => (name === undefined ? each.verifiable : each.name === name));
  if (chosen.length === 0) throw new CliError(`there is no projection ${name} of the ${service}.`);
  const verified: Verified[] = [];
  for (const projection of chosen) {
    const checkId = await beginCheck(signedIn, projection, 'verify');
    const check = await endedCheck(signedIn, projection, checkId ?? '');
    verified.push({ service: projection.service, name: projection.name, ...check });
    describeDifferences(out, check);
  }
  out.rows(verified, VERIFIED_COLUMNS);
  const failed = verified.find((check) => !isDone(check));
  if (failed) throw failureOf(failed.name, failed);
  return verified.some(({ status }) => status === 'different') ? EXIT.refused : EXIT.done;
}

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
      'Build the rows of the trees again, replace those that differ and show which',
  })
    .description(
      'build a projection again from the first event, beside its rows, and replace rows that differ; waits until it is done',
    )
    .argument('<service>', SERVICES.join(', '))
    .argument('<name>', 'name of the projection')
    .option('--no-wait', 'return as soon as the rebuild has begun')
    .action(act(rebuild));
  withExamples(projections.command('verify'), {
    'allotree projections verify': 'Compare all projections with their events, one after the other',
    'allotree projections verify license-service license-view --output json': 'One of them, for a script',
  })
    .description(
      'build projections again from the first event and compare them with their rows, which stay as they are; exits with 3 where rows differ',
    )
    .argument('[service]', SERVICES.join(', '))
    .argument('[name]', 'name of the projection (default: all that can be verified)')
    .action(act(verify));
};
