/** Lets one loop wait for news: until it is rung, or for a while. A ring while nobody waits is heard by the next who does. */
export class Doorbell {
  private rung = false;
  private open: () => void = () => undefined;

  ring(): void {
    this.rung = true;
    this.open();
  }

  async wait(milliseconds: number): Promise<void> {
    if (!this.rung) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        this.open = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.rung = false;
  }
}
