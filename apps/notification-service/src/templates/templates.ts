import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { MAIL_TYPES, type MailTypeName } from '@allotree/contracts';
import { LRUCache } from 'lru-cache';
import { In, type Repository } from 'typeorm';
import { TemplateRow } from '../persistence/entities.js';
import { NOTIFICATIONS } from '../tokens.js';
import { compileTemplate, type CompiledTemplate, type TemplateSource } from './compile.js';
import { DEFAULT_TEMPLATES } from './defaults.js';
import { MARKERS } from './markers.js';

/** A template, and whose it is. */
export interface Template extends TemplateSource {
  readonly mailType: MailTypeName;
  /** As it was asked for; `null`: of all tenants. */
  readonly tenantId: string | null;
  /** Where it comes from. */
  readonly origin: 'tenant' | 'all_tenants' | 'delivered';
  /** Of what is kept for this tenant: rises with every change, putting back included; 0 at first. */
  readonly revision: number;
  readonly changedAt: Date | null;
}

/** Stands for "all tenants" in a key: a tenant's id is never empty. */
export const ALL_TENANTS = '';
const COMPILED_TEMPLATES = 500;

/** Which template a mail is written with: the tenant's own, else the one of all tenants, else the one delivered. */
@Injectable()
export class Templates {
  /** By their content: what is the same is compiled once. */
  private readonly compiled = new LRUCache<string, CompiledTemplate>({ max: COMPILED_TEMPLATES });

  constructor(@InjectRepository(TemplateRow, NOTIFICATIONS) private readonly rows: Repository<TemplateRow>) {}

  async one(mailType: MailTypeName, tenantId: string | null): Promise<Template> {
    const rows = await this.rows.findBy({ mailType, tenantId: In([tenantId ?? ALL_TENANTS, ALL_TENANTS]) });
    return pick(mailType, tenantId, rows);
  }

  async all(tenantId: string | null): Promise<Template[]> {
    const rows = await this.rows.findBy({ tenantId: In([tenantId ?? ALL_TENANTS, ALL_TENANTS]) });
    return MAIL_TYPES.map((mailType) =>
      pick(
        mailType,
        tenantId,
        rows.filter((row) => row.mailType === mailType),
      ),
    );
  }

  /** The one in use, ready to be filled in. */
  async ready(mailType: MailTypeName, tenantId: string | null): Promise<CompiledTemplate> {
    const template = await this.one(mailType, tenantId);
    const key = [mailType, template.subject, template.html].join('\n');
    const known = this.compiled.get(key);
    if (known) return known;
    const compiled = compileTemplate(template, MARKERS[mailType]);
    this.compiled.set(key, compiled);
    return compiled;
  }
}

function pick(mailType: MailTypeName, tenantId: string | null, rows: readonly TemplateRow[]): Template {
  const own = rows.find((row) => row.tenantId === (tenantId ?? ALL_TENANTS));
  const general = rows.find((row) => row.tenantId === ALL_TENANTS);
  const used = [own, general].find((row) => row !== undefined && row.html !== null);
  const revision = own?.revision ?? 0;
  if (used === undefined || used.html === null || used.subject === null) {
    return { ...DEFAULT_TEMPLATES[mailType], mailType, tenantId, origin: 'delivered', revision, changedAt: null };
  }
  const origin = used.tenantId === ALL_TENANTS ? 'all_tenants' : 'tenant';
  return { subject: used.subject, html: used.html, mailType, tenantId, origin, revision, changedAt: used.changedAt };
}
