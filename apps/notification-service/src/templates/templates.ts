import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { isAccountMail, MAIL_TYPES, type MailTypeName, type RenderedMail } from '@allotree/contracts';
import { LOGGER, type Logger } from '@allotree/basics';
import { LRUCache } from 'lru-cache';
import { In, Not, IsNull, type Repository } from 'typeorm';
import { TemplateRow } from '../persistence/entities.js';
import { NOTIFICATIONS } from '../tokens.js';
import { checkTemplate } from './check.js';
import {
  compileTemplate,
  MailTooLarge,
  type CompiledTemplate,
  type MarkerValues,
  type TemplateSource,
} from './compile.js';
import { DEFAULT_TEMPLATES, ofEveryMail } from './defaults.js';
import { MARKERS } from './markers.js';
import type { MailLanguage } from '../wording/languages.js';

/** What is said of a template in a list. */
export interface TemplateSummary {
  readonly mailType: MailTypeName;
  /** The requested tenant; `null`: all tenants. */
  readonly tenantId: string | null;
  /** Where it comes from. */
  readonly origin: 'tenant' | 'all_tenants' | 'delivered';
  /** Of what is kept for this tenant: rises with every change, putting back included; 0 at first. */
  readonly revision: number;
  readonly changedAt: Date | null;
  readonly subject: string;
}

/** A template, and whose it is. */
export type Template = TemplateSummary & TemplateSource;

/** Which row a mail is written with, and what is in it. */
interface Version {
  readonly tenantId: string;
  readonly digest: string;
}

/** A changed template. `null`: it cannot be used. */
interface Custom {
  readonly template: CompiledTemplate | null;
}

/** Stands for "all tenants" in a key: a tenant's id is never empty. */
export const ALL_TENANTS = '';
/** Characters of compiled templates that are kept. */
const KEPT_CHARACTERS = 8_000_000;

/**
 * Which template a mail is written with: the tenant's own, else the one of all tenants, else the one delivered. Mails about
 * accounts are in the vendor's words whatever tenant they concern (P3): a tenant's template of such a mail, kept
 * from before, is not used.
 */
@Injectable()
export class Templates {
  /** By their content: what is the same is compiled once. */
  private readonly compiled = new LRUCache<string, Custom>({
    maxSize: KEPT_CHARACTERS,
    sizeCalculation: ({ template }) => (template?.size ?? 0) + 1,
  });

  constructor(
    @InjectRepository(TemplateRow, NOTIFICATIONS) private readonly rows: Repository<TemplateRow>,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** A template that was changed is the same in every language. */
  async one(mailType: MailTypeName, tenantId: string | null, language: MailLanguage): Promise<Template> {
    const rows = await this.rows.findBy({ mailType, tenantId: In(ownersOf(mailType, tenantId)) });
    const used = usedOf(rows);
    const delivered = DEFAULT_TEMPLATES[language][mailType];
    return { ...summary({ mailType, tenantId, delivered }, rows), html: used?.html ?? delivered.html };
  }

  /** Without their HTML, which is not read. */
  async all(tenantId: string | null, language: MailLanguage): Promise<TemplateSummary[]> {
    const rows = await this.rows.find({
      select: { tenantId: true, mailType: true, subject: true, revision: true, changedAt: true },
      where: { tenantId: In([tenantId ?? ALL_TENANTS, ALL_TENANTS]) },
    });
    return MAIL_TYPES.map((mailType) => {
      const owners = ownersOf(mailType, tenantId);
      return summary(
        { mailType, tenantId, delivered: DEFAULT_TEMPLATES[language][mailType] },
        rows.filter((row) => row.mailType === mailType && owners.includes(row.tenantId)),
      );
    });
  }

  /** Fills the template in use in. One that cannot be used keeps no mail back: the one delivered takes its place. */
  async render(
    mailType: MailTypeName,
    tenantId: string | null,
    { language, values }: { readonly language: MailLanguage; readonly values: MarkerValues },
  ): Promise<RenderedMail> {
    const delivered = DELIVERED[language][mailType]();
    const version = await this.version(mailType, tenantId);
    if (version !== null) {
      try {
        return ((await this.custom(mailType, version)).template ?? delivered).render(values);
      } catch (error) {
        if (!(error instanceof MailTooLarge)) throw error;
        this.logger.warn(
          { err: error, mailType, tenantId },
          'a changed mail template cannot be used; the delivered one is',
        );
      }
    }
    return delivered.render(values);
  }

  private async version(mailType: MailTypeName, tenantId: string | null): Promise<Version | null> {
    const rows = await this.rows
      .createQueryBuilder('row')
      .select('row.tenantId', 'tenantId')
      .addSelect("md5(row.subject || E'\\n' || row.html)", 'digest')
      .where({ mailType, tenantId: In(ownersOf(mailType, tenantId)), subject: Not(IsNull()) })
      .getRawMany<Version>();
    return rows.toSorted(ownFirst)[0] ?? null;
  }

  private async custom(mailType: MailTypeName, { tenantId, digest }: Version): Promise<Custom> {
    const known = this.compiled.get(`${mailType}|${digest}`);
    if (known) return known;
    const row = await this.rows.findOneByOrFail({ mailType, tenantId });
    const compiled = { template: this.compile(mailType, row) };
    // It may have been changed since the digest was read.
    this.compiled.set(`${mailType}|${digestOf(row)}`, compiled);
    return compiled;
  }

  private compile(mailType: MailTypeName, { subject, html }: TemplateRow): CompiledTemplate | null {
    if (subject === null || html === null) return null;
    try {
      // One that was saved when a link could stand anywhere.
      if (isAccountMail(mailType)) checkTemplate(mailType, { subject, html });
      return compileTemplate({ subject, html }, MARKERS[mailType]);
    } catch (error) {
      this.logger.warn({ err: error, mailType }, 'a changed mail template cannot be used; the delivered one is');
      return null;
    }
  }
}

/** Compiled at first use: all of them together would cost every start half a second. */
const DELIVERED = ofEveryMail((language, mailType) => {
  let compiled: CompiledTemplate | undefined;
  return (): CompiledTemplate =>
    (compiled ??= compileTemplate(DEFAULT_TEMPLATES[language][mailType], MARKERS[mailType]));
});

/** As PostgreSQL makes it in `version`; not against forgery. */
const digestOf = ({ subject, html }: TemplateRow): string =>
  createHash('md5').update(`${subject}\n${html}`).digest('hex');

/** Whose templates are looked at. */
const ownersOf = (mailType: MailTypeName, tenantId: string | null): string[] =>
  isAccountMail(mailType) ? [ALL_TENANTS] : [tenantId ?? ALL_TENANTS, ALL_TENANTS];

const ownFirst = (one: Pick<TemplateRow, 'tenantId'>, other: Pick<TemplateRow, 'tenantId'>): number =>
  Number(one.tenantId === ALL_TENANTS) - Number(other.tenantId === ALL_TENANTS);

/** The row that counts: the tenant's own before the one of all tenants; one that was put back is none. */
const usedOf = <Row extends Pick<TemplateRow, 'tenantId' | 'subject'>>(rows: readonly Row[]): Row | undefined =>
  rows.filter(({ subject }) => subject !== null).toSorted(ownFirst)[0];

function summary(
  {
    mailType,
    tenantId,
    delivered,
  }: Pick<TemplateSummary, 'mailType' | 'tenantId'> & { readonly delivered: TemplateSource },
  rows: readonly Omit<TemplateRow, 'html' | 'changedBy'>[],
): TemplateSummary {
  const own = rows.find((row) => row.tenantId === (tenantId ?? ALL_TENANTS));
  const used = usedOf(rows);
  const revision = own?.revision ?? 0;
  if (used === undefined || used.subject === null) {
    return { subject: delivered.subject, mailType, tenantId, origin: 'delivered', revision, changedAt: null };
  }
  const origin = used.tenantId === ALL_TENANTS ? 'all_tenants' : 'tenant';
  return { subject: used.subject, mailType, tenantId, origin, revision, changedAt: used.changedAt };
}
