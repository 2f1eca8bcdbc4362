// The line of pictures: which one is on the screen, which come next, and quiet news from the server.
//
// An item is a row of the server with what this page adds: `decision` as it is shown (before the server has
// answered), `letters` that are still under way about it, a `note` for the person, seconds on screen. Items that
// were decided here stay where they are, so that going back shows them.

import { get } from "./net.js";

const PAGE = 100;
const FEW = 20;

export class Line {
  #reading = null;
  #opened = 0;

  #known = new Map(); // row_id -> item: one item per row, in whatever tab it is seen

  /** `told` gets every answer of /queue; a viewer also sees what others have on the screen. */
  constructor({ canDecide, changed, told }) {
    Object.assign(this, { canDecide, changed, told });
    this.filter = { view: "waiting", recipe: "", find: "", order: "risk" };
    this.#empty();
  }

  #empty() {
    Object.assign(this, { items: [], at: 0, rest: 0, state: "loading" });
  }

  get current() { return this.items[this.at] ?? null; }
  get total() { return this.items.length + this.rest; }
  get isRecord() { return this.filter.view === "decided"; }
  get undecided() { return this.items.filter((item) => !item.decision); }
  get selected() { return this.items.filter((item) => item.selected); }

  /** Another tab, filter or order: from its beginning. */
  async open(filter) {
    this.filter = { ...this.filter, ...filter };
    this.#opened += 1;
    this.#reading = null;
    for (const item of this.selected) item.selected = false;
    this.#empty();
    this.changed();
    await this.refresh();
  }

  /** Asks the server for news and for more, without moving what is on the screen. */
  refresh() {
    if (this.#reading) return this.#reading;
    const reading = this.#read(this.#opened).finally(() => {
      if (this.#reading === reading) this.#reading = null;
    });
    this.#reading = reading;
    return reading;
  }

  async #read(opened) {
    const wanted = (this.isRecord ? this.items : this.undecided).length + PAGE / 2;
    const rows = [];
    let answer;
    try {
      do {
        answer = await get("/queue", { ...this.filter, offset: rows.length, limit: PAGE });
        rows.push(...answer.rows);
      } while (answer.rows.length && rows.length < Math.min(wanted, answer.total));
    } catch (error) {
      if (opened === this.#opened && !this.items.length) this.#fail(error);
      return;
    }
    if (opened !== this.#opened) return;
    this.#merge(rows, answer);
    this.told(answer);
    this.changed();
  }

  #fail(error) {
    this.state = "unreachable";
    this.trouble = error.message;
    this.changed();
  }

  #merge(rows, answer) {
    const fresh = new Map(rows.map((row) => [row.row_id, row]));
    const whole = rows.length >= answer.total;
    const current = this.current;
    const kept = this.items.filter((item) => {
      const row = fresh.get(item.row.row_id);
      fresh.delete(item.row.row_id);
      if (row) this.#item(row);
      return row || !whole || item === current || item.letters || item.row.last > answer.journal
        || (item.decision && !this.isRecord);
    });
    for (const row of fresh.values()) kept.push(this.#item(row));
    this.items = kept;
    this.at = current ? kept.indexOf(current) : kept.length;
    this.rest = Math.max(0, answer.total - rows.length);
    this.state = answer.state;
    if (current) return;
    this.at = 0;
    this.#open(0);
  }

  /** The item of a row; what the server says is taken over, unless this page knows something newer. */
  #item(row) {
    const item = this.#known.get(row.row_id);
    if (!item) {
      const made = { row, decision: row.decision, letters: 0, note: "", seconds: 0, selected: false };
      this.#known.set(row.row_id, made);
      return made;
    }
    if (item.letters || item.row.last > row.last) item.row.held_by = row.held_by;
    else Object.assign(item, { row, decision: row.decision });
    return item;
  }

  free(item) { return !this.canDecide || !item.row.held_by; }

  /** J and K: the neighbour that nobody else has on the screen. */
  step(by) {
    let to = this.at + by;
    while (this.items[to] && !this.free(this.items[to])) to += by;
    if (!this.items[to]) return false;
    this.go(to);
    return true;
  }

  /** The next undecided item, from the beginning again if need be; past the end if there is none. */
  advance() {
    if (this.isRecord) return this.changed();
    this.#open(this.at);
    this.changed();
    this.#more();
  }

  #open(from) {
    if (this.isRecord) return;
    const open = (item) => !item.decision && this.free(item);
    const ahead = this.items.findIndex((item, index) => index >= from && open(item));
    const again = ahead < 0 ? this.items.findIndex(open) : ahead;
    this.at = again < 0 ? this.items.length : again;
  }

  /** Later: to the end of what is here. */
  skip() {
    const [item] = this.items.splice(this.at, 1);
    this.items.push(item);
    this.advance();
    return this.current !== item;
  }

  go(index) {
    this.at = index;
    this.changed();
    this.#more();
  }

  /** Brings an item on the screen; into the line first if this tab or filter does not have it. */
  show(item) {
    const there = this.items.indexOf(item);
    if (there < 0) this.items.splice(this.at, 0, item);
    this.go(there < 0 ? this.at : there);
  }

  /** What will probably be looked at next. */
  ahead(count) {
    const coming = this.items.slice(this.at + 1);
    return (this.isRecord ? coming : coming.filter((item) => !item.decision && this.free(item))).slice(0, count);
  }

  #more() {
    const left = Math.min(this.items.length - this.at, this.isRecord ? Infinity : this.undecided.length);
    if (this.rest > 0 && left < FEW) this.refresh();
  }
}
