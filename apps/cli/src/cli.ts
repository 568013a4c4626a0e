import type { Api } from '@allotree/api-client';
import type { GlobalOptions, Host } from './host.js';
import { Output } from './output.js';
import { openTarget, type Target } from './session.js';

/** What a command works with. */
export interface Cli {
  readonly host: Host;
  readonly options: GlobalOptions;
  readonly out: Output;
  /** Where requests go, whether or not somebody is signed in. */
  readonly target: () => Promise<Target>;
  /** The API, signed in. */
  readonly api: () => Promise<Api>;
}

export function outputOf({ env, stdout, stderr }: Host, options: Partial<GlobalOptions>): Output {
  const color = options.color !== false && !env['NO_COLOR'] && stdout.isTTY === true;
  return new Output({ format: options.output ?? 'table', quiet: options.quiet === true, color, stdout, stderr });
}

export function createCli(host: Host, options: GlobalOptions): Cli {
  let target: Promise<Target> | undefined;
  let api: Promise<Api> | undefined;
  const opened = (): Promise<Target> => (target ??= openTarget(host, options));
  return {
    host,
    options,
    out: outputOf(host, options),
    target: opened,
    api: () => (api ??= opened().then((found) => found.signIn())),
  };
}
