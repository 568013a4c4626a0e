import { describe, expect, it } from '@jest/globals';
import { News } from './news.js';

describe('waiting for the feed', () => {
  it('returns at once what is settled', async () => {
    let attempts = 0;
    const result = await new News(60_000).until(
      'p',
      async () => ++attempts,
      () => true,
    );
    expect(result).toBe(1);
  });

  it('tries again when something about that id is heard, not for others', async () => {
    const news = new News(60_000);
    let known = false;
    let attempts = 0;
    const answer = news.until(
      'p',
      async () => {
        attempts += 1;
        return known;
      },
      (settled) => settled,
    );
    await Promise.resolve();
    news.heard('other');
    known = true;
    news.heard('p');
    expect(await answer).toBe(true);
    expect(attempts).toBe(2);
  });

  it('does not miss what is heard while it looks', async () => {
    const news = new News(60_000);
    let known = false;
    const answer = await news.until(
      'p',
      async () => {
        const seen = known;
        known = true;
        news.heard('p');
        return seen;
      },
      (settled) => settled,
    );
    expect(answer).toBe(true);
  });

  it('looks again by itself, for another replica may have heard', async () => {
    let attempts = 0;
    expect(
      await new News(60_000).until(
        'p',
        async () => ++attempts,
        (count) => count === 2,
      ),
    ).toBe(2);
  });

  it('gives up when the time is up, with the last result', async () => {
    expect(
      await new News(0).until(
        'p',
        async () => 'unknown',
        () => false,
      ),
    ).toBe('unknown');
    expect(
      await new News(10).until(
        'p',
        async () => 'unknown',
        () => false,
      ),
    ).toBe('unknown');
  });

  it('passes on what goes wrong', async () => {
    const failing = new News(60_000).until(
      'p',
      () => Promise.reject(new Error('broken')),
      () => false,
    );
    await expect(failing).rejects.toThrow('broken');
  });
});
