import type { MigrationInterface, QueryRunner } from 'typeorm';
import { REPORTING } from '../tokens.js';

/** Found by their value as it is. */
const EXACT = {
  group_version: ['group_id', 'external_id'],
  member_version: ['member_id', 'user_id', 'external_id'],
  device_version: ['serial_number', 'external_id'],
  license_version: ['license_id', 'external_id'],
  assignment_version: ['assignment_id', 'external_id'],
};

/** Found by how they begin, in a tenant or a project, without regard to case. */
const PREFIXES = {
  partner_version: { scopes: ['tenant_id'], columns: ['name'] },
  project_version: { scopes: ['tenant_id'], columns: ['name'] },
  group_version: { scopes: ['tenant_id', 'project_id'], columns: ['name'] },
  member_version: { scopes: ['tenant_id', 'project_id'], columns: ['name', 'email'] },
  device_version: { scopes: ['tenant_id', 'project_id'], columns: ['serial_number'] },
};

interface Index {
  readonly name: string;
  readonly on: string;
  readonly where: string;
}

const exactIndexes = Object.entries(EXACT).flatMap(([table, columns]) =>
  columns.map((column): Index => ({
    name: `${table}_found_by_${column}`,
    on: `${table} (${column})`,
    where: column === 'external_id' ? 'until_at IS NULL AND external_id IS NOT NULL' : 'until_at IS NULL',
  })),
);

const prefixIndexes = Object.entries(PREFIXES).flatMap(([table, { scopes, columns }]) =>
  scopes.flatMap((scope) =>
    columns.map((column): Index => ({
      name: `${table}_${column}_in_${scope}`,
      on: `${table} (${scope}, lower(${column}) text_pattern_ops)`,
      where: 'until_at IS NULL',
    })),
  ),
);

const INDEXES = [...exactIndexes, ...prefixIndexes];

/** The indexes of `GET /search`, over the rows that are in force today. Those of similar names need an extension (src/search/trigrams.ts). */
export class Search1843000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const { name, on, where } of INDEXES)
      await runner.query(`CREATE INDEX ${name} ON ${REPORTING}.${on} WHERE ${where}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const { name } of INDEXES) await runner.query(`DROP INDEX ${REPORTING}.${name}`);
  }
}
