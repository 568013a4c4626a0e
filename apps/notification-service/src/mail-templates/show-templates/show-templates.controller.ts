import { Controller, Get, Param, Query } from '@nestjs/common';
import { TemplateDetails, TemplateList, TemplateQuery } from '@allotree/contracts';
import { Caller, Documented, Permit } from '@allotree/platform';
import { TemplatePath } from '../../paths.js';
import { Templates } from '../../templates/templates.js';
import { DETAILS_EXAMPLE, ITEM_EXAMPLE, showDetails, showItem } from '../show-template.js';
import { TemplateTenant } from '../template-tenant.js';

@Controller('mail-templates')
export class ShowTemplatesController {
  constructor(
    private readonly templates: Templates,
    private readonly tenant: TemplateTenant,
  ) {}

  @Documented({
    tag: 'Mail templates',
    summary: 'List the mails that are sent, with the markers of each',
    response: { schema: TemplateList, example: { items: [ITEM_EXAMPLE] } },
    problems: ['VALIDATION'],
  })
  @Permit('mail:read')
  @Get()
  async list(@Query({ schema: TemplateQuery }) query: TemplateQuery, @Caller() caller: Caller): Promise<TemplateList> {
    const tenantId = await this.tenant.of(caller, 'mail:read', query.tenantId);
    return { items: (await this.templates.all(tenantId)).map(showItem) };
  }

  @Documented({
    tag: 'Mail templates',
    summary: 'Show the template a mail is written with',
    response: { schema: TemplateDetails, example: DETAILS_EXAMPLE },
    problems: ['VALIDATION'],
    revised: true,
  })
  @Permit('mail:read')
  @Get(':mailType')
  async one(
    @Param({ schema: TemplatePath }) { mailType }: TemplatePath,
    @Query({ schema: TemplateQuery }) query: TemplateQuery,
    @Caller() caller: Caller,
  ): Promise<TemplateDetails> {
    const tenantId = await this.tenant.of(caller, 'mail:read', query.tenantId);
    const template = await this.templates.one(mailType, tenantId);
    caller.answerRevision(template.revision);
    return showDetails(template);
  }
}
