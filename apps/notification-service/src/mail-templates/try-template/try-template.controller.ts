import { Body, Controller, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import {
  PreviewTemplateRequest,
  QueuedTest,
  RenderedMail,
  TemplateCommandQuery,
  TemplateQuery,
  TestTemplateRequest,
  type MailTypeName,
  type PreviewAnswer,
} from '@allotree/contracts';
import { emailKey } from '@allotree/domain';
import { Caller, CONFIGURATION, Documented, Permit, preview, Problem } from '@allotree/platform';
import type { EntityManager } from 'typeorm';
import { publicUrl, type NotificationConfiguration } from '../../configuration.js';
import { Mails } from '../../mails/mails.js';
import { TestMailQuotas } from '../../mails/test-mail-quotas.js';
import { Notifications } from '../../notifications.js';
import { TemplatePath } from '../../paths.js';
import { checkTemplate } from '../../templates/check.js';
import { compileTemplate, MailTooLarge } from '../../templates/compile.js';
import { MARKERS } from '../../templates/markers.js';
import { Templates } from '../../templates/templates.js';
import { sampleValues } from '../../templates/values.js';
import { TemplateEfforts } from '../template-efforts.js';
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
    private readonly efforts: TemplateEfforts,
    private readonly quotas: TestMailQuotas,
    @Inject(CONFIGURATION) private readonly configuration: NotificationConfiguration,
  ) {}

  @Documented({
    tag: 'Mail templates',
    summary: 'Look at a template filled in with sample data, saved or not',
    response: { schema: RenderedMail, example },
    problems: ['VALIDATION', 'TEMPLATE_NOT_CUSTOMIZABLE', 'RATE_LIMITED'],
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
    const asked = { mailType, permission: 'mail:read', asked: query.tenantId } as const;
    const tenantId = isUnchanged(body)
      ? await this.tenant.of(caller, asked.permission, asked.asked)
      : await this.tenant.customizing(caller, asked);
    await this.efforts.take(caller.principal);
    return this.sample(mailType, tenantId, body);
  }

  @Documented({
    tag: 'Mail templates',
    summary: 'Send a template filled in with sample data to your own address',
    description:
      'Mails go to nobody else, and not to machines. How many of them is limited by the hour and by the day.',
    response: { status: 202, schema: QueuedTest, example: { deliveryId: '3f0c2d4a-1b2c-8d3e-9f40-51a2b3c4d5e6' } },
    problems: ['VALIDATION', 'FORBIDDEN', 'TEMPLATE_NOT_CUSTOMIZABLE', 'RATE_LIMITED'],
    idempotent: true,
    dryRun: true,
  })
  @Permit('mail:manage')
  @HttpCode(202)
  @Post(':mailType/test')
  async test(
    @Param({ schema: TemplatePath }) { mailType }: TemplatePath,
    @Query({ schema: TemplateCommandQuery }) query: TemplateCommandQuery,
    @Body({ schema: TestTemplateRequest }) { to, ...body }: TestTemplateRequest,
    @Caller() caller: Caller,
  ): Promise<QueuedTest | PreviewAnswer> {
    const asked = { mailType, permission: 'mail:manage', asked: query.tenantId } as const;
    const tenantId = await this.tenant.customizing(caller, asked);
    const recipient = ownAddress(caller, to);
    await this.efforts.take(caller.principal);
    const content = await this.sample(mailType, tenantId, body);
    const key = `test|${caller.newId('mail')}`;
    const mail = { key, mailType, tenantId, recipient, content };
    const charge = (tx: EntityManager): Promise<void> => this.quotas.take(tx, caller.principal, tenantId);
    const deliveryId = await this.mails.queue(mail, charge, caller.dryRun);
    if (caller.dryRun) return preview(caller, [{ type: 'mail_queued', data: { mailType, recipient } }]);
    this.notifications.wake();
    return { deliveryId };
  }

  private async sample(
    mailType: MailTypeName,
    tenantId: string | null,
    { subject, html }: PreviewTemplateRequest,
  ): Promise<RenderedMail> {
    const values = sampleValues(mailType, publicUrl(this.configuration));
    if (subject === undefined && html === undefined) return this.templates.render(mailType, tenantId, values);
    const current = await this.templates.one(mailType, tenantId);
    const asked = { subject: subject ?? current.subject, html: html ?? current.html };
    // What was delivered is not cut down to what may be changed.
    const { html: checked } = checkTemplate(mailType, asked);
    const template = { ...asked, html: html === undefined ? current.html : checked };
    try {
      return compileTemplate(template, MARKERS[mailType]).render(values);
    } catch (error) {
      if (error instanceof MailTooLarge) throw Problem.validation('html', error.message);
      throw error;
    }
  }
}

const isUnchanged = ({ subject, html }: PreviewTemplateRequest): boolean => subject === undefined && html === undefined;

/** @throws Problem `FORBIDDEN` to a machine, `VALIDATION` for an address that is not the caller's */
function ownAddress({ principal: { email } }: Caller, to: string | undefined): string {
  if (email === null)
    throw new Problem('FORBIDDEN', 'Test mails go to the address of whoever is signed in; a key has none');
  if (to !== undefined && emailKey(to) !== emailKey(email))
    throw Problem.validation('to', 'must be your own address, or left out');
  return email;
}
