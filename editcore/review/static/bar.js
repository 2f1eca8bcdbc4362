// The top of the page: tabs, filters, what is saved and what is published.

import { $, el, plural, say } from "./dom.js";
import { get, post } from "./net.js";

const POLL_MS = 15000;
const TYPING_MS = 250;
const QUIET_MS = 700; // letters that are answered faster than this are not worth a word

export class Bar {
  #waitingSince = 0;

  /** `journal(number)` is told the last entry the server knows, `idle()` waits for the outbox. */
  constructor({ line, idle, journal, handOver, canDecide }) {
    Object.assign(this, { line, idle, journal, handOver });
    this.counts = {};
    this.trouble = ""; // with sending, as it was told last
    this.state = { unapplied: 0, applying: false, text: "" };
    $("publish").hidden = !canDecide;
    $("publish").title = handOver;
    $("publish").addEventListener("click", () => this.#publish());
    for (const tab of document.querySelectorAll("[data-view]")) {
      tab.addEventListener("click", () => line.open({ view: tab.dataset.view }));
    }
    for (const id of ["recipe", "order"]) {
      $(id).addEventListener("change", (event) => {
        event.target.blur(); // so that keys mean decisions again
        line.open({ [id]: event.target.value });
      });
    }
    let typing = 0;
    $("find").addEventListener("input", () => {
      clearTimeout(typing);
      typing = setTimeout(() => line.open({ find: $("find").value.trim() }), TYPING_MS);
    });
    $("find").addEventListener("keydown", (event) => event.key === "Enter" && event.target.blur());
    setInterval(() => this.poll(), POLL_MS);
    document.addEventListener("visibilitychange", () => document.hidden || this.poll());
  }

  async poll() {
    if (document.hidden) return;
    try {
      const state = await get("/state");
      this.told(state);
      this.journal(state.journal);
    } catch { /* the next poll asks again; what is not saved is said by the outbox */ }
  }

  told({ counts, recipes, unapplied, applying, text }) {
    if (counts) this.counts = counts;
    if (recipes) this.#recipes(recipes);
    this.state = {
      unapplied: unapplied ?? this.state.unapplied, applying: applying ?? this.state.applying, text: text ?? this.state.text,
    };
    this.draw();
  }

  #recipes(recipes) {
    const select = $("recipe");
    const names = ["", ...new Set([...recipes, this.line.filter.recipe].filter(Boolean))];
    if (select.options.length && names.join("\n") === [...select.options].map(({ value }) => value).join("\n")) return;
    select.replaceChildren(...names.map((name) => el("option", { value: name }, name || `all ${recipes.length}`)));
    select.value = this.line.filter.recipe;
  }

  draw() {
    const { recipe, find, order } = this.line.filter;
    if (document.activeElement !== $("find")) $("find").value = find;
    Object.assign($("recipe"), { value: recipe });
    Object.assign($("order"), { value: order, disabled: this.line.isRecord }); // the last decision comes first there
    for (const tab of document.querySelectorAll("[data-view]")) {
      tab.setAttribute("aria-pressed", String(tab.dataset.view === this.line.filter.view));
      tab.querySelector("i").textContent = this.counts[tab.dataset.view] ?? "";
    }
    const { unapplied, applying, text } = this.state;
    const waits = unapplied ? `${plural(unapplied, "decision")} not published yet` : "";
    $("published").textContent = text || (applying ? "Publishing …" : waits);
    $("publish").disabled = applying || !unapplied;
    $("publish-part").hidden = !unapplied && !applying && !text;
  }

  /** How many letters are under way, and why the last try failed. */
  outbox(letters, trouble) {
    const count = letters.length;
    if (!count) this.#waitingSince = 0;
    else this.#waitingSince ||= performance.now();
    const slow = count && (trouble || performance.now() - this.#waitingSince >= QUIET_MS);
    const place = $("unsaved");
    place.textContent = slow ? `${count} not saved yet` : "";
    place.title = trouble;
    place.hidden = !slow;
    if (trouble && this.trouble !== trouble) say(`${trouble} Your decisions wait here and are sent again.`, true);
    if (!count && this.trouble) say("Everything is saved now.");
    this.trouble = trouble || (count ? this.trouble : "");
    if (count && !slow) setTimeout(() => this.outbox(letters, trouble), QUIET_MS);
  }

  async #publish() {
    $("publish").disabled = true;
    try {
      await this.idle();
      say((await post("/apply", {})).text);
    } catch (error) {
      say(error.message, true);
    }
    this.poll();
  }
}
