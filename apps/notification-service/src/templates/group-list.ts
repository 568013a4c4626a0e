import type { MarkerValue } from './compile.js';
import { escapeHtml } from './escape-html.js';
import type { Wording } from '../wording/wording.js';

/** One group in a list. */
export interface ListedGroup {
  /** `Building A › Unit 1` */
  readonly place: string;
  readonly project: string;
  readonly link: string;
  /** What happens to it; the first is the most important. */
  readonly facts: readonly string[];
}

const MOST = 100;

/** The value of `:group_list`. */
export function groupList(groups: readonly ListedGroup[], wording: Wording): MarkerValue {
  const rows = groups.slice(0, MOST);
  const left = groups.length - rows.length;
  const more = left > 0 ? [wording.more(left)] : [];
  return {
    html: [
      '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="border-collapse:collapse;font-family:Helvetica,Arial,sans-serif;">',
      ...rows.map(rowInHtml),
      ...more.map(
        (words) =>
          `<tr><td style="${CELL}color:#2d3a48;font-size:14px;line-height:20px;">${escapeHtml(words)}</td></tr>`,
      ),
      '</table>',
    ].join('\n'),
    text: [...rows.map(rowInText), ...more.map((words) => `- ${words}`)].join('\n'),
  };
}

const CELL = 'padding:12px 0;border-top:1px solid #e3e8ee;text-align:left;vertical-align:top;';

const rowInHtml = (group: ListedGroup): string =>
  [
    `<tr><td style="${CELL}">`,
    `<a href="${escapeHtml(group.link)}" style="color:#14324f;font-size:15px;line-height:20px;font-weight:bold;text-decoration:none;">${escapeHtml(group.place)}</a>`,
    ...withinOf(group).map((project) => line(project, 'color:#6b7a8c;font-size:13px;line-height:18px;')),
    ...group.facts.map((fact) => line(fact, 'color:#2d3a48;font-size:14px;line-height:20px;')),
    '</td></tr>',
  ].join('\n');

const line = (text: string, style: string): string => `<div style="${style}">${escapeHtml(text)}</div>`;

const rowInText = (group: ListedGroup): string =>
  [
    `- ${group.place}${withinOf(group)
      .map((project) => ` (${project})`)
      .join('')}`,
    ...group.facts.map((fact) => `  ${fact}`),
  ].join('\n');

/** A root group has the name of its project: once is enough. */
const withinOf = ({ project, place }: ListedGroup): readonly string[] => (project === place ? [] : [project]);
