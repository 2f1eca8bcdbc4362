// Seconds a picture was really looked at: the time in which the tab is hidden does not count.

export class Clock {
  #since = null;
  #item = null;

  constructor() {
    document.addEventListener("visibilitychange", () => {
      this.#count();
      this.#since = document.hidden ? null : performance.now();
    });
  }

  /** An item comes on the screen; what was there before keeps its seconds for when it comes back. */
  watch(item) {
    this.#count();
    this.#item = item;
    this.#since = document.hidden ? null : performance.now();
  }

  /** The seconds of an item until now, to one decimal place; they begin anew afterwards. */
  take(item) {
    this.#count();
    const seconds = Math.round((item.seconds ?? 0) * 10) / 10;
    item.seconds = 0;
    return seconds;
  }

  #count() {
    const now = performance.now();
    if (this.#item && this.#since !== null) this.#item.seconds = (this.#item.seconds ?? 0) + (now - this.#since) / 1000;
    if (this.#since !== null) this.#since = now;
  }
}
