// Which key does what, with a person's own changes on top, and no key with two meanings.
//
// `on` says where a key counts: on the page, in the reason chooser, or in both. `decides` marks what a viewer
// does not have. `fixed` keys cannot be changed: they are printed on the reasons.

const STORE = "vitrine-review-keys";

export const ACTIONS = [
  { id: "approve", keys: ["a"], text: "Approve", on: "page", decides: true },
  { id: "reject", keys: ["r"], text: "Reject: choose the reasons", on: "page", decides: true },
  { id: "skip", keys: ["s"], text: "Skip: later, without a decision", on: "page", decides: true },
  { id: "undo", keys: ["u"], text: "Undo your last decision", on: "page", decides: true },
  { id: "select", keys: ["Space"], text: "Select the picture", on: "page", decides: true },
  { id: "approve-selected", keys: ["Shift+a"], text: "Approve all selected", on: "page", decides: true },
  { id: "next", keys: ["j", "ArrowRight"], text: "Next picture", on: "page" },
  { id: "previous", keys: ["k", "ArrowLeft"], text: "Previous picture", on: "page" },
  { id: "blink", keys: ["b"], text: "Hold: the picture before", on: "both" },
  { id: "mode", keys: ["m"], text: "Next way of comparing", on: "both" },
  { id: "slider-left", keys: ["["], text: "Slider to the left", on: "both" },
  { id: "slider-right", keys: ["]"], text: "Slider to the right", on: "both" },
  { id: "zoom", keys: ["z"], text: "Whole picture or 100 %", on: "both" },
  { id: "zoom-in", keys: ["+", "="], text: "Zoom in", on: "both" },
  { id: "zoom-out", keys: ["-"], text: "Zoom out", on: "page" },
  { id: "zoom-fit", keys: ["0"], text: "Whole picture", on: "page" },
  { id: "help", keys: ["?"], text: "Show these keys", on: "page" },
  { id: "note", keys: ["n"], text: "Write a note", on: "chooser", decides: true },
  { id: "words", keys: ["w"], text: "Make it again with other words", on: "chooser", decides: true },
  { id: "again", keys: ["g"], text: "Make it again with the same words", on: "chooser", decides: true },
  { id: "send", keys: ["Enter"], text: "Send the rejection", on: "chooser", decides: true, fixed: true },
  { id: "cancel", keys: ["Escape"], text: "Close without rejecting", on: "chooser", decides: true, fixed: true },
  ...[..."1234567890-"].map((key, index) => (
    { id: `reason-${index}`, keys: [key], text: "", on: "chooser", decides: true, fixed: true }
  )),
];

/** The sentence that says which key would mean two things; empty if none does. `asked`: the action to be changed. */
export function collision(actions, asked = "") {
  for (const place of ["page", "chooser"]) {
    const taken = new Map();
    for (const action of actions.filter(({ on }) => on === place || on === "both")) {
      for (const key of action.keys) {
        const other = taken.get(key);
        const owner = other?.id === asked ? action : other;
        if (other) return `The key ${shown(key)} already means “${owner.text || "a reason"}”.`;
        taken.set(key, action);
      }
    }
  }
  return "";
}

/** The actions with the person's own keys; what was stored and cannot be is refused with a sentence. */
export function load() {
  const fault = collision(ACTIONS);
  if (fault) throw new Error(fault);
  let own = {};
  try {
    own = JSON.parse(localStorage.getItem(STORE) || "{}") || {};
  } catch {
    return { actions: ACTIONS, fault: "Your own keys could not be read; the usual ones are in use." };
  }
  const actions = changed(ACTIONS, own);
  const clash = collision(actions);
  return clash ? { actions: ACTIONS, fault: `${clash} The usual keys are in use.` } : { actions, fault: "" };
}

/** Gives an action another first key and remembers it. Returns the sentence of a refusal, or "". */
export function rebind(actions, id, key) {
  const fault = collision(changed(actions, { [id]: key }), id);
  if (fault) return fault;
  store({ ...stored(), [id]: key });
  return "";
}

export function reset() {
  store(null);
}

function changed(actions, own) {
  return actions.map((action) => {
    const key = own[action.id];
    return typeof key === "string" && key && !action.fixed
      ? { ...action, keys: [key, ...action.keys.slice(1).filter((other) => other !== key)] }
      : action;
  });
}

function stored() {
  try {
    return JSON.parse(localStorage.getItem(STORE) || "{}") || {};
  } catch {
    return {};
  }
}

function store(own) {
  try {
    if (own) localStorage.setItem(STORE, JSON.stringify(own));
    else localStorage.removeItem(STORE);
  } catch { /* Storage may be forbidden; then the keys last until the page is left. */ }
}

const NAMES = { ArrowRight: "→", ArrowLeft: "←", Space: "space", Enter: "enter", Escape: "esc" };

/** A key as a person reads it. */
export function shown(key) {
  if (key.startsWith("Shift+")) return `⇧ ${shown(key.slice(6))}`;
  return NAMES[key] || (key.length === 1 ? key.toUpperCase() : key);
}
