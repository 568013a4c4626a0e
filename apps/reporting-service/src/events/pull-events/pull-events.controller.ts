import { Controller, Get, Query, Res } from '@nestjs/common';
import { EventsPage, EventsQuery } from '@allotree/contracts';
import { Caller, Cursors, Documented, Permit, Problem, Waits, type Principal } from '@allotree/http';
import { PermissionChecker } from '@allotree/identity';
import type { FastifyReply } from 'fastify';
import { wholeTenantsOf } from '../../access/whole-tenants.js';
import { Arrivals } from '../arrivals.js';
import type { EventFilter } from '../event-filter.js';
import { EventPages, type Events } from '../event-pages.js';

const BAD_CURSOR = 'must be the `next` of an earlier answer';
const MILLISECONDS = 1_000;

/** A key is replaced by another one of its tenant, and its cursors go on. */
const feedOf = ({ tenantId, userId }: Principal): string => `events of ${tenantId ?? userId}`;

@Controller('events')
export class PullEventsController {
  constructor(
    private readonly pages: EventPages,
    private readonly arrivals: Arrivals,
    private readonly permissionChecker: PermissionChecker,
    private readonly cursors: Cursors,
  ) {}

  @Documented({
    tag: 'Events',
    summary: 'Pull every integration event since the first one, in order',
    description:
      'The events of the tenants in which the caller holds `events:read` as a whole, in the structured mode of CloudEvents, in the order in which they were stored; of one source and subject in the order of `sequence`. ' +
      '`next` is there on every page: ask again with `after=<next>`, also after an empty page. A page can be short, or empty, although `hasMore` is true. ' +
      'With `wait`, an answer without events comes after that many seconds, or as soon as there is one.',
    response: {
      schema: EventsPage,
      example: {
        items: [
          {
            specversion: '1.0',
            id: '5b1c7c52-2a0e-5a3a-8d0f-6a1d3f0e9b11',
            source: '/license-service',
            type: 'allotree.license-extended.v1',
            subject: 'hafenblick',
            time: '2026-06-01T08:00:00.000Z',
            datacontenttype: 'application/json',
            dataschema: 'urn:allotree:schema:allotree.license-extended.v1',
            tenantid: 'nordlicht',
            correlationid: '1f1d9a52a4f84b53a6f2f3f1c0a7e6d4',
            causationid: '6f2b1d0c-3a4e-4b5f-9c7d-8e9f0a1b2c3d',
            actor: 'user:0f7a6d1e-2c3b-5a4d-8e9f-1a2b3c4d5e6f',
            sequence: '0000000000000042',
            data: { projectId: 'hafenblick', licenseId: 'plus-2026', validUntil: '2027-12-31T23:00:00.000Z' },
          },
        ],
        next: 'eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..',
        hasMore: false,
      },
    },
    problems: ['VALIDATION'],
  })
  @Permit('events:read')
  @Waits()
  @Get()
  async pull(
    @Query({ schema: EventsQuery }) { wait, ...query }: EventsQuery,
    @Caller() { principal }: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EventsPage> {
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    const deadline = performance.now() + wait * MILLISECONDS;
    let after = await this.positionOf(query.after, principal);
    for (;;) {
      const filter = await this.filterOf(query, principal);
      const page = await this.pages.page({ filter, after, limit: query.limit });
      if (page === null) throw Problem.validation('after', BAD_CURSOR);
      const milliseconds = deadline - performance.now();
      if (page.items.length > 0 || page.hasMore || milliseconds <= 0 || gone.signal.aborted || this.arrivals.areOver)
        return this.show(page, principal);
      after = page.next;
      const { signal } = gone;
      await this.arrivals.next({ caller: principal.userId, position: after, filter, milliseconds, signal });
    }
  }

  /** The whole tenants of the caller: events of a tenant are about all of its groups. */
  private async filterOf(
    { types, subject }: Pick<EventsQuery, 'types' | 'subject'>,
    principal: Principal,
  ): Promise<EventFilter> {
    const tenants = await wholeTenantsOf(this.permissionChecker, principal, 'Events');
    return { tenants, types: types ?? null, subject: subject ?? null };
  }

  private async positionOf(after: string | undefined, principal: Principal): Promise<bigint> {
    if (after === undefined) return 0n;
    const position = await this.cursors.decrypt(after, feedOf(principal));
    if (position === null) throw Problem.validation('after', BAD_CURSOR);
    return BigInt(position);
  }

  private async show({ items, next, hasMore }: Events, principal: Principal): Promise<EventsPage> {
    return { items: [...items], next: await this.cursors.encrypt(next.toString(), feedOf(principal)), hasMore };
  }
}
