import sanitizeHtml from 'sanitize-html';
import type { FieldError, MailTypeName } from '@allotree/contracts';
import { Problem } from '@allotree/http/problem';
import { mapTexts, type TemplateSource } from './compile.js';
import { MARKERS, markersIn, type Markers } from './markers.js';
import { misplacedInText, standsAlone } from './places.js';

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

/** The elements of plain mails. Excluded is active content: scripts, handlers, forms, frames, stylesheets. */
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

/** Mail clients cut off longer mails, and no layout needs more tags and markers. */
export const LIMITS = { html: 100_000, tags: 3_000, markers: 200, sameList: 2, errors: 20 } as const;

/**
 * The template as it is kept: its HTML without what could run. Costs a time that grows with its length alone.
 * @throws Problem `VALIDATION` naming what is too much, and markers that are missing, unknown, or where they cannot be
 */
export function checkTemplate(mailType: MailTypeName, { subject, html }: TemplateSource): TemplateSource {
  const markers = MARKERS[mailType];
  demandBounded({ subject, html });
  const clean = sanitizeHtml(html, ALLOWED);
  const inHtml = new Map<string, number>();
  const errors: FieldError[] = [];
  mapTexts(clean, (text, attribute) => {
    for (const name of markersIn(text)) inHtml.set(name, (inHtml.get(name) ?? 0) + 1);
    errors.push(...misplacedInAttribute(text, attribute, markers));
    return text;
  });
  const inSubject = new Set(markersIn(subject));
  const missing = Object.entries(markers)
    .filter(([name, marker]) => marker.required && !inHtml.has(name) && !inSubject.has(name))
    .map(([name]) => `:${name}`);
  errors.unshift(
    ...missing.map((marker) => ({ field: 'html', message: `must contain ${marker}` })),
    ...unknownOf(inSubject, markers, 'subject'),
    ...unknownOf(inHtml.keys(), markers, 'html'),
    ...misplacedInSubject(inSubject, markers),
    ...repeatedLists(inHtml, markers),
    ...[...new Set(misplacedInText(clean, markers))].map((name) => ({ field: 'html', message: aloneOnly(name) })),
  );
  if (errors.length > 0) throw refusal(errors.slice(0, LIMITS.errors), missing);
  return { subject, html: withDoctype(html, clean) };
}

/** Counted before anything is taken apart. */
function demandBounded({ subject, html }: TemplateSource): void {
  const tags = html.split('<').length - 1;
  const markers = markersIn(subject).length + markersIn(html).length;
  const errors: FieldError[] = [];
  if (html.length > LIMITS.html) errors.push(tooMuch(`${LIMITS.html} characters`, html.length));
  if (tags > LIMITS.tags) errors.push(tooMuch(`${LIMITS.tags} tags`, tags));
  if (markers > LIMITS.markers) errors.push(tooMuch(`${LIMITS.markers} markers`, markers));
  if (errors.length > 0) throw refusal(errors, []);
}

const tooMuch = (limit: string, found: number): FieldError => ({
  field: 'html',
  message: `must have at most ${limit}, not ${found}`,
});

const refusal = (errors: readonly FieldError[], missing: readonly string[]): Problem =>
  new Problem('VALIDATION', errors.map(({ field, message }) => `${field}: ${message}`).join('; '), {
    errors,
    ...(missing.length > 0 ? { missingMarkers: missing } : {}),
  });

const kindOf = (markers: Markers, name: string) => (known(markers, name) ? markers[name]?.kind : undefined);

const known = (markers: Markers, name: string): boolean => Object.hasOwn(markers, name);

const unknownOf = (names: Iterable<string>, markers: Markers, field: string): FieldError[] =>
  [...names]
    .filter((name) => !known(markers, name))
    .map((name) => ({ field, message: `:${name} is not a marker of this mail: ${listOf(markers)}` }));

const listOf = (markers: Markers): string =>
  Object.keys(markers)
    .map((name) => `:${name}`)
    .join(', ');

const aloneOnly = (name: string): string =>
  name === 'link'
    ? ':link can be href=":link" as a whole, or a text of its own outside of other links'
    : `:${name} can only be a text of its own, outside of other links`;

const misplacedInSubject = (names: ReadonlySet<string>, markers: Markers): FieldError[] =>
  [...names].flatMap((name) => {
    if (kindOf(markers, name) === 'block')
      return [{ field: 'subject', message: `cannot contain :${name}, which is a list` }];
    return standsAlone(markers, name)
      ? [{ field: 'subject', message: `cannot contain :${name}, which is for the recipient of the mail alone` }]
      : [];
  });

/** A list can be long. */
const repeatedLists = (numbers: ReadonlyMap<string, number>, markers: Markers): FieldError[] =>
  [...numbers]
    .filter(([name, number]) => kindOf(markers, name) === 'block' && number > LIMITS.sameList)
    .map(([name]) => ({ field: 'html', message: `can contain :${name} at most ${LIMITS.sameList} times` }));

/** A list is no attribute, and an address that is not wholly the system's own could become any other. */
function misplacedInAttribute(text: string, attribute: string | null, markers: Markers): FieldError[] {
  if (attribute === null) return [];
  const names = markersIn(text).filter((name) => known(markers, name));
  if (attribute === 'href') {
    return names
      .filter((name) => kindOf(markers, name) !== 'address' || text.trim() !== `:${name}`)
      .map((name) => ({ field: 'html', message: `a link can be href=":link" as a whole, not contain :${name}` }));
  }
  return names
    .filter((name) => kindOf(markers, name) !== 'text')
    .map((name) => ({ field: 'html', message: `:${name} cannot be used in ${attribute}=""` }));
}

const withDoctype = (given: string, clean: string): string =>
  /^\s*<!doctype html/i.test(given) ? `<!doctype html>\n${clean.trimStart()}` : clean;
