import type { SearchField, SearchKind, SearchMatch } from '@allotree/contracts';
import type { EntityManager } from 'typeorm';
import { REPORTING } from '../tokens.js';
import type { SearchedColumn, SearchedKind } from './kinds.js';
import type { Reach } from './reach.js';
import { localPart, type Trigrams } from './trigrams.js';

/** Similar texts that are compared at most, of each column. */
const COMPARED = 1_000;

/** More tenants are not looked up one after the other. */
const FEW_TENANTS = 20;

/** Something found, by its key. */
export interface Candidate {
  readonly kind: SearchKind;
  readonly project_id: string | null;
  readonly group_id: string | null;
  readonly id: string;
  readonly field: SearchField;
  readonly matched: string;
  readonly score: number;
}

/** A search for things of one kind. */
export interface Question {
  readonly name: SearchKind;
  readonly kind: SearchedKind;
  readonly reach: Reach;
  readonly text: string;
  readonly limit: number;
  /** How similar texts are found; `null`: they are not. */
  readonly trigrams: Trigrams | null;
}

/** Parameters: $1 the text, $2 tenants, $3 partners or projects, and of groups $4 their projects and $5 their ids. */
const parametersOf = ({ kind, reach, text }: Question): unknown[] => {
  const { tenants, scopes, groups } = reach;
  const ofGroups = [groups.map(({ projectId }) => projectId), groups.map(({ groupId }) => groupId)];
  return [text, tenants, scopes, ...(kind.place === 'group' ? ofGroups : [])];
};

const scopeOf = ({ place }: SearchedKind): string => (place === 'partner' ? 'row.partner_id' : 'row.project_id');

const BELOW_GROUPS = `EXISTS (
  SELECT FROM ${REPORTING}.group_version place
  JOIN unnest($4::text[], $5::text[]) AS held (project_id, group_id)
    ON held.project_id = place.project_id AND held.group_id = ANY (place.path)
  WHERE place.project_id = row.project_id AND place.group_id = row.group_id AND place.until_at IS NULL)`;

const withinReach = (kind: SearchedKind): string =>
  `(row.tenant_id = ANY ($2::text[]) OR ${scopeOf(kind)} = ANY ($3::text[])${kind.place === 'group' ? ` OR ${BELOW_GROUPS}` : ''})`;

const columnsOf = (kind: SearchedKind, { field, column }: SearchedColumn, score: string): string =>
  `${kind.projectId} AS project_id, ${kind.groupId} AS group_id, ${kind.id} AS id, '${field}' AS field,
   lower(row.${column}) AS matched, ${score} AS score`;

const rowsWhere = (kind: SearchedKind, ...conditions: readonly string[]): string =>
  `FROM ${REPORTING}.${kind.table} row
   WHERE ${['row.until_at IS NULL', ...conditions, kind.condition].filter(Boolean).join(' AND ')}`;

/** Rows whose value is the text. */
const equal =
  ({ kind, limit }: Question) =>
  (searched: SearchedColumn): string =>
    `(SELECT ${columnsOf(kind, searched, '1')} ${rowsWhere(kind, `row.${searched.column} = $1`, withinReach(kind))} LIMIT ${limit})`;

/** Rows that an index finds in one tenant, partner, or project after the other, so that others cost nothing. */
const inEachScope =
  ({ kind, reach, limit }: Question, comparison: (text: string) => string) =>
  (searched: SearchedColumn): string => {
    const text = `lower(row.${searched.column})`;
    const found = (scopes: string, ...conditions: readonly string[]): string => `
      (SELECT found.* FROM ${scopes} AS scope (id) CROSS JOIN LATERAL (
         SELECT ${columnsOf(kind, searched, '1')} ${rowsWhere(kind, comparison(text), ...conditions)}
         ORDER BY ${text} USING ~<~ LIMIT ${limit}) AS found)`;
    const { tenants, scopes, groups } = reach;
    const parts: string[] = [];
    if (tenants.length > 0) parts.push(found('unnest($2::text[])', 'row.tenant_id = scope.id'));
    if (scopes.length > 0) parts.push(found('unnest($3::text[])', `${scopeOf(kind)} = scope.id`));
    if (kind.place === 'group' && groups.length > 0)
      parts.push(found('(SELECT DISTINCT unnest($4::text[]))', 'row.project_id = scope.id', BELOW_GROUPS));
    return parts.join(' UNION ALL ');
  };

/**
 * Rows with a word like the text; of very many only some, because all of them are compared. Where an index has the tenant beside the text, it
 * finds them in one tenant after the other; a caller who finds everything asks for no tenant.
 */
const similar =
  ({ kind, reach }: Question, { schema, isByTenant }: Trigrams) =>
  (searched: SearchedColumn): string => {
    const compared = searched.field === 'email' ? localPart : (text: string) => text;
    const [text, asked] = [compared(`row.${searched.column}`), compared('$1')].map((one) => `lower(${one})`);
    const score = `${schema}.word_similarity(${asked}, ${text})`;
    const isLike = `${text} OPERATOR(${schema}.%>) ${asked}`;
    const columns = columnsOf(kind, searched, score);
    const found = (...conditions: readonly string[]): string =>
      `(SELECT ${columns} ${rowsWhere(kind, isLike, ...conditions)} LIMIT ${COMPARED})`;
    const { tenants, scopes, groups } = reach;
    if (reach.isEverywhere) return found();
    const onlyTenants = scopes.length === 0 && groups.length === 0;
    if (!isByTenant || !onlyTenants || tenants.length > FEW_TENANTS) return found(withinReach(kind));
    return `(SELECT found.* FROM unnest($2::text[]) AS scope (id) CROSS JOIN LATERAL ${found('row.tenant_id = scope.id')} AS found)`;
  };

/** Letters that an index can look up; without any it would be read as a whole. */
const hasWord = (text: string): boolean => /[\p{L}\p{N}]{3}/u.test(text);

const comparable = ({ kind, text }: Question): readonly SearchedColumn[] =>
  kind.texts.filter(({ field }) => hasWord(field === 'email' ? text.replace(/@.*/, '') : text));

const addresses = ({ texts }: SearchedKind): readonly SearchedColumn[] => texts.filter(({ isAddress }) => isAddress);

/** Makes `%`, `_` and the backslash stand for themselves. */
const literal = (text: string): string => text.replace(/[\\%_]/g, String.raw`\$&`);

const PARTS: Readonly<Record<SearchMatch, (question: Question) => readonly string[]>> = {
  exact: (question) => [
    ...question.kind.values.map(equal(question)),
    ...addresses(question.kind).map(inEachScope(question, (text) => `${text} = lower($1)`)),
  ],
  prefix: (question) => question.kind.texts.map(inEachScope(question, (text) => `${text} LIKE lower($1)`)),
  similar: (question) =>
    question.trigrams === null ? [] : comparable(question).map(similar(question, question.trigrams)),
};

/** The statement of one question. @param parameters of all questions, to which it adds those that it uses */
function statementOf(match: SearchMatch, question: Question, parameters: unknown[]): string | null {
  const parts = PARTS[match](question).filter((part) => part !== '');
  if (parts.length === 0) return null;
  const own = parametersOf({ ...question, text: match === 'prefix' ? `${literal(question.text)}%` : question.text });
  const numbers = new Map<string, number>();
  const numberOf = (number: string): number => {
    const known = numbers.get(number) ?? parameters.push(own[Number(number) - 1]);
    numbers.set(number, known);
    return known;
  };
  const statement = `
    (SELECT '${question.name}' AS kind, candidate.* FROM (${parts.join(' UNION ALL ')}) AS candidate
     ORDER BY score DESC, matched USING ~<~, project_id, group_id, id LIMIT ${question.limit})`;
  return statement.replace(/\$(\d)/g, (_parameter, number: string) => `$${numberOf(number)}`);
}

/**
 * Things within reach, kind by kind in the order of the questions, the best of each kind first. Reads the rows of every tenant, so nothing but
 * keys is taken from them.
 */
export async function candidatesOf(
  tx: EntityManager,
  match: SearchMatch,
  questions: readonly Question[],
): Promise<readonly Candidate[]> {
  const parameters: unknown[] = [];
  const statements = questions.flatMap((question) => statementOf(match, question, parameters) ?? []);
  if (statements.length === 0) return [];
  const found: Candidate[] = await tx.query(statements.join(' UNION ALL '), parameters);
  return questions.flatMap(({ name }) => found.filter(({ kind }) => kind === name));
}
