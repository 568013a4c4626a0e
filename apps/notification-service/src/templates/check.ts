import sanitizeHtml from 'sanitize-html';
import type { FieldError, MailTypeName } from '@allotree/contracts';
import { Problem } from '@allotree/platform';
import { mapTexts, type TemplateSource } from './compile.js';
import { MARKERS, markersIn, type Markers } from './markers.js';

const LAYOUT_ATTRIBUTES = [
  'align',
  'valign',
  'width',
  'height',
  'bgcolor',
  'border',
  'cellpadding',
  'cellspacing',
  'role',
];

/** What mail is made of, and nothing that runs, asks, loads or leaves: no scripts, handlers, forms, frames, stylesheets. */
const ALLOWED: sanitizeHtml.IOptions = {
  allowedTags: [
    ...['html', 'head', 'title', 'meta', 'style', 'body', 'div', 'span', 'center', 'section', 'p', 'br', 'hr'],
    ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'ul', 'ol', 'li', 'dl', 'dt', 'dd', 'blockquote', 'pre', 'code'],
    ...['table', 'caption', 'colgroup', 'col', 'thead', 'tbody', 'tfoot', 'tr', 'th', 'td', 'font'],
    ...['a', 'img', 'b', 'strong', 'i', 'em', 'u', 's', 'small', 'sub', 'sup', 'mark', 'abbr', 'time'],
  ],
  // Style sheets cannot run anything in a mail; the parser that reads them here is the one that writes them.
  allowVulnerableTags: true,
  allowedAttributes: {
    '*': ['style', 'class', 'id', 'dir', 'lang', 'title', 'aria-*', ...LAYOUT_ATTRIBUTES],
    a: ['href', 'target', 'rel', 'name'],
    img: ['src', 'alt'],
    meta: ['charset', 'name', 'content'],
    th: ['colspan', 'rowspan', 'scope'],
    td: ['colspan', 'rowspan'],
    font: ['color', 'face', 'size'],
    style: ['type', 'media'],
  },
  allowedSchemes: ['https', 'http', 'mailto', 'tel'],
  allowedSchemesByTag: { img: ['https', 'http', 'data', 'cid'] },
  allowProtocolRelative: false,
  nestingLimit: 100,
};

/**
 * The template as it is kept: its HTML without what could run.
 * @throws Problem `VALIDATION` naming markers that are missing, unknown, or where they cannot be
 */
export function checkTemplate(mailType: MailTypeName, { subject, html }: TemplateSource): TemplateSource {
  const markers = MARKERS[mailType];
  const clean = sanitizeHtml(html, ALLOWED);
  const inHtml = new Set<string>();
  const errors: FieldError[] = [];
  mapTexts(clean, (text, attribute) => {
    for (const name of markersIn(text)) inHtml.add(name);
    errors.push(...misplaced(text, attribute, markers));
    return text;
  });
  const inSubject = new Set(markersIn(subject));
  const unknown = [...unknownOf(inSubject, markers, 'subject'), ...unknownOf(inHtml, markers, 'html')];
  const missing = Object.entries(markers)
    .filter(([name, marker]) => marker.required && !inHtml.has(name) && !inSubject.has(name))
    .map(([name]) => `:${name}`);
  const blocks = [...inSubject].filter((name) => markers[name]?.kind === 'block');
  errors.unshift(
    ...missing.map((marker) => ({ field: 'html', message: `must contain ${marker}` })),
    ...unknown,
    ...blocks.map((name) => ({ field: 'subject', message: `cannot contain :${name}, which is a list` })),
  );
  if (errors.length > 0) throw refusal(errors, missing);
  return { subject, html: withDoctype(html, clean) };
}

const refusal = (errors: readonly FieldError[], missing: readonly string[]): Problem =>
  new Problem('VALIDATION', errors.map(({ field, message }) => `${field}: ${message}`).join('; '), {
    errors,
    ...(missing.length > 0 ? { missingMarkers: missing } : {}),
  });

const known = (markers: Markers, name: string): boolean => Object.hasOwn(markers, name);

const unknownOf = (names: ReadonlySet<string>, markers: Markers, field: string): FieldError[] =>
  [...names]
    .filter((name) => !known(markers, name))
    .map((name) => ({ field, message: `:${name} is not a marker of this mail: ${listOf(markers)}` }));

const listOf = (markers: Markers): string =>
  Object.keys(markers)
    .map((name) => `:${name}`)
    .join(', ');

/** A list is no attribute, and an address that is not wholly the system's own could become any other. */
function misplaced(text: string, attribute: string | null, markers: Markers): FieldError[] {
  if (attribute === null) return [];
  const names = markersIn(text).filter((name) => known(markers, name));
  if (attribute === 'href') {
    return names
      .filter((name) => markers[name]?.kind !== 'address' || text.trim() !== `:${name}`)
      .map((name) => ({ field: 'html', message: `a link can be href=":link" as a whole, not contain :${name}` }));
  }
  return names
    .filter((name) => markers[name]?.kind === 'block')
    .map((name) => ({ field: 'html', message: `:${name} is a list and cannot stand in ${attribute}=""` }));
}

const withDoctype = (given: string, clean: string): string =>
  /^\s*<!doctype html/i.test(given) ? `<!doctype html>\n${clean}` : clean;
