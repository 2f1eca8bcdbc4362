// The line in small: what was decided, what is selected, what comes.

import { $, el } from "./dom.js";
import { address, keyOf } from "./pictures.js";

const BEHIND = 3;
const STEP = 64; // pixels from one small picture to the next
const THUMB = 320;

export class Strip {
  #known = new Map(); // key of a row -> its button

  /** `chosen(index)` is told which one was clicked. */
  constructor(chosen) {
    this.chosen = chosen;
    this.root = $("strip");
    new ResizeObserver(() => this.line && this.show(this.line)).observe(this.root);
  }

  show(line) {
    this.line = line;
    this.root.toggleAttribute("data-record", line.isRecord);
    const room = Math.max(4, Math.floor(this.root.clientWidth / STEP));
    const from = Math.max(0, Math.min(line.at - BEHIND, line.items.length - room));
    const shown = line.items.slice(from, from + room);
    const known = this.#known;
    this.#known = new Map();
    const buttons = shown.map((item, offset) => {
      const key = keyOf(item.row);
      const button = known.get(key) ?? el("button", { type: "button", tabIndex: -1 });
      this.#known.set(key, button);
      return this.#draw(button, item, from + offset, line);
    });
    if (buttons.length !== this.root.children.length || buttons.some((button, i) => button !== this.root.children[i])) {
      this.root.replaceChildren(...buttons);
    }
  }

  /** Loads the small pictures; called when the large ones are there, which come first. */
  fill() {
    for (const [key, button] of this.#known) {
      if (button.firstChild) continue;
      const item = this.line.items.find(({ row }) => keyOf(row) === key);
      if (item) button.append(el("img", { alt: "", draggable: false, src: address(item.row, "after", THUMB) }));
    }
  }

  #draw(button, item, index, line) {
    const held = item.row.held_by;
    const state = item.decision?.verdict ?? (held ? "held" : "open");
    const words = { approve: "approved", reject: "rejected", held: `on ${held}'s screen`, open: "" }[state];
    button.onclick = () => this.chosen(index);
    button.dataset.state = state;
    button.toggleAttribute("data-selected", Boolean(item.selected));
    if (index === line.at) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
    const name = [item.row.sku, words, item.selected ? "selected" : ""].filter(Boolean).join(", ");
    button.title = name;
    button.setAttribute("aria-label", name);
    return button;
  }
}
