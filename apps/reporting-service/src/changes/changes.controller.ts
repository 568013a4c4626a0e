import { Readable } from 'node:stream';
import { Controller, Get, Headers, Param, Req, Res } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import { Id, ProjectChange, type ChangeKind } from '@allotree/contracts';
import { Caller, Documented, Permit, Problem, Waits, type Permission } from '@allotree/http';
import { Authentication, PermissionChecker } from '@allotree/identity';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { READABLE_WITH } from './kinds.js';
import { ProjectChanges, type ChangeStream } from './project-changes.js';

const ProjectPath = z.object({ p: Id });
type ProjectPath = z.infer<typeof ProjectPath>;

/** So often without a change, access is checked and a comment is sent: proxies close silent connections. */
const HEARTBEAT_MS = 10_000;
/** How long an `EventSource` waits before it connects again. */
const RETRY_MS = 2_000;
const MAX_POSITION = 2n ** 63n - 1n;

/** The permissions that the caller holds in the project at the moment; `null`: none any more. */
type Access = () => Promise<ReadonlySet<Permission> | null>;

@Controller('projects/:p/changes')
export class ChangesController {
  constructor(
    private readonly changes: ProjectChanges,
    private readonly authentication: Authentication,
    private readonly permissionChecker: PermissionChecker,
  ) {}

  @Get()
  @Waits()
  @Permit('projects:read', { within: 'p' })
  @ApiHeader({
    name: 'Last-Event-ID',
    required: false,
    description: 'The `id` of the last event of an earlier stream: what has changed since is announced at once.',
  })
  @Documented({
    tag: 'reporting',
    summary: 'Follow the changes of a project, as server-sent events',
    description:
      'Sends `open` at the beginning, then `change` whenever something in the project changed, with the kinds of what changed and nothing else: ask the other routes for what it is now. ' +
      'A kind is sent to callers who hold the permission to read it somewhere in the project: `project` (`projects:read`), `groups` (`groups:read`), `members` (`members:read`), `devices` (`devices:read`), `licensing` (`quotas:read`: licenses, limits and use). ' +
      'Changes shortly after one another are announced together, when `GET /projects/{p}/tree` shows them. Without changes a comment is sent every 10 seconds. ' +
      'The stream ends when the access token expires, when access is revoked, and when the process stops; connect again with `Last-Event-ID`, and nothing is missed. ' +
      'A caller has 10 open streams at most.',
    response: {
      schema: z.string(),
      example:
        'retry: 2000\nevent: open\nid: 4711\ndata: {"kinds":[]}\n\nevent: change\nid: 4713\ndata: {"kinds":["groups","licensing"]}\n\n',
      mediaType: 'text/event-stream',
    },
    problems: ['NOT_FOUND', 'VALIDATION'],
  })
  async follow(
    @Param({ schema: ProjectPath }) { p }: ProjectPath,
    @Caller() { principal }: Caller,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const stream = await this.changes.open(principal.userId, p, positionOf(lastEventId));
    reply.raw.once('close', () => this.changes.close(stream));
    if (reply.raw.destroyed) this.changes.close(stream);
    const access: Access = async () => {
      const known = await this.authentication.authenticate(request.headers.authorization);
      return this.permissionChecker.permissionsAt(known, { kind: 'within', projectId: p });
    };
    await reply
      .header('content-type', 'text/event-stream')
      .header('cache-control', 'no-store, no-transform')
      .header('x-accel-buffering', 'no')
      .send(Readable.from(messages(stream, access)));
  }
}

function positionOf(lastEventId: string | undefined): bigint | null {
  if (lastEventId === undefined) return null;
  const position = /^\d{1,19}$/.test(lastEventId) ? BigInt(lastEventId) : null;
  if (position === null || position > MAX_POSITION)
    throw Problem.validation('Last-Event-ID', 'must be the `id` of an event of this stream');
  return position;
}

const message = (event: 'open' | 'change', kinds: readonly ChangeKind[], position: bigint): string =>
  `event: ${event}\nid: ${position}\ndata: ${JSON.stringify({ kinds } satisfies ProjectChange)}\n\n`;

async function* messages(stream: ChangeStream, access: Access): AsyncGenerator<string> {
  yield `retry: ${RETRY_MS}\n`;
  let change = stream.take();
  for (let event: 'open' | 'change' = 'open'; !stream.isOver; event = 'change') {
    // Nobody who could not ask for this stream anew gets anything from it.
    const permissions = await access().catch(() => null);
    if (permissions === null) return;
    const kinds = [...change.kinds].filter((kind) => permissions.has(READABLE_WITH[kind]));
    yield event === 'open' || kinds.length > 0 ? message(event, kinds, change.position) : ':\n\n';
    change = await stream.next(HEARTBEAT_MS);
  }
}
