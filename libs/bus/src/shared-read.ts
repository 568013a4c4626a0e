/**
 * Shares one read among concurrent callers. The result was read after the call: a caller that comes while a read is running shares the next
 * one.
 */
export class SharedRead<Result> {
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
