import { HttpStatus } from '@nestjs/common';
import type { PartnerStockEvent, ProjectEvent } from '@allotree/domain';
import type { Caller } from '@allotree/http';
import type { FastifyReply } from 'fastify';
import { preview } from './effects.js';

interface Done {
  readonly events: readonly (ProjectEvent | PartnerStockEvent)[];
  readonly revision: number;
}

/** The answer to a command: `body` with the new revision as ETag, or 200 with the preview of a dry run (R7). */
export function answerTo(caller: Caller, reply: FastifyReply, done: Done, body: object): object {
  caller.answerRevision(done.revision);
  if (!caller.dryRun) return body;
  void reply.status(HttpStatus.OK);
  return preview(done.events);
}
