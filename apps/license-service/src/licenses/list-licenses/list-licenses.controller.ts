import { Controller, Get, Param, Query } from '@nestjs/common';
import { LICENSES, LicensesAnswer, LicensesQuery, selected } from '@allotree/contracts';
import { licensesOf, projectOf, LICENSES_SETTING } from '@allotree/domain';
import { Caller, Documented, Permit } from '@allotree/http';
import { ProjectPath } from '../../paths.js';
import { Projects } from '../../projects.js';
import { licenseAnswer } from '../license-answer.js';

@Controller('projects/:p/licenses')
export class ListLicensesController {
  constructor(private readonly projects: Projects) {}

  @Get()
  @Permit('licenses:read', { project: 'p' })
  @Documented({
    tag: 'licenses',
    summary: 'The licenses of a project and their status now; ?externalId= finds one',
    response: {
      schema: LicensesAnswer,
      example: {
        projectId: 'project-1',
        billingMode: 'prepaid',
        items: [
          {
            licenseId: null,
            type: 'basic',
            units: { sip_number: 6, mobile_app: 6, ukey2: 0 },
            features: [],
            validFrom: '2026-01-01T00:00:00.000Z',
            validUntil: null,
            externalId: null,
            source: { kind: 'devices', count: 3 },
            status: 'active',
            suspendedReason: null,
            revokedReason: null,
          },
        ],
        nextCursor: null,
      },
    },
    list: LICENSES,
    problems: ['VALIDATION', 'NOT_FOUND'],
  })
  async listLicenses(
    @Param({ schema: ProjectPath }) { p }: ProjectPath,
    @Query({ schema: LicensesQuery }) { externalId, ...query }: LicensesQuery,
    @Caller() caller: Caller,
  ): Promise<object> {
    const { project, licenses, revision } = await this.projects.look(p, null, (state, now, { revisionOf }) => {
      const project = projectOf(state);
      return project && { project, licenses: licensesOf(state, now), revision: revisionOf(LICENSES_SETTING) };
    });
    caller.answerRevision(revision);
    return {
      projectId: p,
      billingMode: project.billingMode,
      items: selected(
        licenses
          .filter((license) => externalId === undefined || license.externalId === externalId)
          .map((license) => licenseAnswer(license, project.timeZone)),
        query,
      ),
      nextCursor: null,
    };
  }
}
