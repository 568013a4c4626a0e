import Mustache from 'mustache';
import { escapeHtml, type MarkerValue } from './compile.js';

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

const HTML = `<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="border-collapse:collapse;font-family:Helvetica,Arial,sans-serif;">{{#rows}}
<tr><td style="padding:12px 0;border-top:1px solid #e3e8ee;text-align:left;vertical-align:top;">
<a href="{{link}}" style="color:#14324f;font-size:15px;line-height:20px;font-weight:bold;text-decoration:none;">{{place}}</a>
{{#within}}<div style="color:#6b7a8c;font-size:13px;line-height:18px;">{{within}}</div>
{{/within}}{{#facts}}<div style="color:#2d3a48;font-size:14px;line-height:20px;">{{.}}</div>
{{/facts}}</td></tr>{{/rows}}{{#more}}
<tr><td style="padding:12px 0;border-top:1px solid #e3e8ee;color:#2d3a48;font-size:14px;line-height:20px;">and {{more}} more</td></tr>{{/more}}
</table>`;

const TEXT = `{{#rows}}- {{place}}{{#within}} ({{within}}){{/within}}{{#facts}}
  {{.}}{{/facts}}
{{/rows}}{{#more}}- and {{more}} more
{{/more}}`;

/** The value of `:group_list`. */
export function groupList(groups: readonly ListedGroup[]): MarkerValue {
  const view = {
    rows: groups.slice(0, MOST).map(rowOf),
    more: groups.length > MOST ? String(groups.length - MOST) : null,
  };
  return {
    html: Mustache.render(HTML, view, {}, { escape: escapeHtml }),
    text: Mustache.render(TEXT, view, {}, { escape: (value: string) => value }).trimEnd(),
  };
}

/** A root group has the name of its project: once is enough. */
const rowOf = ({ project, ...group }: ListedGroup) => ({ ...group, within: project === group.place ? null : project });
