import { UnexpectedRefusal, Unreachable } from '@allotree/api-client';
import { CHECK_COLUMNS, type Check } from '../check.js';
import type { Cli } from '../cli.js';
import { withExamples, type AddCommand } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { projectionsOf } from '../services.js';
import { VERSION } from '../version.js';

const MAX_SKEW_MS = 5_000;
const SECOND = 1_000;
const API_VERSION = '1';

interface Readiness {
  readonly status: 'up' | 'down';
  readonly checks: Readonly<Record<string, string>>;
}

/** What `/health/ready` calls the check of free space. */
const NAMES: Readonly<Record<string, string>> = { disk: 'free space' };

async function health(server: string): Promise<{ checks: Check[]; response: Response }> {
  const response = await fetch(`${server}/health/ready`).catch((error: unknown) => {
    throw new Unreachable(server, error);
  });
  const { status, checks } = (await response.json()) as Readiness;
  const parts = Object.entries(checks).map(([name, state]): Check => ({
    check: NAMES[name] ?? name,
    status: state === 'up' ? 'ok' : 'fault',
    detail: state,
  }));
  return {
    checks: [{ check: 'health', status: status === 'up' ? 'ok' : 'fault', detail: status }, ...parts],
    response,
  };
}

/** The clock of this machine against that of the server, which its answer has to the second. */
function clockSkew(response: Response, sentAt: number, receivedAt: number): Check {
  const serverAt = Date.parse(response.headers.get('date') ?? '');
  if (Number.isNaN(serverAt)) return { check: 'clock skew', status: 'skipped', detail: 'the server names no time' };
  const early = sentAt - (serverAt + SECOND);
  const late = serverAt - receivedAt;
  const skew = Math.max(0, early, late);
  const detail =
    skew === 0 ? 'none' : `this machine is ${early > 0 ? 'ahead' : 'behind'} by ${Math.round(skew / SECOND)} s`;
  return { check: 'clock skew', status: skew > MAX_SKEW_MS ? 'warning' : 'ok', detail };
}

async function versions(server: string): Promise<Check> {
  const response = await fetch(`${server}/api/v1/openapi.json`);
  const { info } = (await response.json()) as { info: { version: string } };
  const status = info.version === API_VERSION ? 'ok' : 'warning';
  return {
    check: 'versions',
    status,
    detail: `API ${info.version} of the server, allotree ${VERSION} for API ${API_VERSION}`,
  };
}

async function lag({ api }: Cli): Promise<Check> {
  const check = 'lag';
  try {
    const behind = (await projectionsOf(await api())).filter((projection) => projection.behind > 0);
    if (behind.length === 0) return { check, status: 'ok', detail: 'everything is processed' };
    const detail = behind.map((one) => `${one.service} ${one.name} ${one.behind}`).join(', ');
    return { check, status: 'warning', detail: `events to process: ${detail}` };
  } catch (error) {
    if (error instanceof UnexpectedRefusal && error.problem.status === 403)
      return { check, status: 'skipped', detail: 'needs the permission system:manage' };
    throw error;
  }
}

export const addDoctor: AddCommand = (program, act) =>
  withExamples(program.command('doctor'), { 'allotree doctor': 'Is everything all right?' })
    .description('check health, versions, lag, clocks and free space; exits with 1 on a fault')
    .action(
      act(async (cli) => {
        const { server } = await cli.target();
        const sentAt = cli.host.now();
        const { checks, response } = await health(server);
        const skew = clockSkew(response, sentAt, cli.host.now());
        const all = [...checks, skew, await versions(server), await lag(cli)];
        cli.out.rows(all, CHECK_COLUMNS);
        return all.some(({ status }) => status === 'fault') ? EXIT.failed : EXIT.done;
      }),
    );
