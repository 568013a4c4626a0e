import { Controller, Get, Param } from '@nestjs/common';
import { ProjectFileAnswer } from '@allotree/contracts';
import { Caller, Documented, Permit } from '@allotree/http';
import { exportProject } from '@allotree/project-file';
import { ProjectPath } from '../../paths.js';
import { CurrentProjects } from '../current-projects.js';

@Controller('projects/:p/export')
export class ExportProjectController {
  constructor(private readonly projects: CurrentProjects) {}

  @Documented({
    tag: 'Plans',
    summary: 'Export a project as the content of a project file',
    description:
      'Groups with their keys and Licenses sections, devices, and units in use, as far as the caller sees them. A plan of the export changes nothing.',
    response: {
      schema: ProjectFileAnswer,
      example: {
        project: { name: 'Hafenblick', timeZone: 'Europe/Berlin', groups: [{ name: 'Building A', type: 'building' }] },
      },
    },
    problems: ['VALIDATION', 'NOT_FOUND', 'OVERLOADED'],
  })
  @Permit('groups:read', { within: 'p' })
  @Get()
  async export(
    @Param({ schema: ProjectPath }) { p }: ProjectPath,
    @Caller() caller: Caller,
  ): Promise<ProjectFileAnswer> {
    const { project } = await this.projects.read(p, caller.principal);
    return exportProject(project) as ProjectFileAnswer;
  }
}
