import { cp, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ByteReader } from './byte-reader.js';
import { openDump } from './open-dump.js';
import { readTableOfContents } from './table-of-contents.js';

const FIXTURES = join(import.meta.dirname, '../../fixtures/dumps');
const RUNS = { numRuns: 60 };

describe('a dump', () => {
  let folder: string;
  let custom: Buffer;
  let plain: Buffer;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'allotree-dumps-'));
    custom = await readFile(join(FIXTURES, 'custom.dump'));
    plain = gunzipSync(await readFile(join(FIXTURES, 'plain.sql.gz')));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const written = async (content: Buffer | string, name = 'dump'): Promise<string> => {
    await writeFile(join(folder, name), content);
    return join(folder, name);
  };
  /** The digest of everything that would be restored. */
  async function contentOf(path: string): Promise<string> {
    const dump = await openDump(path);
    const hash = createHash('sha256');
    for await (const step of dump.steps()) {
      hash.update(step.kind === 'sql' ? step.sql.trim() : step.statement);
      if (step.kind === 'rows') for await (const chunk of step.rows()) hash.update(chunk);
    }
    await dump.close();
    return hash.digest('hex');
  }
  const refusalOf = (path: string): Promise<string> =>
    contentOf(path).then(
      () => 'none',
      (error: Error) => (error.name === 'DumpFault' ? error.message : String(error.stack)),
    );
  const flipped = (content: Buffer, at: number, bit: number): Buffer => {
    const changed = Buffer.from(content);
    changed[at]! ^= 1 << bit;
    return changed;
  };

  it('has the same rows in the custom and in the plain format', async () => {
    const rowsOf = async (path: string): Promise<ReadonlyMap<string, string>> => {
      const dump = await openDump(path);
      const rows = new Map<string, string>();
      for await (const step of dump.steps()) {
        if (step.kind === 'sql') continue;
        let text = '';
        for await (const chunk of step.rows()) text += chunk.toString('latin1');
        rows.set(step.statement.replace(/ FROM stdin$/i, ''), text);
      }
      await dump.close();
      return rows;
    };
    const ofCustom = await rowsOf(join(FIXTURES, 'custom.dump'));
    expect(ofCustom.size).toBeGreaterThan(40);
    expect(await rowsOf(await written(plain))).toEqual(ofCustom);
    expect(await rowsOf(join(FIXTURES, 'plain.sql.gz'))).toEqual(ofCustom);
  });

  it('of the custom format is refused when it is cut at any byte', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(custom.length - 1), async (length) => {
        const refusal = await refusalOf(await written(custom.subarray(0, length)));
        expect([length, refusal]).toEqual([length, expect.stringMatching(/cut off|not a dump/)]);
      }),
      { ...RUNS, examples: [[0], [4], [custom.length - 1], [custom.length - 5]] },
    );
  });

  it('of the plain format is refused when it is cut at any byte, compressed or not', async () => {
    const compressed = await readFile(join(FIXTURES, 'plain.sql.gz'));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(plain, compressed),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (whole, part) => {
          const length = Math.min(whole.length - 1, Math.floor(part * whole.length));
          const refusal = await refusalOf(await written(whole.subarray(0, length)));
          expect([length, refusal]).toEqual([length, expect.stringMatching(/cut off|not a dump|damaged/)]);
        },
      ),
      {
        ...RUNS,
        examples: [
          [plain, 1],
          [compressed, 1],
          [plain, 0],
        ],
      },
    );
  });

  it('never restores other rows when a bit of its compressed data is changed', async () => {
    const file = await open(join(FIXTURES, 'custom.dump'));
    const { entries } = readTableOfContents(new ByteReader(file, custom.length), 'custom');
    await file.close();
    const first = Math.min(...entries.flatMap(({ offset }) => offset ?? []));
    const content = await contentOf(join(FIXTURES, 'custom.dump'));
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: first, max: custom.length - 1 }), fc.nat(7), async (at, bit) => {
        const path = await written(flipped(custom, at, bit));
        const refusal = await refusalOf(path);
        if (refusal === 'none') expect(await contentOf(path)).toBe(content);
        else expect(refusal).toMatch(/^the dump is (damaged|cut off)|large objects/);
        refused += Number(refusal !== 'none');
      }),
      RUNS,
    );
    expect(refused).toBeGreaterThan(RUNS.numRuns * 0.9);
  });

  it('of the directory format is refused when a file is missing, cut or changed', async () => {
    const copy = async (name: string): Promise<string> => {
      await cp(join(FIXTURES, 'directory'), join(folder, name), { recursive: true });
      return join(folder, name);
    };
    expect(await refusalOf(await copy('whole'))).toBe('none');
    const rows = await readFile(join(FIXTURES, 'directory/4079.dat.gz'));
    const faults: [string, (path: string) => Promise<void>, RegExp][] = [
      ['missing', (path) => rm(join(path, '4079.dat.gz')), /4079.dat, with the rows of .*, is missing/],
      ['cut', (path) => writeFile(join(path, '4079.dat.gz'), rows.subarray(0, -9)), /do not match their checksum/],
      ['flipped', (path) => writeFile(join(path, '4079.dat.gz'), flipped(rows, 20, 3)), /damaged|cut off/],
      ['headless', (path) => rm(join(path, 'toc.dat')), /has no toc.dat/],
    ];
    for (const [name, spoil, message] of faults) {
      const path = await copy(name);
      await spoil(path);
      expect([name, await refusalOf(path)]).toEqual([name, expect.stringMatching(message)]);
    }
  });

  it('is refused with what to do when it is none, or one that cannot be read', async () => {
    const tar = Buffer.alloc(1_024);
    tar.write('ustar', 257);
    const zstd = Buffer.from(custom);
    zstd[11] = 3;
    const newer = Buffer.from(custom);
    newer[6] = 99;
    const files: [Buffer | string, RegExp][] = [
      ['', /the file is empty/],
      ['SELECT 1;\n', /the file is not a dump of pg_dump/],
      ['--\n-- PostgreSQL database cluster dump\n', /a dump of pg_dumpall/],
      [tar, /tar format. Dump again with --format=custom/],
      [zstd, /compressed with zstd.*--compress=gzip/],
      [newer, /version 1.99-0 of the archive format/],
    ];
    for (const [content, message] of files) expect(await refusalOf(await written(content))).toMatch(message);
    expect(await refusalOf(join(folder, 'nothing'))).toMatch(/nothing cannot be read \(ENOENT\)/);
  });

  it('is compared with the SHA-256 beside it', async () => {
    const path = await written(custom, 'sealed');
    const digest = createHash('sha256').update(custom).digest('hex');
    await writeFile(`${path}.sha256`, `${digest}  sealed\n`);
    const dump = await openDump(path);
    expect(dump.digestMatches).toBe(true);
    await dump.close();
    // In the table of contents, where nothing else shows it.
    await writeFile(path, flipped(custom, custom.indexOf('allotree'), 0));
    expect(await refusalOf(path)).toMatch(/its SHA-256 is not that in sealed.sha256/);
    await writeFile(`${path}.sha256`, 'nothing');
    expect(await refusalOf(path)).toMatch(/has no SHA-256/);
  });
});
