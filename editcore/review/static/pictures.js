// Pictures on their way: decoded before they are needed, so that the next one is there at the key press.

export const PREVIEW = 1600;
export const FULL = 0;
const KEPT_BEHIND = 4; // pairs kept for going back

export function address(row, kind, side) {
  const query = new URLSearchParams({ picture: row.picture, side });
  return `/pictures/${encodeURIComponent(row.row_id)}/${kind}?${query}`;
}

export const keyOf = (row) => `${row.row_id} ${row.picture}`;

export class Pictures {
  #pairs = new Map(); // key of row and side -> { promise, pair }, oldest first
  #turn = 0;

  /** The decoded pair if it is here already, for a change within the same key press. */
  ready(row, side) {
    return this.#pairs.get(`${keyOf(row)} ${side}`)?.pair ?? null;
  }

  /** { left, before, after, region }: image elements, decoded; `left` and `before` show the same picture. */
  load(row, side) {
    const key = `${keyOf(row)} ${side}`;
    const known = this.#pairs.get(key);
    if (known) return known.promise;
    const entry = { promise: null, pair: null };
    entry.promise = this.#fetch(row, side).then(
      (pair) => (entry.pair = pair),
      (error) => {
        this.#pairs.delete(key);
        throw error;
      },
    );
    this.#pairs.set(key, entry);
    return entry.promise;
  }

  async #fetch(row, side) {
    const image = (kind, name) => {
      const picture = new Image();
      picture.alt = `${row.sku} ${name}`;
      picture.draggable = false;
      picture.src = address(row, kind, side);
      return picture;
    };
    const pair = {
      left: image("before", "before"),
      before: image("before", "before"),
      after: image("after", `after: ${row.words}`),
    };
    await Promise.all(Object.values(pair).map((picture) => picture.decode()));
    return pair;
  }

  /** Loads what comes next, the nearest first, and lets go of what lies far behind. */
  async ahead(current, rows) {
    const turn = ++this.#turn;
    const wanted = new Set([current, ...rows].map(keyOf));
    const spare = [...this.#pairs.keys()].filter((key) => !wanted.has(key.slice(0, key.lastIndexOf(" "))));
    for (const key of spare.slice(0, Math.max(0, spare.length - KEPT_BEHIND))) this.#pairs.delete(key);
    for (const row of [current, ...rows]) {
      if (turn !== this.#turn) return;
      await this.load(row, PREVIEW).catch(() => {}); // the stage says so when it is its turn
    }
  }
}
