import { describe, expect, it } from '@jest/globals';
import { scheduleOf } from './faults.harness.js';
import { pictureOf } from './picture.harness.js';
import { leaksOf } from './process-trends.harness.js';
import { readMetrics, type Sample } from './sampler.harness.js';

const HOUR = 3_600;

describe('the schedule of faults', () => {
  it('is the same for the same seed, and another one for another seed', () => {
    expect(scheduleOf(7, HOUR)).toEqual(scheduleOf(7, HOUR));
    expect(scheduleOf(8, HOUR)).not.toEqual(scheduleOf(7, HOUR));
  });

  it('kills every process in an hour, whatever the seed', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const killed = scheduleOf(seed, HOUR).filter(({ kind }) => kind === 'kill');
      expect(new Set(killed.map(({ target }) => target)).size).toBe(10);
    }
  });

  it('begins nothing after its end', () => {
    expect(scheduleOf(7, 600).filter(({ at }) => at >= 600)).toEqual([]);
  });
});

describe('the metrics of a process', () => {
  it('are read with their labels', () => {
    const text = '# HELP jobs Jobs\njobs{queue="a",state="waiting"} 3\njobs{queue="b",state="failed"} 1e3\nup 1\n';
    expect([...readMetrics(text)]).toEqual([
      [
        'jobs',
        [
          ['queue="a",state="waiting"', 3],
          ['queue="b",state="failed"', 1_000],
        ],
      ],
      ['up', [['', 1]]],
    ]);
  });
});

describe('the trends of processes', () => {
  const sample = (index: number, pid: number, heapMb: number): Sample =>
    ({
      at: index * 15,
      processes: [{ name: 'license-service-1', pid, rssMb: 200, handles: 50, heapMb, eventLoopP99Ms: 10 }],
    }) as unknown as Sample;
  const leaking = (samples: readonly Sample[]): string[] =>
    leaksOf(samples)
      .filter(({ trend }) => trend?.isLeak)
      .map(({ name, measure }) => `${name} ${measure}`);

  it('name the process and what it leaks', () => {
    expect(leaking(Array.from({ length: 240 }, (_, index) => sample(index, 1, 100 + index)))).toEqual([
      'license-service-1 heapMb',
    ]);
  });

  it('leave out the files that connections of PostgreSQL keep open', () => {
    const rising = Array.from({ length: 240 }, (_, index) => ({
      at: index * 15,
      processes: [{ name: 'postgres', pid: 1, rssMb: 200, handles: 100 + index, heapMb: null, eventLoopP99Ms: null }],
    })) as unknown as Sample[];
    expect(leaksOf(rising)).toEqual([]);
  });

  it('begin anew with each life of a process', () => {
    const restarted = Array.from({ length: 240 }, (_, index) =>
      sample(index, index < 120 ? 1 : 2, index < 120 ? 60 : 180),
    );
    expect(leaking(restarted)).toEqual([]);
  });
});

describe('the picture', () => {
  it('has a line for each name, interrupted where a value is missing, and the faults', () => {
    const points = [
      [0, 1],
      [15, 2],
      [30, null],
      [45, 3],
      [60, 4],
    ] as const;
    const svg = pictureOf(
      'A & B',
      [{ title: 'Heap', lines: [{ name: '<one>', points }] }],
      [{ at: 30, label: 'kill' }],
    );
    expect([...svg.matchAll(/<path d="([^"]*)"/g)].map(([, path]) => path!.match(/M/g)!.length)).toEqual([2]);
    expect(svg).toContain('A &amp; B</text>');
    expect(svg).toContain('&lt;one></text>');
    expect(svg).toContain('<title>kill</title>');
  });
});
