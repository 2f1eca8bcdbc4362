// The pictures: four ways of comparing, one zoom for both.

import { $ } from "./dom.js";
import { address, FULL, keyOf, PREVIEW } from "./pictures.js";
import { View } from "./view.js";

export const MODES = ["side", "slider", "blink", "difference"];
const BLINK_MS = 500; // twice a second
const SHARPER = 1.2; // screen pixels per pixel of the preview from which on the full picture is fetched
const AGAIN_MS = 3000;
const STORE = "vitrine-review-mode";

export class Stage {
  constructor(pictures, zoomed) {
    this.pictures = pictures;
    this.zoomed = zoomed;
    this.view = new View();
    this.row = null;
    this.pair = null;
    this.split = 0.5;
    this.root = $("stage");
    this.pane = $("main-pane");
    this.use(remembered());
    new ResizeObserver(() => this.draw()).observe(this.root);
    const still = matchMedia("(prefers-reduced-motion: reduce)");
    setInterval(() => {
      const before = this.mode === "blink" && !still.matches && this.root.dataset.phase !== "before";
      this.#phase(before ? "before" : "after");
    }, BLINK_MS);
  }

  use(mode) {
    this.mode = mode;
    this.root.dataset.mode = mode;
    for (const button of document.querySelectorAll("[data-use]")) {
      button.setAttribute("aria-pressed", String(button.dataset.use === mode));
    }
    try { localStorage.setItem(STORE, mode); } catch { /* not remembered then */ }
    this.draw();
  }

  nextMode() {
    this.use(MODES[(MODES.indexOf(this.mode) + 1) % MODES.length]);
  }

  /** While a key is held: the picture before, in whatever mode. */
  hold(held) {
    this.root.toggleAttribute("data-held", held);
    this.#tag();
  }

  slide(to) {
    this.split = Math.min(1, Math.max(0, to));
    this.draw();
  }

  zoom(change) {
    if (!this.row) return;
    const { width, height } = this.size();
    change(this.view, width / 2, height / 2, { width, height }, this.row);
    this.draw();
  }

  size() {
    return { width: this.pane.clientWidth, height: this.pane.clientHeight };
  }

  /** Shows a row's pictures: at once if they are loaded, an empty ground until they are if not. */
  show(row) {
    if (this.row && row && keyOf(this.row) === keyOf(row)) return;
    this.row = row;
    this.failed(false);
    const pair = row && (this.pictures.ready(row, FULL) || this.pictures.ready(row, PREVIEW));
    this.#put(pair || null);
    if (row && !pair) this.#fetch(PREVIEW);
    this.draw();
  }

  #put(pair) {
    this.pair = pair;
    this.root.dataset.shown = pair ? this.row.row_id : "";
    this.root.toggleAttribute("data-loading", Boolean(this.row && !pair));
    $("left-layer").replaceChildren(...(pair ? [pair.left] : []));
    $("before-layer").replaceChildren(...(pair ? [pair.before] : []));
    $("after-layer").replaceChildren(...(pair ? [pair.after] : []));
  }

  async #fetch(side) {
    const row = this.row;
    try {
      const pair = await this.pictures.load(row, side);
      if (this.row !== row) return;
      this.failed(false);
      this.#put(pair);
      this.draw();
    } catch {
      if (this.row !== row || side === FULL) return;
      this.failed(true);
      setTimeout(() => this.row === row && !this.pair && this.#fetch(side), AGAIN_MS);
    }
  }

  failed(is) {
    $("loading").textContent = is ? "The pictures could not be loaded. Trying again …" : "Loading the pictures …";
  }

  draw() {
    if (!this.row || !this.root.clientWidth) return this.zoomed("");
    const stacked = this.root.clientWidth < this.root.clientHeight;
    this.root.toggleAttribute("data-stacked", stacked);
    const pane = this.size();
    const { left, top, width, height, scale } = this.view.place(pane, this.row);
    const onScreen = scale * devicePixelRatio;
    for (const picture of this.pair ? [this.pair.left, this.pair.before, this.pair.after] : []) {
      picture.style.transform = `translate(${left}px, ${top}px)`;
      picture.style.width = `${width}px`;
      picture.style.height = `${height}px`;
      picture.style.imageRendering = onScreen >= 4 ? "pixelated" : "auto";
    }
    this.#region({ left, top, width, height });
    // The slider's line stays inside the picture, so that it can always be taken hold of.
    const from = Math.max(0, left), to = Math.min(pane.width, left + width);
    const line = from + (to - from) * this.split;
    this.line = { at: line, from, to };
    $("handle").style.transform = `translateX(${line}px)`;
    $("before-layer").style.clipPath = this.mode === "slider" && !this.root.hasAttribute("data-held")
      ? `inset(0 ${Math.max(0, pane.width - line)}px 0 0)` : "none";
    this.root.toggleAttribute("data-zoomed", !this.view.whole);
    this.zoomed(`${Math.round(onScreen * 100)} %`);
    this.#tag();
    this.#sharpen(onScreen);
  }

  // A difference of two lossy previews shows mostly their loss, so it is taken from the full pictures.
  #sharpen(onScreen) {
    const longest = Math.max(this.row.width, this.row.height);
    const perPixel = onScreen * longest / Math.min(PREVIEW, longest);
    if (!this.pair || (perPixel <= SHARPER && this.mode !== "difference")) return;
    const full = this.pictures.ready(this.row, FULL);
    if (!full) this.#fetch(FULL);
    else if (full !== this.pair) { this.#put(full); this.draw(); }
  }

  #region({ left, top, width, height }) {
    const region = $("region");
    const wanted = this.mode === "difference" && this.pair && this.row.kinds.includes("region");
    region.hidden = !wanted;
    if (!wanted) return;
    const source = address(this.row, "region", PREVIEW);
    if (region.getAttribute("src") !== source) region.src = source;
    region.style.transform = `translate(${left}px, ${top}px)`;
    region.style.width = `${width}px`;
    region.style.height = `${height}px`;
  }

  #phase(phase) {
    if (this.root.dataset.phase === phase) return;
    this.root.dataset.phase = phase;
    this.#tag();
  }

  #tag() {
    const before = this.root.hasAttribute("data-held") || (this.mode === "blink" && this.root.dataset.phase === "before");
    const name = before || this.mode === "slider" ? "Before" : this.mode === "difference" ? "Difference × 4" : "After";
    if ($("tag").textContent !== name) $("tag").textContent = name;
    if (this.mode === "slider") {
      $("before-layer").style.clipPath = before || !this.line ? "none"
        : `inset(0 ${Math.max(0, this.size().width - this.line.at)}px 0 0)`;
    }
  }
}

function remembered() {
  try {
    const mode = localStorage.getItem(STORE);
    return MODES.includes(mode) ? mode : "side";
  } catch {
    return "side";
  }
}
