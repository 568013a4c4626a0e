import { Body, Controller, HttpCode, Param, Post, Query } from '@nestjs/common';
import {
  PreviewTemplateRequest,
  QueuedTest,
  RenderedMail,
  LocalizedTemplateCommandQuery,
  LocalizedTemplateQuery,
  TestTemplateRequest,
  type PreviewAnswer,
} from '@allotree/contracts';
import { emailKey } from '@allotree/domain';
import { Caller, Documented, Permit, preview, Problem } from '@allotree/http';
import type { EntityManager } from 'typeorm';
import { Mails } from '../../mails/mails.js';
import { TestMailQuotas } from '../../mails/test-mail-quotas.js';
import { Notifications } from '../../notifications.js';
import { TemplatePath } from '../../paths.js';
import { TemplateEfforts } from '../template-efforts.js';
import { TemplateLanguage } from '../template-language.js';
import { TemplateSamples } from '../template-samples.js';
import { TemplateTenant } from '../template-tenant.js';

const example: RenderedMail = {
  subject: 'Hafenblick: licenses end in 30 days',
  html: '<p>Hello Ada Berg, ...</p>',
  text: 'Hello Ada Berg, ...\n',
};

const IN_LANGUAGE =
  '`language` (`en` or `de`; other languages are written in English) is that of the sample data and of a delivered template, by default the language of your account.';

@Controller('mail-templates')
export class TryTemplateController {
  constructor(
    private readonly samples: TemplateSamples,
    private readonly mails: Mails,
    private readonly notifications: Notifications,
    private readonly tenant: TemplateTenant,
    private readonly language: TemplateLanguage,
    private readonly efforts: TemplateEfforts,
    private readonly quotas: TestMailQuotas,
  ) {}

  @Documented({
    tag: 'Mail templates',
    summary: 'Preview a template with sample data, saved or not',
    description: IN_LANGUAGE,
    response: { schema: RenderedMail, example },
    problems: ['VALIDATION', 'TEMPLATE_NOT_CUSTOMIZABLE', 'RATE_LIMITED'],
  })
  @Permit('mail:read')
  @HttpCode(200)
  @Post(':mailType/preview')
  async preview(
    @Param({ schema: TemplatePath }) { mailType }: TemplatePath,
    @Query({ schema: LocalizedTemplateQuery }) query: LocalizedTemplateQuery,
    @Body({ schema: PreviewTemplateRequest.default({}) }) body: PreviewTemplateRequest,
    @Caller() caller: Caller,
  ): Promise<RenderedMail> {
    const asked = { mailType, permission: 'mail:read', asked: query.tenantId } as const;
    const tenantId = isUnchanged(body)
      ? await this.tenant.of(caller, asked.permission, asked.asked)
      : await this.tenant.customizing(caller, asked);
    await this.efforts.take(caller.principal);
    return this.samples.render({ mailType, tenantId, language: await this.language.of(caller, query.language) }, body);
  }

  @Documented({
    tag: 'Mail templates',
    summary: 'Send a template with sample data to your own address',
    description: `Test mails go to no other address and not to API keys; their number per hour and day is limited. ${IN_LANGUAGE}`,
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
    @Query({ schema: LocalizedTemplateCommandQuery }) query: LocalizedTemplateCommandQuery,
    @Body({ schema: TestTemplateRequest }) { to, ...body }: TestTemplateRequest,
    @Caller() caller: Caller,
  ): Promise<QueuedTest | PreviewAnswer> {
    const asked = { mailType, permission: 'mail:manage', asked: query.tenantId } as const;
    const tenantId = await this.tenant.customizing(caller, asked);
    const recipient = ownAddress(caller, to);
    await this.efforts.take(caller.principal);
    const language = await this.language.of(caller, query.language);
    const content = await this.samples.render({ mailType, tenantId, language }, body);
    const key = `test|${caller.newId('mail')}`;
    const mail = { key, mailType, tenantId, recipient, content };
    const charge = (tx: EntityManager): Promise<void> => this.quotas.take(tx, caller.principal, tenantId);
    const deliveryId = await this.mails.queue(mail, charge, caller.dryRun);
    if (caller.dryRun) return preview(caller, [{ type: 'mail_queued', data: { mailType, recipient } }]);
    this.notifications.wake();
    return { deliveryId };
  }
}

const isUnchanged = ({ subject, html }: PreviewTemplateRequest): boolean => subject === undefined && html === undefined;

/** @throws Problem `FORBIDDEN` to a machine, `VALIDATION` for an address that is not the caller's */
function ownAddress({ principal: { email } }: Caller, to: string | undefined): string {
  if (email === null)
    throw new Problem('FORBIDDEN', 'Test mails go to the address of the signed-in user; an API key has none');
  if (to !== undefined && emailKey(to) !== emailKey(email))
    throw Problem.validation('to', 'must be your own address, or left out');
  return email;
}
