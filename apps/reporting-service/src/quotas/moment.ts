import { Id, type QuotaAsOfAnswer } from '@allotree/contracts';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { RecordedFacts } from './recorded-quota.js';

/** Parameters of the routes. */
export const GroupPath = z.object({ p: Id, g: Id });
export type GroupPath = z.infer<typeof GroupPath>;

/** Where an answer about an instant comes from. */
export const basisOf = (
  { basis, position, isFinal }: RecordedFacts,
  at: number,
): Pick<QuotaAsOfAnswer, 'at' | 'basis' | 'position' | 'final'> => ({
  at: new Date(at).toISOString(),
  basis,
  position,
  final: isFinal,
});

const FOR_EVER = 'private, max-age=31536000, immutable';

/** Lets the caller keep an answer that never changes. */
export function cacheIfFinal(reply: FastifyReply, isFinal: boolean): void {
  if (isFinal) void reply.header('cache-control', FOR_EVER);
}
