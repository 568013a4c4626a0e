import { z } from 'zod';
import { Email } from '../groups/words.js';
import { Flag, Id, readOnly } from '../http/common.js';
import { Language } from '../people/requests.js';
import { TemplateDetails } from './responses.js';

/** Whose template: a tenant's, or (without) the one of every tenant that has none of its own. */
export const TemplateQuery = z.strictObject({ tenantId: Id.optional() });
export type TemplateQuery = z.infer<typeof TemplateQuery>;
/** The same for what changes or sends one. */
export const TemplateCommandQuery = TemplateQuery.extend({ dryRun: Flag });
export type TemplateCommandQuery = z.infer<typeof TemplateCommandQuery>;

/** In which language a delivered template, or what is filled in, is to be seen: without, that of the caller's account. */
export const LocalizedTemplateQuery = TemplateQuery.extend({ language: Language.optional() });
export type LocalizedTemplateQuery = z.infer<typeof LocalizedTemplateQuery>;
export const LocalizedTemplateCommandQuery = LocalizedTemplateQuery.extend({ dryRun: Flag });
export type LocalizedTemplateCommandQuery = z.infer<typeof LocalizedTemplateCommandQuery>;

const Subject = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .max(200)
  .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must be one line without control characters');

const Html = z
  .string()
  .min(1, 'must not be empty')
  .max(100_000)
  .regex(/^(?:[\t\n\r]|[^\p{Cc}\p{Cs}])*$/u, 'must be well-formed Unicode without control characters');

const template = { subject: Subject, html: Html };
const example = {
  subject: 'Licenses of :project end on :valid_until',
  html: '<p>Hello :recipient_name,</p><p>in :days_left, on :valid_until, these licenses end:</p>:group_list<p><a href=":link">Extend them</a></p>',
};

/** `PUT /mail-templates/{mailType}`; markers begin with a colon. */
export const SaveTemplateRequest = z
  .strictObject({
    ...template,
    mailType: readOnly(TemplateDetails.shape.mailType),
    tenantId: readOnly(TemplateDetails.shape.tenantId),
    custom: readOnly(TemplateDetails.shape.custom),
    customizable: readOnly(TemplateDetails.shape.customizable),
    markers: readOnly(TemplateDetails.shape.markers),
    changedAt: readOnly(TemplateDetails.shape.changedAt),
  })
  .meta({ examples: [example] });
export type SaveTemplateRequest = z.infer<typeof SaveTemplateRequest>;

/** `POST /mail-templates/{mailType}/preview`: what is not given is taken from the template in use. */
export const PreviewTemplateRequest = z
  .strictObject({ subject: Subject.optional(), html: Html.optional() })
  .meta({ examples: [example] });
export type PreviewTemplateRequest = z.infer<typeof PreviewTemplateRequest>;

/** `POST /mail-templates/{mailType}/test`: goes to the caller's own address; `to` can name that one and no other. */
export const TestTemplateRequest = z
  .strictObject({ to: Email.optional(), subject: Subject.optional(), html: Html.optional() })
  .meta({ examples: [{}, { subject: 'Licenses of :project end on :valid_until' }] });
export type TestTemplateRequest = z.infer<typeof TestTemplateRequest>;
