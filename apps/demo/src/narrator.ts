/** Prints each step and counts the results. */
export class Narrator {
  private section = 0;
  /** Steps that changed something, that found it done already, and that were refused as expected. */
  readonly counts = { changed: 0, alreadySo: 0, refused: 0 };

  constructor(private readonly write: (line: string) => void) {}

  begin(title: string): void {
    this.section += 1;
    this.write('');
    this.write(`${this.section}. ${title}`);
  }

  changed(text: string, count = 1): void {
    this.counts.changed += count;
    this.write(`   + ${text}`);
  }

  alreadySo(text: string, count = 1): void {
    this.counts.alreadySo += count;
    this.write(`   = ${text}`);
  }

  refused(title: string, because: string): void {
    this.counts.refused += 1;
    this.write(`   x ${title}`);
    this.write(`       refused: ${because}`);
  }

  note(text: string): void {
    this.write(`     ${text}`);
  }

  block(text: string): void {
    this.write(text);
  }
}
