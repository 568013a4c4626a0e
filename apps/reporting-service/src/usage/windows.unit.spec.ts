import { describe, expect, it } from '@jest/globals';
import { Problem } from '@allotree/http';
import { windowsIn } from './windows.js';

const year = (first: number, last = first): { from: number; until: number } => ({
  from: Date.parse(`${first}-01-01T00:00:00Z`),
  until: Date.parse(`${last + 1}-01-01T00:00:00Z`),
});
const inBerlin = (window: 'none' | 'PT1H' | 'P1D' | 'P1W' | 'P1M') => ({ window, timeZone: 'Europe/Berlin' });

const refusalOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return (error as Problem).detail;
  }
  return 'accepted';
};

describe('the windows of an answer', () => {
  it('are the period itself where none are asked for', () => {
    expect(windowsIn(year(2026), inBerlin('none'), 1)).toEqual([year(2026)]);
  });

  it('are refused beyond 10,000, with the length that fits', () => {
    expect(windowsIn(year(2025), inBerlin('PT1H'), 1)).toHaveLength(8_760);
    expect(refusalOf(() => windowsIn(year(2025, 2026), inBerlin('PT1H'), 1))).toBe(
      'window: PT1H gives more than 10,000 windows; P1D fits',
    );
    expect(refusalOf(() => windowsIn(year(1990, 2025), inBerlin('P1D'), 1))).toContain('P1W fits');
    expect(refusalOf(() => windowsIn(year(2025), inBerlin('P1D'), 500))).toBe(
      'window: P1D gives more than 20 windows; P1M fits',
    );
    expect(refusalOf(() => windowsIn(year(2000, 2025), inBerlin('P1M'), 1_001))).toContain('none fits');
  });
});
