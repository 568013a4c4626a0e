import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import * as domain from '@allotree/domain';
import { GENERATION } from '../../libs/read-models/src/generation.js';
import { migrationsIn, read, removalsIn, storedEvents } from './stored.mjs';

const root = join(import.meta.dirname, '../..');

interface Released {
  readonly version: string;
  readonly generation: number;
  readonly migrations: readonly string[];
  readonly storedEvents: readonly string[];
}
const released = JSON.parse(read(root, 'tools/going-back/released.json')) as Released;

const without = (all: readonly string[], some: readonly string[]): string[] =>
  all.filter((each) => !some.includes(each));
/** The changes of the version that is not released yet. */
const unreleased = (): string => /^## Unreleased$([^]*?)^## /m.exec(read(root, 'CHANGELOG.md'))![1]!;
const noWayBack = (version: string): string => `**You cannot go back to ${version} without a backup**`;

describe('the stored events', () => {
  it('are those of every stream', () => {
    const aggregates = Object.values(domain).filter((each) => 'category' in Object(each)) as {
      eventTypes?: string[];
    }[];
    expect(aggregates.length).toBeGreaterThan(5);
    for (const { eventTypes } of aggregates)
      expect(storedEvents).toEqual(expect.arrayContaining(eventTypes ?? ['what it records']));
  });
});

describe('the version after the last release', () => {
  it('keeps every migration and reads every stored event of it', () => {
    expect(without(released.migrations, migrationsIn(root))).toEqual([]);
    expect(without(released.storedEvents, storedEvents)).toEqual([]);
  });

  it('says in the changelog, and to the last release, whether that one can follow it', () => {
    const events = without(storedEvents, released.storedEvents);
    const removing = without(migrationsIn(root), released.migrations).filter(
      (file) => removalsIn(read(root, file)).length > 0,
    );
    const isOneWay = events.length + removing.length > 0;
    expect(unreleased().includes(noWayBack(released.version))).toBe(isOneWay);
    // The last release would start on its data otherwise, and go wrong.
    expect(GENERATION).toBe(released.generation + Number(isOneWay));
  });
});

describe('the removals of a migration', () => {
  const migration = (up: string, down = ''): string =>
    `async up(runner) {\n await runner.query('${up}');\n}\nasync down(runner) {\n await runner.query('${down}');\n}`;

  it.each([
    ['DROP TABLE licensing.restriction', ['DROP TABLE']],
    ['ALTER TABLE licensing.due DROP COLUMN valid_from', ['DROP COLUMN']],
    ['ALTER TABLE groups.member RENAME TO person', ['RENAME TO']],
    ['ALTER TABLE groups.member ALTER COLUMN email SET NOT NULL', ['SET NOT NULL']],
    ['CREATE TABLE groups.plan (plan_id text)', []],
    ['DROP INDEX groups.by_name', []],
  ])('of %s are %j', (statement, removals) => {
    expect(removalsIn(migration(statement))).toEqual(removals);
  });

  it('are not those of the way down', () => {
    expect(removalsIn(migration('CREATE TABLE groups.plan (plan_id text)', 'DROP TABLE groups.plan'))).toEqual([]);
  });
});
