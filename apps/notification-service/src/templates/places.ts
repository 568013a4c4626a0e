import { ElementType } from 'htmlparser2';
import { parseMarkup } from './compile.js';
import { markersIn, type Markers } from './markers.js';

type Node = ReturnType<typeof parseMarkup>['children'][number];

/** One text of a document, or the edge of something that begins a line of its own. */
type Piece = { readonly text: string; readonly href: string | null } | 'edge';

/** Elements inside a line of text: a mail reader joins the words on both sides of their tags. */
const IN_LINE = new Set([
  'a',
  'b',
  'strong',
  'i',
  'em',
  'u',
  's',
  'small',
  'sub',
  'sup',
  'mark',
  'abbr',
  'time',
  'span',
  'font',
  'code',
]);

export const standsAlone = (markers: Markers, name: string): boolean => {
  const kind = Object.hasOwn(markers, name) ? markers[name]?.kind : undefined;
  return kind === 'address' || kind === 'code';
};

/**
 * The markers of links and codes that are written where something could change what they mean or who gets them: inside
 * another text, right behind other characters, or inside a link that leads elsewhere.
 */
export function misplacedInText(html: string, markers: Markers): string[] {
  const pieces: Piece[] = [];
  const visit = (node: Node, href: string | null): void => {
    if (node.type === ElementType.Text) pieces.push({ text: node.data, href });
    if (node.type !== ElementType.Tag) return;
    const edge = !IN_LINE.has(node.name);
    if (edge) pieces.push('edge');
    const within = node.name === 'a' ? (node.attribs['href'] ?? null) : href;
    node.children.forEach((child) => visit(child, within));
    if (edge) pieces.push('edge');
  };
  parseMarkup(html).children.forEach((node) => visit(node, null));
  return pieces.flatMap((piece, place) => {
    if (piece === 'edge') return [];
    const names = markersIn(piece.text).filter((name) => standsAlone(markers, name));
    return names.filter((name) => !isAlone(name, piece, pieces, place));
  });
}

function isAlone(
  name: string,
  { text, href }: Exclude<Piece, 'edge'>,
  pieces: readonly Piece[],
  place: number,
): boolean {
  if (text.trim() !== `:${name}`) return false;
  if (href !== null && href.trim() !== ':link') return false;
  const before = /^\s/.test(text) || isGap(pieces, place, -1);
  const after = /\s$/.test(text) || isGap(pieces, place, 1);
  return before && after;
}

/** Whether a space or an edge follows in this direction. */
function isGap(pieces: readonly Piece[], place: number, step: 1 | -1): boolean {
  for (let at = place + step; ; at += step) {
    const piece = pieces[at];
    if (piece === undefined || piece === 'edge') return true;
    if (piece.text !== '') return /\s/.test((step === 1 ? piece.text.at(0) : piece.text.at(-1)) ?? '');
  }
}
