// Rejecting: which reasons, a note, and whether it is to be made again. R, a digit and Enter is enough.

import { $, el, say } from "./dom.js";

const DIGITS = [..."1234567890-"];

export class Chooser {
  #chosen = new Set();
  #again = false;
  #item = null;

  /** `opened(is)` is told when it opens or closes; `send(item, details)` gets the rejection. */
  constructor({ reasons, mostTries, opened, send }) {
    Object.assign(this, { reasons, mostTries, opened, send });
    this.form = $("chooser");
    this.note = $("note");
    this.words = $("words");
    this.buttons = reasons.map(({ label }, index) => el("button", {
      type: "button", class: "reason", onclick: () => this.toggle(index),
    }, el("kbd", {}, DIGITS[index] ?? ""), el("span", {}, label)));
    $("reasons").replaceChildren(...this.buttons);
    this.form.addEventListener("submit", (event) => { event.preventDefault(); this.submit(); });
    $("again").addEventListener("click", () => this.toggleAgain());
    $("cancel").addEventListener("click", () => this.close());
    this.words.addEventListener("focus", () => { this.words.value ||= this.#item?.row.words ?? ""; });
    this.words.addEventListener("input", () => this.#draw());
    this.words.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.submit();
    });
  }

  open(item) {
    this.#item = item;
    this.#chosen.clear();
    this.#again = false;
    this.note.value = this.words.value = "";
    const spent = item.row.attempt >= this.mostTries;
    $("again").disabled = this.words.disabled = spent;
    $("spent").hidden = !spent;
    $("spent").textContent = `It was made ${item.row.attempt} times, which is the most.`;
    this.#draw();
    this.form.hidden = false;
    this.opened(true);
    this.form.focus({ preventScroll: true });
    this.form.scrollIntoView({ block: "nearest" });
  }

  close() {
    if (!this.#item) return;
    this.#item = null;
    document.activeElement?.blur(); // a hidden field would go on taking the keys
    this.form.hidden = true;
    this.opened(false);
  }

  toggle(index) {
    if (index >= this.reasons.length) return;
    if (!this.#chosen.delete(index)) this.#chosen.add(index);
    this.#draw();
  }

  toggleAgain() {
    if ($("again").disabled) return;
    this.#again = !this.#again;
    this.#draw();
  }

  /** The new words, if they are others than the old ones. */
  get otherWords() {
    const words = this.words.value.trim();
    return words && words !== this.#item.row.words.trim() ? words : null;
  }

  submit() {
    if (!this.#item) return;
    if (!this.#chosen.size) return say("Choose at least one reason: 1 to 9, 0 or -.", true);
    const item = this.#item, words = this.otherWords;
    const reasons = [...this.#chosen].sort((a, b) => a - b).map((index) => this.reasons[index].id);
    const details = { reasons, note: this.note.value.trim(), words, again: this.#again || words !== null };
    this.close();
    this.send(item, details);
  }

  #draw() {
    this.buttons.forEach((button, index) => button.setAttribute("aria-pressed", String(this.#chosen.has(index))));
    const words = this.#item && this.otherWords;
    $("again").setAttribute("aria-pressed", String(this.#again && !words));
    $("send").textContent = words || this.#again ? "Send back" : "Reject";
  }
}
