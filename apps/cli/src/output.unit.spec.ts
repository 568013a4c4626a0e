import { Writable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { Output, type Column, type OutputFormat } from './output.js';

interface Row {
  readonly name: string;
  readonly limit: number | null;
  readonly features: readonly string[];
}

const ROWS: readonly Row[] = [
  { name: 'Building A', limit: 80, features: ['siri', 'elevators'] },
  { name: '=cmd()', limit: null, features: [] },
];
const COLUMNS: readonly Column<Row>[] = [
  { header: 'name', value: ({ name }) => name },
  { header: 'limit', value: ({ limit }) => limit },
  { header: 'features', value: ({ features }) => features },
];

function written(format: OutputFormat, work: (out: Output) => void, { quiet = false, color = false } = {}) {
  const texts = { stdout: '', stderr: '' };
  const into = (name: 'stdout' | 'stderr') =>
    new Writable({
      write: (chunk, _encoding, done) => {
        texts[name] += String(chunk);
        done();
      },
    });
  work(new Output({ format, quiet, color, stdout: into('stdout'), stderr: into('stderr') }));
  return texts;
}

describe('rows', () => {
  it('are columns without borders in a table', () => {
    expect(written('table', (out) => out.rows(ROWS, COLUMNS)).stdout).toBe(
      'NAME        LIMIT  FEATURES\nBuilding A  80     siri, elevators\n=cmd()      -      -\n',
    );
  });

  it('are whole in JSON and YAML', () => {
    expect(JSON.parse(written('json', (out) => out.rows(ROWS, COLUMNS)).stdout)).toEqual(ROWS);
    expect(written('yaml', (out) => out.rows(ROWS.slice(0, 1), COLUMNS)).stdout).toBe(
      '- name: Building A\n  limit: 80\n  features:\n    - siri\n    - elevators\n',
    );
  });

  it('cannot become formulas of a spreadsheet in CSV', () => {
    expect(written('csv', (out) => out.rows(ROWS, COLUMNS)).stdout).toBe(
      'name,limit,features\nBuilding A,80,"siri, elevators"\n\'=cmd(),,\n',
    );
  });

  it('are an empty list where there are none', () => {
    expect(written('table', (out) => out.rows([], COLUMNS)).stdout).toBe('NAME  LIMIT  FEATURES\n');
    expect(written('json', (out) => out.rows([], COLUMNS)).stdout).toBe('[]\n');
  });
});

describe('remarks', () => {
  it('go to stderr, and not at all with --quiet', () => {
    const work = (out: Output): void => out.note('3 of 7 shown');
    expect(written('json', work)).toEqual({ stdout: '', stderr: '3 of 7 shown\n' });
    expect(written('json', work, { quiet: true })).toEqual({ stdout: '', stderr: '' });
  });
});

describe('a record', () => {
  it('is a line for each value in a table', () => {
    expect(written('table', (out) => out.record(ROWS[0]!, COLUMNS)).stdout).toBe(
      'name      Building A\nlimit     80\nfeatures  siri, elevators\n',
    );
  });
});
