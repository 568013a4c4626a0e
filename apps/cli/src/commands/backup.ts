import type { Cli } from '../cli.js';
import { withExamples, type AddCommand } from '../command.js';
import { CliError, EXIT, type ExitCode } from '../exit-codes.js';
import type { BackupReport } from '../dump/check-backup.js';
import { wholeNumber } from '../paging.js';
import { FINDING_COLUMNS } from '../store/finding.js';

interface Chosen {
  readonly dump: string;
  readonly streams?: number;
  readonly tempDir?: string;
  readonly live?: boolean;
}

/** The report; a fault of the dump becomes a message. */
async function reportOf({ api, out }: Cli, { dump, streams, tempDir, live }: Chosen): Promise<BackupReport> {
  const { checkBackup } = await import('../dump/check-backup.js');
  const signedIn = live === true ? await api() : undefined;
  try {
    return await checkBackup({
      path: dump,
      ...(streams !== undefined && { streams }),
      ...(tempDir !== undefined && { tempDir }),
      ...(signedIn && { live: signedIn }),
      progress: (line) => out.note(line),
    });
  } catch (error) {
    if ((error as Error).name !== 'DumpFault') throw error;
    throw new CliError(`not restorable: ${(error as Error).message}`);
  }
}

const verdictOf = ({ restorable, position, instant, findings }: BackupReport): string =>
  restorable
    ? `restorable up to position ${position}, instant ${instant ?? 'none: there are no events'}`
    : `not restorable as it is: ${findings.length} findings`;

async function check(cli: Cli, chosen: Chosen): Promise<ExitCode> {
  const { out } = cli;
  const report = await reportOf(cli, chosen);
  const { restorable, findings, events, streams, sha256, rowChecksums } = report;
  out.note(`events read: ${events}, streams: ${streams}, findings: ${findings.length}`);
  if (!sha256 && !rowChecksums)
    out.note('The rows of this dump have no checksums: changed bytes outside of the event log may not be found.');
  if (findings.length > 0 && out.format !== 'json' && out.format !== 'yaml') out.rows(findings, FINDING_COLUMNS);
  out.text(report, [verdictOf(report)]);
  return restorable ? EXIT.done : EXIT.failed;
}

export const addBackup: AddCommand = (program, act) => {
  const backup = program.command('backup').description('examine backups');
  withExamples(backup.command('check'), {
    'allotree backup check --dump allotree.dump':
      'Restore a dump of pg_dump, replay every stream, and say up to where it is good',
    'allotree backup check --dump allotree.dump --streams 100 --output json':
      'Replay 100 streams chosen at random, for a script',
    'allotree backup check --dump allotree.dump --live': 'Compare it with the running system as well',
  })
    .description(
      'restore a dump into a throwaway database, replay its events and check them; exits with 1 unless it is restorable',
    )
    .requiredOption('--dump <path>', 'dump of pg_dump: custom, directory or plain format')
    .option('--streams <n>', 'replay only this number of streams, chosen at random (default: all)', wholeNumber(1))
    .option('--live', 'compare the published events with those of the running system')
    .option('--temp-dir <folder>', 'folder of the throwaway database (default: that of temporary files)')
    .action(act(check));
};
