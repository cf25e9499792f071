const FRAME_MS = 500;

/**
 * Shows one line for each part: on a terminal the parts in work are on a last line that keeps changing, elsewhere each
 * line is final.
 */
export class Progress {
  #quiet;
  #out;
  /** @type {Map<string, { doing: string, since: number }>} */
  #active = new Map();
  /** @type {NodeJS.Timeout | undefined} */
  #timer;

  /** @param {{ quiet: boolean, out?: NodeJS.WriteStream }} options quiet: say nothing of parts that were there already */
  constructor({ quiet, out = process.stderr }) {
    this.#quiet = quiet;
    this.#out = out;
  }

  /**
   * @param {string} title
   * @param {string} doing
   */
  begin(title, doing) {
    const since = this.#active.get(title)?.since ?? Date.now();
    this.#active.set(title, { doing, since });
    if (!this.#out.isTTY) return;
    this.#timer ??= setInterval(() => this.#draw(), FRAME_MS);
    this.#draw();
  }

  /**
   * @param {string} title
   * @param {string} state
   */
  end(title, state) {
    const active = this.#active.get(title);
    this.#active.delete(title);
    if (active) this.#line(title, state, `${((Date.now() - active.since) / 1000).toFixed(0)} s`);
    else if (!this.#quiet) this.#line(title, state, "");
    this.#draw();
  }

  /** Ends the display. */
  stop() {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#active.clear();
    this.#draw();
  }

  /**
   * @param {string} title
   * @param {string} state
   * @param {string} time
   */
  #line(title, state, time) {
    this.#clear();
    this.#out.write(`${title.padEnd(40)} ${state.padEnd(12)} ${time}`.trimEnd() + "\n");
  }

  #clear() {
    if (this.#out.isTTY) this.#out.write("\r\u001b[K");
  }

  #draw() {
    if (!this.#out.isTTY) return;
    const now = Date.now();
    const parts = [...this.#active].map(
      ([title, { doing, since }]) => `${title}: ${doing} ${Math.floor((now - since) / 1000)} s`,
    );
    this.#clear();
    this.#out.write(parts.join(" · ").slice(0, (this.#out.columns || 80) - 1));
  }
}
