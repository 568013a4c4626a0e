import { Body, Controller, Delete, HttpCode, Param, Put, Query } from '@nestjs/common';
import {
  SaveTemplateRequest,
  TemplateCommandQuery,
  TemplateDetails,
  type MailTypeName,
  type PreviewAnswer,
  type TemplateQuery,
} from '@allotree/contracts';
import { Clock } from '@allotree/basics';
import { Caller, Documented, isExpected, Permit, preview, refuseReadOnlyChanges, staleRevision } from '@allotree/http';
import { rehearse } from '@allotree/read-models';
import { TenantRows } from '@allotree/identity';
import type { EntityManager } from 'typeorm';
import { TemplatePath } from '../../paths.js';
import { TemplateRow } from '../../persistence/entities.js';
import { checkTemplate } from '../../templates/check.js';
import type { TemplateSource } from '../../templates/compile.js';
import { ALL_TENANTS, Templates } from '../../templates/templates.js';
import { DETAILS_EXAMPLE, showDetails } from '../show-template.js';
import { TemplateEfforts } from '../template-efforts.js';
import { TemplateTenant } from '../template-tenant.js';

@Controller('mail-templates')
export class ChangeTemplateController {
  constructor(
    private readonly rows: TenantRows,
    private readonly templates: Templates,
    private readonly clock: Clock,
    private readonly tenant: TemplateTenant,
    private readonly efforts: TemplateEfforts,
  ) {}

  @Documented({
    tag: 'Mail templates',
    summary: 'Write a mail with a template of your own from now on',
    description:
      "Markers begin with a colon (`:group_list`). Without the required ones, or with unknown ones, nothing is saved. `:link` is a whole `href` or a text of its own. Scripts, forms and the like are taken out of the HTML; the text part follows from it. Mails about accounts (invitations, registrations, passwords) always use the vendor's template.",
    response: { schema: TemplateDetails, example: DETAILS_EXAMPLE },
    problems: ['VALIDATION', 'STALE_REVISION', 'TEMPLATE_NOT_CUSTOMIZABLE', 'RATE_LIMITED'],
    idempotent: true,
    revised: true,
    dryRun: true,
  })
  @Permit('mail:manage')
  @Put(':mailType')
  async save(
    @Param({ schema: TemplatePath }) { mailType }: TemplatePath,
    @Query({ schema: TemplateCommandQuery }) query: TemplateCommandQuery,
    @Body({ schema: SaveTemplateRequest }) body: SaveTemplateRequest,
    @Caller() caller: Caller,
  ): Promise<TemplateDetails | PreviewAnswer> {
    const tenantId = await this.tenantOf(mailType, query, caller);
    refuseReadOnlyChanges(body, { mailType, tenantId });
    await this.efforts.take(caller.principal);
    const isChanged = await this.change(mailType, tenantId, checkTemplate(mailType, body), caller);
    if (caller.dryRun) return wouldChange(caller, isChanged, { mailType, tenantId });
    // The saved template is the same in every language.
    const template = await this.templates.one(mailType, tenantId, 'en');
    caller.answerRevision(template.revision);
    return showDetails(template);
  }

  @Documented({
    tag: 'Mail templates',
    summary: 'Put the template back that is used without one of your own',
    problems: ['VALIDATION', 'STALE_REVISION', 'TEMPLATE_NOT_CUSTOMIZABLE'],
    idempotent: true,
    revised: true,
    dryRun: true,
  })
  @Permit('mail:manage')
  @HttpCode(204)
  @Delete(':mailType')
  async putBack(
    @Param({ schema: TemplatePath }) { mailType }: TemplatePath,
    @Query({ schema: TemplateCommandQuery }) query: TemplateCommandQuery,
    @Caller() caller: Caller,
  ): Promise<PreviewAnswer | undefined> {
    const tenantId = await this.tenantOf(mailType, query, caller);
    const isChanged = await this.change(mailType, tenantId, { subject: null, html: null }, caller);
    return caller.dryRun ? wouldChange(caller, isChanged, { mailType, tenantId }) : undefined;
  }

  private tenantOf(mailType: MailTypeName, { tenantId }: TemplateQuery, caller: Caller): Promise<string | null> {
    return this.tenant.customizing(caller, { mailType, permission: 'mail:manage', asked: tenantId });
  }

  /** Whether it changes anything. Revisions go on over putting back, so that no ETag means two templates. */
  private async change(
    mailType: MailTypeName,
    tenantId: string | null,
    content: TemplateSource | { readonly subject: null; readonly html: null },
    { context, principal, dryRun }: Caller,
  ): Promise<boolean> {
    const key = { mailType, tenantId: tenantId ?? ALL_TENANTS };
    const transaction = (work: (tx: EntityManager) => Promise<boolean>): Promise<boolean> =>
      this.rows.as(principal, 'mail:manage', work);
    return rehearse(dryRun, transaction, async (tx) => {
      await tx.query("SELECT pg_advisory_xact_lock(hashtextextended('allotree mail template ' || $1, 0))", [
        `${key.tenantId}|${mailType}`,
      ]);
      const { revision, subject, html } = (await tx.findOneBy(TemplateRow, key)) ?? UNCHANGED;
      const { expectedRevision = revision } = context;
      if (!isExpected(expectedRevision, revision)) throw staleRevision(expectedRevision, revision);
      if (html === content.html && subject === content.subject) return false;
      await tx.save(TemplateRow, {
        ...key,
        ...content,
        revision: revision + 1,
        changedAt: new Date(this.clock.now()),
        changedBy: context.actor,
      });
      return true;
    });
  }
}

const wouldChange = (caller: Caller, isChanged: boolean, data: object): PreviewAnswer =>
  preview(caller, isChanged ? [{ type: 'mail_template_changed', data }] : []);

const UNCHANGED = { revision: 0, subject: null, html: null };
