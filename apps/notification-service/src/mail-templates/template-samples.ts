import { Inject, Injectable } from '@nestjs/common';
import type { MailTypeName, PreviewTemplateRequest, RenderedMail } from '@allotree/contracts';
import { CONFIGURATION } from '@allotree/basics';
import { Problem, publicUrl } from '@allotree/http';
import type { NotificationConfiguration } from '../configuration.js';
import { checkTemplate } from '../templates/check.js';
import { compileTemplate, MailTooLarge } from '../templates/compile.js';
import { MARKERS } from '../templates/markers.js';
import { sampleValues } from '../templates/samples.js';
import { Templates } from '../templates/templates.js';
import type { MailLanguage } from '../wording/languages.js';

interface Sampled {
  readonly mailType: MailTypeName;
  readonly tenantId: string | null;
  readonly language: MailLanguage;
}

/** Mails with sample data, written with a template that is saved or about to be. */
@Injectable()
export class TemplateSamples {
  constructor(
    private readonly templates: Templates,
    @Inject(CONFIGURATION) private readonly configuration: NotificationConfiguration,
  ) {}

  /** @throws Problem `VALIDATION` for a template that could not be saved */
  async render(
    { mailType, tenantId, language }: Sampled,
    { subject, html }: PreviewTemplateRequest,
  ): Promise<RenderedMail> {
    const values = sampleValues(mailType, publicUrl(this.configuration), language);
    if (subject === undefined && html === undefined)
      return this.templates.render(mailType, tenantId, { language, values });
    const current = await this.templates.one(mailType, tenantId, language);
    const asked = { subject: subject ?? current.subject, html: html ?? current.html };
    // The current HTML is rendered unchanged; only submitted HTML is sanitized.
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
