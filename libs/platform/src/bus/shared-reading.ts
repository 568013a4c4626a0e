/**
 * Reads something once for all who ask at the same time. What is answered was read after the question: who asks while a
 * reading is under way shares the next one.
 */
export class SharedReading<Result> {
  private current: Promise<Result> | null = null;
  private next: Promise<Result> | null = null;

  constructor(private readonly readNow: () => Promise<Result>) {}

  read(): Promise<Result> {
    if (this.current === null) return this.begin();
    this.next ??= this.current.then(
      () => this.begin(),
      () => this.begin(),
    );
    return this.next;
  }

  private begin(): Promise<Result> {
    this.next = null;
    const reading = this.readNow().finally(() => {
      if (this.current === reading) this.current = null;
    });
    this.current = reading;
    return reading;
  }
}
