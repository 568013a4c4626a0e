import { Body, Controller, Param, Post, Query, Res } from '@nestjs/common';
import { DryRun, GeneratedGroupsSummary, GenerateGroupsRequest } from '@allotree/contracts';
import { planGeneration, previewGeneration, type Generation } from '@allotree/domain';
import { Caller, Documented, Permit, refusalProblem } from '@allotree/http';
import type { FastifyReply } from 'fastify';
import { ProjectPath } from '../../paths.js';
import { Trees } from '../trees.js';

const example = {
  created: 33,
  dryRun: false,
  levels: [
    { type: 'building', count: 3, first: 'Building 1', last: 'Building 3' },
    { type: 'apartment', count: 30, first: 'Apartment 1', last: 'Apartment 10' },
  ],
  sample: [['Building 1'], ['Building 1', 'Apartment 1']],
};

/** G2. */
@Controller('projects/:p/groups/generate')
export class GenerateGroupsController {
  constructor(private readonly trees: Trees) {}

  @Documented({
    tag: 'Groups',
    summary: 'Generate buildings, units, floors and apartments from name patterns, up to 110,000 groups per request',
    description:
      'Each group of a level gets all groups of the next level. Patterns can contain `{n}` (the number of the group itself), `{building}`, `{unit}` and `{floor}` (the numbers of the groups above) and `{n:2}` (at least two digits). Apartment numbers continue from floor to floor and restart in each unit; `apartments.restart` changes that to `building` or `floor`. With `?dryRun=true` the response is a preview and no groups are created.',
    response: { status: 201, schema: GeneratedGroupsSummary, example },
    dryRun: { schema: GeneratedGroupsSummary, example: { ...example, dryRun: true } },
    problems: ['VALIDATION', 'NOT_FOUND', 'PROJECT_CLOSED', 'NAME_TAKEN', 'STALE_REVISION'],
    idempotent: true,
    revised: true,
  })
  @Permit('groups:manage', { project: 'p', group: 'body.parentId' })
  @Post()
  async generate(
    @Param({ schema: ProjectPath }) { p }: ProjectPath,
    @Query({ schema: DryRun }) _query: unknown,
    @Body({ schema: GenerateGroupsRequest }) body: GenerateGroupsRequest,
    @Caller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<GeneratedGroupsSummary> {
    const generation = generationOf(body, caller.newId('groups'));
    const { revision } = await this.trees.run({ type: 'GenerateGroups', projectId: p, ...generation }, caller);
    const planned = planGeneration(generation);
    if (!planned.ok) throw refusalProblem(planned.refusal);
    const { total, levels, sample } = previewGeneration(planned.plan);
    caller.answerRevision(revision);
    if (caller.dryRun) void reply.status(200);
    return { created: total, dryRun: caller.dryRun, levels: [...levels], sample: sample.map((path) => [...path]) };
  }
}

const generationOf = (body: GenerateGroupsRequest, newId: string): Generation => ({
  parentId: body.parentId,
  newId,
  levels: {
    ...(body.buildings && { building: body.buildings }),
    ...(body.units && { unit: body.units }),
    ...(body.floors && { floor: body.floors }),
    ...(body.apartments && { apartment: body.apartments }),
  },
  apartmentsRestart: body.apartments?.restart ?? 'unit',
});
