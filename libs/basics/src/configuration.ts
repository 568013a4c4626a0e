import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** The documentation of a variable, in one place: the start-up check and the generated pages both read it. */
export interface VariableDocs {
  /** One or two sentences. */
  readonly description: string;
  /** The allowed values, in words: `a whole number from 1 to 65535`. */
  readonly allowed: string;
  /** The value is never shown, and can be given as a file: `<NAME>_FILE`. */
  readonly secret?: boolean;
  /** Another variable of the environment that rules out the value, in words. */
  readonly ruledOut?: (value: unknown, env: Environment) => string | null;
}

/** The variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

const documented = new WeakMap<z.ZodType, VariableDocs>();

/** Attaches the documentation of a variable to its schema. The schema reads the string of the environment. */
export function variable<Schema extends z.ZodType>(schema: Schema, docs: VariableDocs): Schema {
  documented.set(schema, docs);
  return schema;
}

/** A whole number within bounds, from its decimal digits. */
export const integer = (min: number, max: number) =>
  z
    .string()
    .regex(/^-?\d{1,15}$/)
    .transform(Number)
    .pipe(z.int().min(min).max(max));

/** `true` or `false`. */
export const flag = () => z.enum(['true', 'false']).transform((value) => value === 'true');

/** Set directly or as a file. */
export const isSet = (env: Environment, name: string): boolean => Boolean(env[name]) || Boolean(env[`${name}_FILE`]);

const postgresUrl = z.url({ protocol: /^postgres(ql)?$/ });

/** The settings that several libraries share. */
export const BASICS_CONFIGURATION = z.object({
  DATABASE_URL: variable(postgresUrl, {
    description:
      'The PostgreSQL database of the read models, the integration bus and, unless EVENT_STORE_URL is set, the events.',
    allowed: 'a URL such as postgres://user:password@host:5432/database',
    secret: true,
  }),
  DATABASE_POOL_SIZE: variable(integer(1, 200).prefault('10'), {
    description: 'Size of the database connection pool that HTTP and the bus share in one process.',
    allowed: 'a whole number from 1 to 200',
  }),
  LOG_LEVEL: variable(z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).prefault('info'), {
    description:
      'The lowest severity that is logged. debug adds the reason of each refused request, and a line for every append, every batch of a projection or consumer, and every job.',
    allowed: 'fatal, error, warn, info, debug, trace or silent',
  }),
});

export type BasicsConfiguration = z.infer<typeof BASICS_CONFIGURATION>;

export interface ConfigurationFault {
  readonly variable: string;
  /** The problem, without the value of a secret. */
  readonly problem: string;
  /** The allowed values. */
  readonly allowed: string;
}

/** Names every invalid variable, the problem, and the allowed values. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';

  constructor(readonly faults: readonly ConfigurationFault[]) {
    super(
      [
        faults.length === 1
          ? 'A configuration variable is wrong:'
          : `${faults.length} configuration variables are wrong:`,
        ...faults.map((fault) => `  ${fault.variable} ${fault.problem}. It must be ${fault.allowed}.`),
      ].join('\n'),
    );
  }
}

/**
 * The typed values of a configuration. An empty variable, or an empty file, counts as not set. A secret can be given as a file instead,
 * named by `<NAME>_FILE`.
 * @throws ConfigurationError with all problems at once
 */
export function loadConfiguration<Shape extends z.ZodObject>(shape: Shape, env: Environment): z.infer<Shape> {
  const faults: ConfigurationFault[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(shape.shape)) {
    const docs = docsOf(schema as z.ZodType);
    const given = valueOf(name, docs, env);
    if ('problem' in given) {
      faults.push({ variable: name, problem: given.problem, allowed: docs.allowed });
      continue;
    }
    const result = (schema as z.ZodType).safeParse(given.value);
    const ruledOut = result.success ? (docs.ruledOut?.(result.data, env) ?? null) : null;
    if (ruledOut !== null) faults.push({ variable: name, problem: ruledOut, allowed: docs.allowed });
    else if (result.success) values[name] = result.data;
    else faults.push({ variable: name, problem: problemOf(name, given.value, docs), allowed: docs.allowed });
  }
  if (faults.length > 0) throw new ConfigurationError(faults);
  return values as z.infer<Shape>;
}

function problemOf(name: string, value: string | undefined, docs: VariableDocs): string {
  if (value === undefined) return docs.secret === true ? `is not set (nor is ${name}_FILE)` : 'is not set';
  return docs.secret === true ? 'has a value that does not fit (not shown)' : `is ${JSON.stringify(value)}`;
}

function valueOf(
  name: string,
  docs: VariableDocs,
  env: Environment,
): { value: string | undefined } | { problem: string } {
  const value = env[name] === '' ? undefined : env[name];
  const file = docs.secret === true ? env[`${name}_FILE`] : undefined;
  if (file === undefined || file === '') return { value };
  if (value !== undefined) return { problem: `is set, and ${name}_FILE too: keep one` };
  try {
    return { value: readFileSync(file, 'utf8').replace(/\r?\n$/, '') || undefined };
  } catch (error) {
    return {
      problem: `cannot be read from ${name}_FILE (${file}): ${(error as NodeJS.ErrnoException).code ?? 'unreadable'}`,
    };
  }
}

const docsOf = (schema: z.ZodType): VariableDocs =>
  documented.get(schema) ?? { description: '', allowed: 'a value of its kind' };

export interface ConfigurationRow extends VariableDocs {
  readonly name: string;
  readonly required: boolean;
  /** As written in the environment; `null`: none. */
  readonly default: string | null;
}

/** One row for every variable: the source of the configuration reference. */
export function describeConfiguration(shape: z.ZodObject): readonly ConfigurationRow[] {
  return Object.entries(shape.shape).map(([name, schema]) => ({
    name,
    ...docsOf(schema as z.ZodType),
    required: !(schema as z.ZodType).safeParse(undefined).success,
    default: defaultOf(schema as z.ZodType),
  }));
}

function defaultOf(schema: z.ZodType): string | null {
  const definition = schema.def as { type: string; defaultValue?: unknown };
  return definition.type === 'prefault' || definition.type === 'default' ? String(definition.defaultValue) : null;
}
