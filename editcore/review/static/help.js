// The keys, and changing them: click one, press another.

import { $, el } from "./dom.js";
import { load, rebind, reset, shown } from "./keymap.js";

const GROUPS = [["page", "Deciding and moving"], ["both", "Comparing"], ["chooser", "While rejecting"]];
const groupOf = ({ id, on }) => (id.startsWith("zoom") ? "both" : on);

export class Help {
  constructor(keys) {
    this.keys = keys;
    this.dialog = $("help");
    $("help-reset").addEventListener("click", () => { reset(); this.#renew("The usual keys are back."); });
    $("help-close").addEventListener("click", () => this.dialog.close());
    this.dialog.addEventListener("close", () => { this.keys.capture = null; });
  }

  open() {
    this.#renew("");
    this.dialog.showModal();
    $("help-close").focus();
  }

  #renew(text) {
    this.keys.capture = null;
    const { actions } = load();
    this.keys.use(actions);
    const visible = this.keys.actions.filter(({ text }) => text);
    $("help-keys").replaceChildren(...GROUPS.flatMap(([on, title]) => {
      const lines = visible.filter((action) => groupOf(action) === on);
      return lines.length ? [el("section", {}, el("h3", {}, title), ...lines.map((action) => this.#row(action)))] : [];
    }));
    $("help-text").textContent = text;
  }

  #row(action) {
    const names = action.keys.map(shown);
    const own = action.fixed ? el("kbd", {}, names[0]) : el("button", {
      type: "button", class: "key", "aria-label": `Change the key ${names[0]} for: ${action.text}`,
    }, names[0]);
    if (!action.fixed) own.addEventListener("click", () => this.#ask(action, own));
    const others = names.slice(1).map((name) => el("kbd", {}, name));
    return el("div", { class: "key-row" }, el("span", {}, action.text), el("span", { class: "key-names" }, own, ...others));
  }

  #ask(action, button) {
    this.#renew("");
    const waiting = [...$("help-keys").querySelectorAll("button.key")]
      .find((other) => other.getAttribute("aria-label") === button.getAttribute("aria-label"));
    waiting.textContent = "press a key";
    waiting.classList.add("waiting");
    waiting.focus();
    $("help-text").textContent = `Press the new key for “${action.text}”, or Escape.`;
    this.keys.capture = (key) => {
      if (key === "Escape") return this.#renew("");
      this.#renew(rebind(load().actions, action.id, key));
    };
  }
}
