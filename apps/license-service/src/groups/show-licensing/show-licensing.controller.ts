import { Controller, Get, Param } from '@nestjs/common';
import { LicensingAnswer } from '@allotree/contracts';
import { licensingInSlices, PAUSE_EVERY, type Slices } from '@allotree/domain';
import { Documented, Permit } from '@allotree/http';
import { ProjectPath } from '../../paths.js';
import { Projects } from '../../projects.js';
import { publicObject } from '../../public-json.js';

/** Read by the group service, which plans and exports whole projects. */
@Controller('projects/:p/licensing')
export class ShowLicensingController {
  constructor(private readonly projects: Projects) {}

  @Get()
  @Permit('system:manage', { project: 'p' })
  @Documented({
    tag: 'projects',
    summary: 'Every Licenses section and every assignment of a project',
    response: { schema: LicensingAnswer, example: { revision: 0, groups: 1, restrictions: [], assignments: [] } },
    problems: ['NOT_FOUND'],
  })
  async showLicensing(@Param({ schema: ProjectPath }) { p }: ProjectPath): Promise<object> {
    return this.projects.lookInSlices(p, function* (state, now, revision) {
      const { groups, restrictions, assignments } = yield* licensingInSlices(state, now);
      return { revision, groups, restrictions: yield* shown(restrictions), assignments: yield* shown(assignments) };
    });
  }
}

function* shown(views: readonly object[]): Slices<object[]> {
  const all: object[] = [];
  for (const [place, view] of views.entries()) {
    if (place % PAUSE_EVERY === 0) yield;
    all.push(publicObject(view));
  }
  return all;
}
