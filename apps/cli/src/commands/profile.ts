import type { Cli } from '../cli.js';
import { withExamples, type AddCommand } from '../command.js';
import { CliError } from '../exit-codes.js';
import type { Column } from '../output.js';
import { Profiles, type ProfileFile } from '../profiles.js';

interface Row {
  readonly name: string;
  readonly current: boolean;
  readonly server: string;
  readonly tenant: string | null;
  readonly credential: string;
}

const COLUMNS: readonly Column<Row>[] = [
  { header: 'current', value: ({ current }) => (current ? '*' : '') },
  { header: 'name', value: ({ name }) => name },
  { header: 'server', value: ({ server }) => server },
  { header: 'tenant', value: ({ tenant }) => tenant },
  { header: 'credential', value: ({ credential }) => credential },
];

/** Without secrets. */
const rowsOf = ({ current, profiles }: ProfileFile): Row[] =>
  Object.entries(profiles).map(([name, { server, tenant, credential }]) => ({
    name,
    current: name === current,
    server,
    tenant,
    credential:
      credential === null ? 'none' : credential.kind === 'api-key' ? `API key ${credential.keyId}` : credential.email,
  }));

async function existing({ host }: Cli, name: string): Promise<{ profiles: Profiles; file: ProfileFile }> {
  const profiles = new Profiles(host.env);
  const file = await profiles.read();
  if (file.profiles[name] === undefined) throw new CliError(`there is no profile ${name}.`);
  return { profiles, file };
}

export const addProfile: AddCommand = (program, act) => {
  const profile = program.command('profile').description('choose between servers and credentials');
  withExamples(profile.command('list'), { 'allotree profile list': 'Profiles, without their secrets' })
    .description('list profiles')
    .action(act(async ({ host, out }) => out.rows(rowsOf(await new Profiles(host.env).read()), COLUMNS)));
  withExamples(profile.command('use'), { 'allotree profile use production': 'Work on another server from now on' })
    .description('make a profile the current one')
    .argument('<name>', 'name of the profile')
    .action(
      act(async (cli, name: string) => {
        const { profiles, file } = await existing(cli, name);
        await profiles.write({ ...file, current: name });
        cli.out.note(`${name} is the current profile.`);
      }),
    );
  withExamples(profile.command('remove'), { 'allotree profile remove production': 'Forget a server' })
    .description('remove a profile; `allotree logout` ends its session first')
    .argument('<name>', 'name of the profile')
    .action(
      act(async (cli, name: string) => {
        const { profiles, file } = await existing(cli, name);
        const others = Object.fromEntries(Object.entries(file.profiles).filter(([other]) => other !== name));
        await profiles.write({ ...file, profiles: others });
        cli.out.note(`Removed profile ${name}.`);
      }),
    );
};
