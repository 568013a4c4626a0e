import { createHash } from 'node:crypto';

/** What a check found wrong. */
export class Violation extends Error {
  override readonly name = 'Violation';

  readonly words: readonly string[];

  /** @param words by which the lines of the history that matter are found, such as the name of a stream */
  constructor(message: string, ...words: readonly string[]) {
    super(message);
    this.words = words;
  }
}

/** Lines kept for the report of a violation. */
const KEPT = 20_000;

/** The history of a simulation: its hash, and its last lines. */
export class Trace {
  readonly #hash = createHash('sha256');
  readonly #lines: string[] = [];
  #count = 0;
  #violation: Violation | null = null;

  constructor(private readonly now: () => number) {}

  /** For checks in places where an exception would be handled: the simulation ends with the first one. */
  violate(violation: Violation): void {
    this.#violation ??= violation;
  }

  get violation(): Violation | null {
    return this.#violation;
  }

  add(who: string, what: string): void {
    const line = `${this.now().toFixed(3)} ${who} ${what}`;
    this.#hash.update(line).update('\n');
    this.#lines[this.#count++ % KEPT] = line;
  }

  get digest(): string {
    return this.#hash.copy().digest('hex');
  }

  get length(): number {
    return this.#count;
  }

  /** The last lines in which one of the words occurs, or any. */
  last(count: number, words: readonly string[] = []): string[] {
    const start = this.#count % KEPT;
    const inOrder = this.#count <= KEPT ? this.#lines : [...this.#lines.slice(start), ...this.#lines.slice(0, start)];
    return inOrder.filter((line) => words.length === 0 || words.some((word) => line.includes(word))).slice(-count);
  }
}
