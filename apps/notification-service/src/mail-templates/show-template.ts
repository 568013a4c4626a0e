import { isAccountMail, type TemplateDetails, type TemplateItem } from '@allotree/contracts';
import { MARKERS } from '../templates/markers.js';
import type { Template, TemplateSummary } from '../templates/templates.js';

const markersOf = ({ mailType }: TemplateSummary): TemplateItem['markers'] =>
  Object.entries(MARKERS[mailType]).map(([name, { description, required = false }]) => ({
    marker: `:${name}`,
    description,
    required,
  }));

export const showItem = (template: TemplateSummary): TemplateItem => ({
  mailType: template.mailType,
  tenantId: template.tenantId,
  custom: template.origin !== 'delivered',
  customizable: template.tenantId === null || !isAccountMail(template.mailType),
  subject: template.subject,
  markers: markersOf(template),
  changedAt: template.changedAt?.toISOString() ?? null,
});

export const showDetails = (template: Template): TemplateDetails => ({ ...showItem(template), html: template.html });

export const ITEM_EXAMPLE: TemplateItem = {
  mailType: 'license_expiry_reminder',
  tenantId: null,
  custom: true,
  customizable: true,
  subject: 'Licenses of :project end on :valid_until',
  markers: [{ marker: ':group_list', description: 'The groups, each with what happens to it', required: true }],
  changedAt: '2026-06-01T08:00:00.000Z',
};

export const DETAILS_EXAMPLE: TemplateDetails = {
  ...ITEM_EXAMPLE,
  html: '<p>In :days_left, on :valid_until, these licenses end:</p>:group_list',
};
