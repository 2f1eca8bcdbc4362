// Deciding and undoing: shown at once, written to the server in the background.

import { plural } from "./dom.js";
import { newId } from "./net.js";

const DAY = 86400; // seconds; a picture left on the screen over night was not looked at for longer

export class Decisions {
  #mine = []; // own decisions, the last one to be undone first

  constructor({ who, line, outbox, say, counted }) {
    Object.assign(this, { who, line, outbox, say, counted });
  }

  /** One decision about one or several items. `more`: reasons, note, words, again. */
  decide(items, verdict, seconds, more = {}) {
    const details = { reasons: [], note: "", words: null, again: false, ...more };
    const rows = items.map(({ row }) => ({ row_id: row.row_id, picture: row.picture, last: row.last }));
    const decision = { verdict, ...details, by: this.who, at: new Date().toISOString(), entry: null };
    const letter = {
      path: "/decisions", body: { id: newId(), verdict, rows, ...details, seconds: Math.min(seconds, DAY) }, items, decision,
      earlier: items.map((item) => item.decision), filter: this.line.filter, entry: null,
    };
    letter.answered = (answer) => this.#answered(letter, answer);
    letter.refused = (error) => this.#refused(letter, error);
    for (const item of items) Object.assign(item, { decision, letters: item.letters + 1, note: "", selected: false });
    this.#mine.push(letter);
    this.outbox.put(letter);
    return letter;
  }

  approveAll(filter, { total, journal }, seconds) {
    const { view, recipe, find } = filter;
    const body = { id: newId(), view, recipe, find, total, journal, seconds };
    const letter = { path: "/decisions/all", body, items: [], earlier: [], filter, entry: null };
    letter.answered = (answer) => {
      this.#answered(letter, answer);
      this.say(`${plural(answer.count, "picture")} approved together.`);
      this.line.open({});
    };
    letter.refused = (error) => this.#refused(letter, error);
    this.#mine.push(letter);
    this.outbox.put(letter);
  }

  /** The own last decision, wherever it was made. Returns it, or null if there is none. */
  last() {
    return this.#mine.at(-1) ?? null;
  }

  /** The decision an item shows, to be undone: the own letter, or what the server told about it. */
  of(item) {
    if (!item?.decision) return null;
    const own = this.#mine.find(({ decision }) => decision && decision === item.decision);
    if (own) return own;
    const { entry } = item.decision;
    const mine = this.#mine.find((letter) => letter.entry === entry);
    const items = this.line.items.filter((other) => other.decision?.entry === entry);
    return mine ?? { items, earlier: items.map(() => null), decision: item.decision, entry, filter: this.line.filter };
  }

  undo(target) {
    this.#mine = this.#mine.filter((letter) => letter !== target);
    const letter = {
      path: "/undo", body: { id: newId(), entry: target.entry }, items: target.items, undoes: target, entry: null,
    };
    letter.answered = (answer) => {
      this.#answered(letter, answer);
      if (answer.rows.length > 1) this.say(`Taken back for ${plural(answer.rows.length, "picture")}.`);
      if (!target.items.length) this.line.open({});
    };
    letter.refused = (error) => {
      for (const item of target.items) if (item.letters === 1) item.decision = target.decision;
      this.#settled(letter);
      this.say(error.message, true);
      this.line.refresh();
    };
    target.items.forEach((item, index) => {
      Object.assign(item, { decision: target.earlier[index], letters: item.letters + 1, note: "" });
    });
    this.outbox.put(letter);
  }

  // Later letters about the same rows, and the undo of this one, were written before its number was known.
  #answered(letter, { entry, unapplied }) {
    letter.entry = entry;
    if (letter.decision) letter.decision.entry = entry;
    const rows = new Set(letter.items.map(({ row }) => row.row_id));
    for (const item of letter.items) item.row.last = entry;
    for (const later of this.outbox.letters) {
      if (later === letter) continue;
      if (later.undoes === letter) later.body.entry = entry;
      for (const row of later.body.rows ?? []) if (rows.has(row.row_id)) row.last = entry;
    }
    this.#settled(letter);
    this.counted({ entry, unapplied });
  }

  #refused(letter, error) {
    this.#mine = this.#mine.filter((other) => other !== letter);
    for (const later of this.outbox.letters) {
      if (later.undoes !== letter) continue;
      later.void = true;
      this.#settled(later);
    }
    letter.items.forEach((item, index) => {
      if (item.decision === letter.decision) item.decision = letter.earlier[index];
      if (!error.rows.length || error.rows.includes(item.row.row_id)) item.note = error.message;
      if (letter.items.length > 1) item.selected = !error.rows.includes(item.row.row_id);
    });
    this.#settled(letter);
    this.say(letter.items.length === 1 ? `${letter.items[0].row.sku}: ${error.message}` : error.message, true);
    this.line.refresh();
  }

  #settled(letter) {
    for (const item of letter.items) item.letters -= 1;
    this.line.changed();
  }
}
