import { compile } from 'html-to-text';
import { DomUtils, ElementType, parseDocument } from 'htmlparser2';
import type { RenderedMail } from '@allotree/contracts';
import { subjectText } from '../delivery/mailbox.js';
import { escapeHtml } from './escape-html.js';
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
  /** UTF-16 units of its parts: what it costs to keep. */
  readonly size: number;
  /** @throws MailTooLarge */
  render(values: MarkerValues): RenderedMail;
}

/** Of the HTML of a mail, and of its text: larger ones are cut off or turned away by those who receive them. */
export const LARGEST_MAIL = 1_000_000;

export class MailTooLarge extends Error {
  override readonly name = 'MailTooLarge';

  constructor() {
    super(`the mail would be larger than ${LARGEST_MAIL} characters`);
  }
}

/** The literal parts of a template and its markers. */
type Part = string | { readonly marker: string };

type Document = ReturnType<typeof parseDocument>;
type Node = Document['children'][number];

/**
 * Stand around the name of a marker while the HTML is taken apart. No template has them: they are halves of character pairs,
 * which well-formed text has not, and which `&#xD800;` does not make.
 */
const OPEN = '\ud800';
const CLOSE = '\udc00';
const HOLE = /\ud800([a-z][a-z0-9_]*)\udc00/;

/** Attributes people read or follow: markers in them are filled in. */
const READ_ATTRIBUTES = ['href', 'alt', 'title', 'aria-label'];

const wellFormed = (text: string): string => text.replace(/\p{Cs}/gu, '\ufffd');

/**
 * Makes a template ready for any number of mails, in time and space that grow with its length alone. Its text part follows
 * from its HTML, markers included: what only looks like one in the text (`&#58;link`) is none.
 */
export function compileTemplate({ subject, html }: TemplateSource, markers: Markers): CompiledTemplate {
  const marked = mapTexts(wellFormed(html), (text) => withHoles(text, markers));
  const parts = {
    subject: partsOf(withHoles(wellFormed(subject), markers)),
    html: partsOf(marked),
    text: partsOf(textOf(marked)),
  };
  const isBlock = (name: string): boolean => markers[name]?.kind === 'block';
  return {
    size: Object.values(parts).reduce((sum, each) => sum + sizeOf(each), 0),
    render: (values) => {
      const words = (name: string): string => inForm(values[name], 'text');
      const markup = (name: string): string => {
        const value = inForm(values[name], 'html');
        return isBlock(name) ? value : escapeHtml(value);
      };
      return {
        subject: subjectText(filled(parts.subject, words)),
        html: filled(parts.html, markup),
        text: `${filled(parts.text, words).trim()}\n`,
      };
    },
  };
}

/** Every text of a document, and every attribute people read, replaced. Markup, styles and comments stay as they are. */
export function mapTexts(html: string, map: (text: string, attribute: string | null) => string): string {
  const document = parseMarkup(html);
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

export const parseMarkup = (html: string): Document => parseDocument(html, { decodeEntities: false });

const inForm = (value: MarkerValue | undefined, form: 'html' | 'text'): string =>
  typeof value === 'string' ? value : (value?.[form] ?? '');

/** Known markers become holes; a colon before any other word is just that. */
const withHoles = (text: string, markers: Markers): string =>
  text.replace(MARKER_PATTERN, (found, _colon: string, name: string) =>
    Object.hasOwn(markers, name) ? `${OPEN}${name}${CLOSE}` : found,
  );

/** `split` by a pattern with one group: texts at the even places, names at the odd ones. */
const partsOf = (text: string): readonly Part[] =>
  text.split(HOLE).map((piece, place) => (place % 2 === 0 ? piece : { marker: piece }));

const sizeOf = (parts: readonly Part[]): number =>
  parts.reduce((sum, part) => sum + (typeof part === 'string' ? part : part.marker).length, 0);

/** Stops before it has made too much. */
function filled(parts: readonly Part[], valueOf: (marker: string) => string): string {
  const pieces: string[] = [];
  let length = 0;
  for (const part of parts) {
    const piece = typeof part === 'string' ? part : valueOf(part.marker);
    length += piece.length;
    if (length > LARGEST_MAIL) throw new MailTooLarge();
    pieces.push(piece);
  }
  return pieces.join('');
}

const textOf = compile({
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
