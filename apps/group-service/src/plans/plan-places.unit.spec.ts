import { describe, expect, it } from '@jest/globals';
import { PlanPlaces } from './plan-places.js';

describe('the places for plans in progress', () => {
  /** Work that goes on until it is ended. */
  const started = (places: PlanPlaces, userId: string) => {
    let end = (): void => undefined;
    const work = new Promise<void>((resolve) => (end = resolve));
    const held = places.hold(userId, () => work).then(() => 'done');
    return { held, end: () => end() };
  };
  const attempt = (places: PlanPlaces, userId: string) =>
    places
      .hold(userId, () => Promise.resolve('done'))
      .catch((error: { code: string; facts: object }) => ({
        code: error.code,
        facts: error.facts,
      }));
  const refused = (code: string) => ({ code, facts: { retryAfterSeconds: 5 } });

  it('refuses a third one of a caller, and none of another caller', async () => {
    const places = new PlanPlaces();
    const [first, second] = [started(places, 'ada'), started(places, 'ada')];
    expect(await attempt(places, 'ada')).toEqual(refused('RATE_LIMITED'));
    expect(await attempt(places, 'bo')).toBe('done');
    first.end();
    expect(await first.held).toBe('done');
    expect(await attempt(places, 'ada')).toBe('done');
    second.end();
    await second.held;
  });

  it('refuses a ninth one of a process, until one has ended or failed', async () => {
    const places = new PlanPlaces();
    const eight = Array.from({ length: 8 }, (_, n) => started(places, `user ${n}`));
    expect(await attempt(places, 'ada')).toEqual(refused('OVERLOADED'));
    eight.forEach(({ end }) => end());
    await Promise.all(eight.map(({ held }) => held));
    await places.hold('ada', () => Promise.reject(new Error('no'))).catch(() => undefined);
    expect(await attempt(places, 'ada')).toBe('done');
  });
});
