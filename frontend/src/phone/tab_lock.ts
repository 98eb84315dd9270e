/** One tab holds the sound (Web Locks); when it closes, the next one takes over. */

const LOCK = "helpline-phone";

export class TabLock {
  private held = false;
  private release: (() => void) | null = null;

  /** `gained` and `lost` are called when this tab becomes or stops being the one with the sound. */
  constructor(
    private readonly gained: () => void,
    private readonly lost: () => void,
  ) {}

  get owner(): boolean {
    return this.held;
  }

  /** Wait in line for the sound. */
  wait(): void {
    this.ask({});
  }

  /** Take the sound to this tab now, from whichever has it. */
  take(): void {
    if (!this.held) this.ask({ steal: true });
  }

  private ask(options: LockOptions): void {
    navigator.locks
      .request(LOCK, options, () => this.hold())
      .catch((error: DOMException) => {
        if (error.name !== "AbortError") throw error;
        this.letGo(); // another tab took it; wait in line again
        this.wait();
      });
  }

  private hold(): Promise<void> {
    if (this.held) return Promise.resolve();
    this.held = true;
    this.gained();
    return new Promise((resolve) => (this.release = resolve));
  }

  private letGo(): void {
    if (!this.held) return;
    this.held = false;
    this.release?.();
    this.lost();
  }
}
