import { convert } from 'html-to-text';
import { DomUtils, ElementType, parseDocument } from 'htmlparser2';
import Mustache from 'mustache';
import type { RenderedMail } from '@allotree/contracts';
import { subjectText } from '../delivery/mailbox.js';
import { MARKER_PATTERN, type Markers } from './markers.js';

export interface TemplateSource {
  /** One line of text with markers. */
  readonly subject: string;
  /** HTML with markers. */
  readonly html: string;
}

/** What a marker stands for: a few words, or a list in both of its forms. */
export type MarkerValue = string | { readonly html: string; readonly text: string };
export type MarkerValues = Readonly<Record<string, MarkerValue>>;

export interface CompiledTemplate {
  render(values: MarkerValues): RenderedMail;
}

type Node = ReturnType<typeof parseDocument>['children'][number];

/**
 * Mustache's tags, made of characters that no template can contain: `{{` in one is just text. Templates have variables and
 * nothing else, so there is nothing in them to run.
 */
const OPEN = '\u0001';
const CLOSE = '\u0002';
const TAGS: [string, string] = [OPEN, CLOSE];
const unreserved = (text: string): string => text.replaceAll(OPEN, '').replaceAll(CLOSE, '');

/** Attributes people read or follow: markers in them are filled in. */
const READ_ATTRIBUTES = ['href', 'alt', 'title'];

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};
export const escapeHtml = (value: string): string =>
  value.replace(/[&<>"'`]/g, (character) => ESCAPES[character] ?? '');
const plain = (value: string): string => value;

/** Makes a template of text and HTML ready for any number of mails. Its text part follows from its HTML. */
export function compileTemplate({ subject, html }: TemplateSource, markers: Markers): CompiledTemplate {
  const compiled = {
    subject: tagged(subject, markers),
    html: taggedHtml(html, markers),
    text: tagged(textOf(html), markers),
  };
  return {
    render: (values) => ({
      subject: subjectText(Mustache.render(compiled.subject, view(values, 'text'), {}, { tags: TAGS, escape: plain })),
      html: Mustache.render(compiled.html, view(values, 'html'), {}, { tags: TAGS, escape: escapeHtml }),
      text: `${Mustache.render(compiled.text, view(values, 'text'), {}, { tags: TAGS, escape: plain }).trim()}\n`,
    }),
  };
}

/** Every text of a document, and every attribute people read, replaced. Markup, styles and comments stay as they are. */
export function mapTexts(html: string, map: (text: string, attribute: string | null) => string): string {
  const document = parseDocument(html, { decodeEntities: false });
  const visit = (node: Node): void => {
    if (node.type === ElementType.Text) node.data = map(node.data, null);
    if (node.type !== ElementType.Tag) return;
    for (const name of READ_ATTRIBUTES) {
      const value = node.attribs[name];
      if (value !== undefined) node.attribs[name] = map(value, name);
    }
    node.children.forEach(visit);
  };
  document.children.forEach(visit);
  return DomUtils.getOuterHTML(document, { decodeEntities: false, encodeEntities: false });
}

const view = (values: MarkerValues, form: 'html' | 'text'): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, typeof value === 'string' ? value : value[form]]),
  );

/** Known markers become variables; a colon before any other word is just that. */
const tagged = (text: string, markers: Markers): string =>
  unreserved(text).replace(MARKER_PATTERN, (found, _colon: string, name: string) => {
    const marker = Object.hasOwn(markers, name) ? markers[name] : undefined;
    if (marker === undefined) return found;
    return `${OPEN}${marker.kind === 'block' ? '&' : ''}${name}${CLOSE}`;
  });

const taggedHtml = (html: string, markers: Markers): string =>
  mapTexts(unreserved(html), (text) => tagged(text, markers));

const textOf = (html: string): string =>
  convert(html, {
    wordwrap: false,
    selectors: [
      { selector: 'a', options: { hideLinkHrefIfSameAsText: true, linkBrackets: ['<', '>'] } },
      // Mail is laid out with rows of tables: a row is a paragraph.
      { selector: 'tr', format: 'block', options: { leadingLineBreaks: 2, trailingLineBreaks: 2 } },
      { selector: 'td', format: 'block' },
      { selector: 'img', format: 'skip' },
      { selector: 'div[style^="display:none"]', format: 'skip' },
      ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({ selector, options: { uppercase: false } })),
    ],
  });
