import { Controller, Get, Param, Query } from '@nestjs/common';
import {
  LocalizedTemplateQuery,
  selected,
  TemplateDetails,
  TemplateList,
  TEMPLATES,
  TemplatesQuery,
} from '@allotree/contracts';
import { Caller, Documented, Permit } from '@allotree/http';
import { TemplatePath } from '../../paths.js';
import { Templates } from '../../templates/templates.js';
import { DETAILS_EXAMPLE, ITEM_EXAMPLE, showDetails, showItem } from '../show-template.js';
import { TemplateLanguage } from '../template-language.js';
import { TemplateTenant } from '../template-tenant.js';

const DELIVERED_LANGUAGES =
  'Delivered templates exist in English (`en`) and German (`de`); `language` selects one, by default the language of your account. A template of your own is used for recipients of every language.';

@Controller('mail-templates')
export class ShowTemplatesController {
  constructor(
    private readonly templates: Templates,
    private readonly tenant: TemplateTenant,
    private readonly language: TemplateLanguage,
  ) {}

  @Documented({
    tag: 'Mail templates',
    summary: 'List the mails that are sent, with the markers of each',
    description: DELIVERED_LANGUAGES,
    response: { schema: TemplateList, example: { items: [ITEM_EXAMPLE] } },
    list: TEMPLATES,
    problems: ['VALIDATION'],
  })
  @Permit('mail:read')
  @Get()
  async list(
    @Query({ schema: TemplatesQuery }) query: TemplatesQuery,
    @Caller() caller: Caller,
  ): Promise<TemplateList> {
    const tenantId = await this.tenant.of(caller, 'mail:read', query.tenantId);
    const templates = await this.templates.all(tenantId, await this.language.of(caller, query.language));
    return { items: [...selected(templates.map(showItem), query)] };
  }

  @Documented({
    tag: 'Mail templates',
    summary: 'Show the template a mail is written with',
    description: DELIVERED_LANGUAGES,
    response: { schema: TemplateDetails, example: DETAILS_EXAMPLE },
    problems: ['VALIDATION'],
    revised: true,
  })
  @Permit('mail:read')
  @Get(':mailType')
  async one(
    @Param({ schema: TemplatePath }) { mailType }: TemplatePath,
    @Query({ schema: LocalizedTemplateQuery }) query: LocalizedTemplateQuery,
    @Caller() caller: Caller,
  ): Promise<TemplateDetails> {
    const tenantId = await this.tenant.of(caller, 'mail:read', query.tenantId);
    const template = await this.templates.one(mailType, tenantId, await this.language.of(caller, query.language));
    caller.answerRevision(template.revision);
    return showDetails(template);
  }
}
