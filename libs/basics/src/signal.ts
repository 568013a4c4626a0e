/** Lets one loop wait until it is notified, or until a timeout. A notification while nothing waits ends the next wait at once. */
export class Signal {
  private notified = false;
  private open: () => void = () => undefined;

  notify(): void {
    this.notified = true;
    this.open();
  }

  async wait(milliseconds: number): Promise<void> {
    if (!this.notified) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        this.open = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.notified = false;
  }
}
