// The one place where key presses become actions.

import { shown } from "./keymap.js";

const TYPING = "input, textarea, select, [contenteditable]";
const REPEATS = new Set(["next", "previous", "zoom-in", "zoom-out", "slider-left", "slider-right"]);

/** The name of the pressed key: "a", "Shift+a", "+", "Space", "ArrowLeft". */
export function nameOf(event) {
  if (event.key === " ") return "Space";
  if (event.key.length > 1) return event.key;
  const letter = event.key.toLowerCase();
  const isLetter = letter !== event.key.toUpperCase();
  return isLetter && event.shiftKey ? `Shift+${letter}` : letter;
}

export class Keys {
  /** `does` maps an action to a function, or to { down, up } for a key that is held. */
  constructor(actions, does, canDecide) {
    Object.assign(this, { does, canDecide });
    this.place = "page"; // or "chooser"
    this.held = null;
    this.capture = null; // takes the next key, for the help dialog
    this.use(actions);
    document.addEventListener("keydown", (event) => this.#down(event));
    document.addEventListener("keyup", (event) => this.#up(event));
    window.addEventListener("blur", () => this.#release());
    // A button that was clicked keeps the focus, and Space would press it again instead of selecting a picture.
    document.addEventListener("click", (event) => {
      if (event.detail > 0 && !document.querySelector("dialog[open]")) event.target.closest("button")?.blur();
    });
  }

  use(actions) {
    this.actions = actions.filter(({ id, decides }) => this.does[id] && (this.canDecide || !decides));
    for (const label of document.querySelectorAll("kbd[data-key]")) {
      const action = actions.find(({ id }) => id === label.dataset.key);
      label.textContent = action ? shown(action.keys[0]) : "";
    }
  }

  #find(event) {
    const here = this.actions.filter(({ on }) => on === "both" || on === this.place);
    // French keyboards have the digits on Shift; the physical key says which one is meant.
    const digit = /^Digit(\d)$/.exec(event.code)?.[1];
    return here.find(({ keys }) => keys.includes(nameOf(event)))
      || (event.shiftKey ? undefined : here.find(({ keys }) => digit && keys.includes(digit)));
  }

  #down(event) {
    if (event.isComposing || event.metaKey) return;
    // AltGr writes [ and ] on many keyboards and arrives as Ctrl+Alt.
    if ((event.ctrlKey || event.altKey) && !event.getModifierState("AltGraph")) return;
    if (this.capture) {
      if (["Shift", "AltGraph", "CapsLock"].includes(event.key)) return;
      event.preventDefault();
      this.capture(nameOf(event));
      return;
    }
    if (document.querySelector("dialog[open]")) return;
    if (event.target.closest?.(TYPING)) {
      if (event.key !== "Escape") return;
      event.preventDefault();
      event.target.blur();
      return;
    }
    const button = event.target.closest?.("button, summary, a");
    if (button && (event.key === " " || (event.key === "Enter" && !button.closest("#reasons")))) return;
    const action = this.#find(event);
    if (!action) return;
    event.preventDefault();
    if (event.repeat && !REPEATS.has(action.id)) return;
    const does = this.does[action.id];
    if (typeof does === "function") {
      does();
    } else {
      this.#release();
      this.held = { does, key: event.key.toLowerCase() };
      does.down();
    }
  }

  #up(event) {
    if (this.held && event.key.toLowerCase() === this.held.key) this.#release();
  }

  #release() {
    this.held?.does.up();
    this.held = null;
  }
}
