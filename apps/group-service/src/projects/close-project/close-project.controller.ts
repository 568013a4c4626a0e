import { Body, Controller, HttpCode, Param, Post, Query } from '@nestjs/common';
import { CloseRequest, DryRun, ProjectDetails, type PreviewAnswer } from '@allotree/contracts';
import { projectFactsOf } from '@allotree/domain';
import { Caller, Documented, notFound, Permit, preview, Problem } from '@allotree/http';
import { PermissionChecker } from '@allotree/identity';
import { ProjectPath } from '../../paths.js';
import { PROJECT_EXAMPLE, Projects } from '../projects.js';
import { Trees } from '../../groups/trees.js';

/** Nothing is deleted: a closed project can be read, with its history, and every command on it is refused. */
@Controller('projects/:p/close')
export class CloseProjectController {
  constructor(
    private readonly trees: Trees,
    private readonly projects: Projects,
    private readonly permissionChecker: PermissionChecker,
  ) {}

  @Documented({
    tag: 'Projects',
    summary: 'Close a project permanently: it stays readable and cannot be changed',
    description:
      'Requires the permission to create projects at its partner. Its licenses end on their dates, no units return to a ' +
      'stock, and no reminders are sent. Closing a closed project has no effect.',
    response: {
      schema: ProjectDetails,
      example: { ...PROJECT_EXAMPLE, status: 'closed', closedReason: 'The building was sold' },
    },
    problems: ['VALIDATION', 'NOT_FOUND', 'STALE_REVISION'],
    idempotent: true,
    revised: true,
    dryRun: true,
  })
  @Permit('projects:manage', { project: 'p' })
  @HttpCode(200)
  @Post()
  async close(
    @Param({ schema: ProjectPath }) { p }: ProjectPath,
    @Query({ schema: DryRun }) _query: unknown,
    @Body({ schema: CloseRequest }) { reason }: CloseRequest,
    @Caller() caller: Caller,
  ): Promise<ProjectDetails | PreviewAnswer> {
    await this.demandAtPartner(p, caller);
    const { events, revision } = await this.trees.run({ type: 'CloseProject', projectId: p, reason }, caller);
    if (!caller.dryRun) return this.projects.show(p, caller);
    caller.answerRevision(revision);
    return preview(caller, events);
  }

  /** A role inside the project, however powerful, does not end the project of its partner. */
  private async demandAtPartner(projectId: string, { principal }: Caller): Promise<void> {
    const facts = await this.trees.look(projectId, projectFactsOf);
    if (facts === null) throw notFound('project', projectId);
    const permission = 'projects:manage';
    const held = await this.permissionChecker.permissionsAt(principal, { kind: 'partner', partnerId: facts.partnerId });
    if (held?.has(permission) !== true) throw new Problem('FORBIDDEN', undefined, { permission });
  }
}
