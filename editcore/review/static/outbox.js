// Letters to the server: one at a time, in order, again and again until they are answered.
//
// A letter is { path, body, answered(answer), refused(error), void }. The server knows a letter by the id in its
// body, so sending it twice after a lost answer does no harm.

import { post, Refused } from "./net.js";

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10000;

export class Outbox {
  #running = false;
  #wake = null;
  #empty = [];

  /** `changed` is told whenever the number of letters or the trouble with them changes. */
  constructor(changed) {
    this.letters = [];
    this.trouble = ""; // why the last try failed
    this.changed = changed;
    window.addEventListener("online", () => this.#wake?.());
    window.addEventListener("beforeunload", (event) => {
      if (this.letters.length) event.preventDefault();
    });
  }

  put(letter) {
    this.letters.push(letter);
    this.changed();
    this.#run();
    return letter;
  }

  /** When everything is answered. */
  idle() {
    return this.letters.length ? new Promise((resolve) => this.#empty.push(resolve)) : Promise.resolve();
  }

  async #run() {
    if (this.#running) return;
    this.#running = true;
    let pause = FIRST_PAUSE_MS;
    while (this.letters.length) {
      if (await this.#deliver(this.letters[0])) {
        this.letters.shift();
        this.trouble = "";
        pause = FIRST_PAUSE_MS;
        this.changed();
      } else {
        this.changed();
        await this.#wait(pause);
        pause = Math.min(LONGEST_PAUSE_MS, pause * 2);
      }
    }
    this.#running = false;
    for (const resolve of this.#empty.splice(0)) resolve();
  }

  /** Whether the letter is settled, by a yes or a no. */
  async #deliver(letter) {
    if (letter.void) return true;
    let answer;
    try {
      answer = await post(letter.path, letter.body);
    } catch (error) {
      if (!(error instanceof Refused)) {
        this.trouble = error.message;
        return false;
      }
      settle(() => letter.refused(error));
      return true;
    }
    settle(() => letter.answered(answer));
    return true;
  }

  #wait(milliseconds) {
    return new Promise((resolve) => {
      this.#wake = resolve;
      setTimeout(resolve, milliseconds);
    });
  }
}

/** A fault of this page must not keep the letters behind from being sent. */
function settle(step) {
  try {
    step();
  } catch (error) {
    console.error(error);
  }
}
