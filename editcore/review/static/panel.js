// What is known about the picture on the screen.

import { $, el } from "./dom.js";

const WHEN = new Intl.DateTimeFormat("en-GB", { weekday: "short", hour: "2-digit", minute: "2-digit" });

export class Panel {
  constructor(reasons, mostTries) {
    this.labels = new Map(reasons.map(({ id, label }) => [id, label]));
    this.mostTries = mostTries;
  }

  show(item) {
    $("facts").hidden = !item;
    const seen = item && JSON.stringify([item.row, item.decision, item.note]);
    if (seen === this.seen) return;
    this.seen = seen;
    if (!item) return;
    const { row } = item;
    if (this.row !== row.row_id) $("facts").scrollTop = 0;
    this.row = row.row_id;
    $("sku").textContent = row.sku;
    $("words-shown").textContent = row.words;
    $("tags").replaceChildren(...this.#tags(row).map((tag) => el("li", {}, tag)));
    $("why").textContent = row.reason;
    const warnings = row.warnings.filter((warning) => !row.reason.includes(warning)); // said once is enough
    $("warnings").replaceChildren(...warnings.map((warning) => el("li", {}, warning)));
    $("scores").replaceChildren(...row.scores.map(({ label, value, help }) => (
      el("div", { title: help }, el("dt", {}, label), el("dd", {}, value))
    )));
    $("scores-part").hidden = !row.scores.length;
    $("item-note").textContent = item.note;
    $("item-note").hidden = !item.note;
    this.#verdict(item.decision);
  }

  #tags(row) {
    const tags = [row.recipe];
    if (row.follows_pair) tags.push("follows a before/after pair");
    if (row.attempt > 1) tags.push(`attempt ${row.attempt} of at most ${this.mostTries}`);
    tags.push(`${row.width} × ${row.height}`);
    return tags;
  }

  #verdict(decision) {
    const place = $("verdict");
    place.hidden = !decision;
    if (!decision) return;
    place.dataset.verdict = decision.verdict;
    const when = new Date(decision.at);
    const stamp = Number.isNaN(when.getTime()) ? "" : `, ${WHEN.format(when)}`;
    const lines = [el("b", {}, decision.verdict === "approve" ? "Approved" : "Rejected"), ` by ${decision.by}${stamp}`];
    const more = decision.reasons.map((reason) => this.labels.get(reason) ?? reason);
    if (more.length) lines.push(el("span", {}, more.join(" · ")));
    if (decision.note) lines.push(el("span", {}, `“${decision.note}”`));
    if (decision.words) lines.push(el("span", {}, `To be made again: “${decision.words}”`));
    else if (decision.again) lines.push(el("span", {}, "To be made again, with the same words"));
    place.replaceChildren(...lines);
  }

  /** The buttons: what can be done with this item now. */
  buttons({ item, selected, undoable, isRecord }) {
    for (const id of ["approve", "reject", "skip", "select"]) $(`do-${id}`).disabled = !item;
    $("do-skip").hidden = $("do-select").hidden = isRecord;
    $("do-undo").disabled = !undoable;
    $("do-select").setAttribute("aria-pressed", String(Boolean(item?.selected)));
    $("do-approve-selected").hidden = !selected;
    $("selected-count").textContent = `Approve ${selected} selected`;
  }
}
