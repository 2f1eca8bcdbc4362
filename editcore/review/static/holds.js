// Who has a picture on the screen: told to the server, so that two people do not decide the same one.

import { post, Refused } from "./net.js";

const SETTLE_MS = 150; // a picture that is only passed is not held
const RENEW_MS = 60000;

export class Holds {
  #timer = 0;
  #item = null;

  /** `lost(item, error)` is called when somebody else has it. */
  constructor(lost) {
    this.lost = lost;
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && this.#item) this.#hold(this.#item);
    });
  }

  take(item) {
    clearTimeout(this.#timer);
    this.#item = item;
    if (item) this.#timer = setTimeout(() => this.#hold(item), SETTLE_MS);
  }

  async #hold(item) {
    clearTimeout(this.#timer);
    if (document.hidden || item !== this.#item) return; // a forgotten tab lets its picture go
    try {
      await post("/hold", { row_id: item.row.row_id });
    } catch (error) {
      if (item !== this.#item || !(error instanceof Refused)) return;
      if (error.status === 409) return this.lost(item, error);
    }
    if (item === this.#item) this.#timer = setTimeout(() => this.#hold(item), RENEW_MS);
  }
}
