import { Body, Controller, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import {
  PreviewTemplateRequest,
  QueuedTest,
  RenderedMail,
  TemplateQuery,
  TestTemplateRequest,
  type MailTypeName,
} from '@allotree/contracts';
import { Caller, CONFIGURATION, Documented, Permit } from '@allotree/platform';
import { publicUrl, type NotificationConfiguration } from '../../configuration.js';
import { Mails } from '../../mails/mails.js';
import { Notifications } from '../../notifications.js';
import { TemplatePath } from '../../paths.js';
import { checkTemplate } from '../../templates/check.js';
import { compileTemplate } from '../../templates/compile.js';
import { MARKERS } from '../../templates/markers.js';
import { Templates } from '../../templates/templates.js';
import { sampleValues } from '../../templates/values.js';
import { TemplateTenant } from '../template-tenant.js';

const example: RenderedMail = {
  subject: 'Hafenblick: licenses end in 30 days',
  html: '<p>Hello Ada Berg, ...</p>',
  text: 'Hello Ada Berg, ...\n',
};

@Controller('mail-templates')
export class TryTemplateController {
  constructor(
    private readonly templates: Templates,
    private readonly mails: Mails,
    private readonly notifications: Notifications,
    private readonly tenant: TemplateTenant,
    @Inject(CONFIGURATION) private readonly configuration: NotificationConfiguration,
  ) {}

  @Documented({
    tag: 'Mail templates',
    summary: 'Look at a template filled in with sample data, saved or not',
    response: { schema: RenderedMail, example },
    problems: ['VALIDATION'],
  })
  @Permit('mail:read')
  @HttpCode(200)
  @Post(':mailType/preview')
  async preview(
    @Param({ schema: TemplatePath }) { mailType }: TemplatePath,
    @Query({ schema: TemplateQuery }) query: TemplateQuery,
    @Body({ schema: PreviewTemplateRequest.default({}) }) body: PreviewTemplateRequest,
    @Caller() caller: Caller,
  ): Promise<RenderedMail> {
    return this.sample(mailType, await this.tenant.of(caller, 'mail:read', query.tenantId), body);
  }

  @Documented({
    tag: 'Mail templates',
    summary: 'Send a template filled in with sample data to somebody',
    response: { status: 202, schema: QueuedTest, example: { deliveryId: '3f0c2d4a-1b2c-8d3e-9f40-51a2b3c4d5e6' } },
    problems: ['VALIDATION'],
    idempotent: true,
  })
  @Permit('mail:manage')
  @HttpCode(202)
  @Post(':mailType/test')
  async test(
    @Param({ schema: TemplatePath }) { mailType }: TemplatePath,
    @Query({ schema: TemplateQuery }) query: TemplateQuery,
    @Body({ schema: TestTemplateRequest }) { to, ...body }: TestTemplateRequest,
    @Caller() caller: Caller,
  ): Promise<QueuedTest> {
    const tenantId = await this.tenant.of(caller, 'mail:manage', query.tenantId);
    const content = await this.sample(mailType, tenantId, body);
    const key = `test|${caller.newId('mail')}`;
    const deliveryId = await this.mails.queue({ key, mailType, tenantId, recipient: to, content });
    this.notifications.wake();
    return { deliveryId };
  }

  private async sample(
    mailType: MailTypeName,
    tenantId: string | null,
    { subject, html }: PreviewTemplateRequest,
  ): Promise<RenderedMail> {
    const values = sampleValues(mailType, publicUrl(this.configuration));
    if (subject === undefined && html === undefined)
      return (await this.templates.ready(mailType, tenantId)).render(values);
    const current = await this.templates.one(mailType, tenantId);
    const wanted = { subject: subject ?? current.subject, html: html ?? current.html };
    // What was delivered is not cut down to what may be changed.
    const { html: checked } = checkTemplate(mailType, wanted);
    return compileTemplate({ ...wanted, html: html === undefined ? current.html : checked }, MARKERS[mailType]).render(
      values,
    );
  }
}
