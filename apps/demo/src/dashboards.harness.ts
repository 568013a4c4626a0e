import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import pg from 'pg';

interface Target {
  readonly rawSql?: string;
  readonly expr?: string;
}

interface Panel {
  readonly title: string;
  readonly targets: readonly Target[];
}

interface Variable {
  readonly name: string;
  readonly type: string;
  readonly query: string;
}

interface Dashboard {
  readonly title: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
}

const FOLDER = resolve(import.meta.dirname, '../../../deploy/dashboards');

/** The dashboards for Grafana in this repository. */
export const dashboards = (): Dashboard[] =>
  readdirSync(FOLDER)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(resolve(FOLDER, name), 'utf8')) as Dashboard);

/** The statements of a dashboard's panels, by title. */
export const statementsOf = ({ panels }: Dashboard): [title: string, statement: string][] =>
  panels.flatMap(({ title, targets }) =>
    targets.flatMap(({ rawSql }) => (rawSql === undefined ? [] : [[title, rawSql] as [string, string]])),
  );

/** The names of the metrics in a dashboard's expressions, without the suffixes of a histogram. */
export const metricsOf = ({ panels }: Dashboard): string[] => {
  const names = panels
    .flatMap(({ targets }) => targets.flatMap(({ expr }) => expr ?? []))
    .flatMap((expression) => [...expression.matchAll(/([a-z][a-z0-9_]+)\{/g)].map(([, name]) => name!));
  return [...new Set(names)].map((name) => name.replace(/_(bucket|count|sum)$/, ''));
};

export interface TimeRange {
  readonly from: Date;
  readonly to: Date;
}

/** A statement as Grafana sends it: with its macros and variables replaced by literals. */
export function expanded(statement: string, range: TimeRange, values: Readonly<Record<string, string>>): string {
  const [from, to] = [pg.escapeLiteral(range.from.toISOString()), pg.escapeLiteral(range.to.toISOString())];
  return statement
    .replaceAll(/\$__timeFilter\(([\w.]+)\)/g, `$1 BETWEEN ${from} AND ${to}`)
    .replaceAll('$__timeFrom()', from)
    .replaceAll('$__timeTo()', to)
    .replaceAll(/\$\{(\w+):sqlstring\}/g, (_, name: string) => pg.escapeLiteral(values[name]!));
}

/** Every choice that the variables of a dashboard offer, those that are queries asked in their order. */
export async function choicesOf(client: pg.Client, { templating }: Dashboard): Promise<Record<string, string>[]> {
  let choices: Record<string, string>[] = [{}];
  for (const { name, type, query } of templating.list) {
    if (type === 'datasource') continue;
    const offered: Record<string, string>[] = [];
    for (const choice of choices)
      for (const value of await offeredBy(client, type, query, choice)) offered.push({ ...choice, [name]: value });
    choices = offered;
  }
  return choices;
}

async function offeredBy(
  client: pg.Client,
  type: string,
  query: string,
  chosen: Record<string, string>,
): Promise<string[]> {
  if (type === 'custom') return query.split(',').map((each) => each.split(' : ')[1]!);
  const anytime = { from: new Date(0), to: new Date(0) };
  const { rows } = await client.query<{ __value: string }>(expanded(query, anytime, chosen));
  return rows.map(({ __value }) => __value);
}
