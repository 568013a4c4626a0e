/** Edits that turn one word into another: letters put in, left out, replaced or exchanged with their neighbor. */
function distance(one: string, other: string): number {
  const rows = Array.from({ length: one.length + 1 }, (_, i) => [i, ...Array<number>(other.length).fill(0)]);
  rows[0] = Array.from({ length: other.length + 1 }, (_, j) => j);
  const at = (i: number, j: number): number => rows[i]?.[j] ?? 0;
  for (let i = 1; i <= one.length; i += 1)
    for (let j = 1; j <= other.length; j += 1) {
      const isSame = one[i - 1] === other[j - 1];
      const isExchanged = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      const least = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + (isSame ? 0 : 1));
      rows[i]![j] = isExchanged ? Math.min(least, at(i - 2, j - 2) + 1) : least;
    }
  return at(one.length, other.length);
}

const LONGEST = 64;

/** The known word that a mistyped one most likely means; `null`: none is near. */
export function nearestWord(typed: string, known: Iterable<string>): string | null {
  if (typed.length > LONGEST) return null;
  const word = typed.toLowerCase();
  let [nearest, least] = [null as string | null, Math.max(1, Math.floor(word.length / 3)) + 1];
  for (const candidate of known) {
    const edits = distance(word, candidate.toLowerCase());
    if (edits < least) [nearest, least] = [candidate, edits];
  }
  return nearest;
}
