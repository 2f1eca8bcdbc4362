// Puts the parts together.

import { approveAll } from "./all.js";
import { Bar } from "./bar.js";
import { Chooser } from "./chooser.js";
import { Clock } from "./clock.js";
import { Decisions } from "./decisions.js";
import { $, say } from "./dom.js";
import { empty } from "./empty.js";
import { listen, toggle } from "./gestures.js";
import { Help } from "./help.js";
import { Holds } from "./holds.js";
import { load } from "./keymap.js";
import { Keys } from "./keys.js";
import { Line } from "./line.js";
import { useToken } from "./net.js";
import { Outbox } from "./outbox.js";
import { Panel } from "./panel.js";
import { Pictures } from "./pictures.js";
import { Stage } from "./stage.js";
import { Strip } from "./strip.js";

const AHEAD = 5;
const ZOOM_STEP = 1.25;
const SLIDE_STEP = 0.05;
const LOOK_AGAIN_MS = 15000;
const NEWS_MS = 500;

const setup = JSON.parse($("setup").textContent);
const canDecide = setup.role !== "viewer";
useToken(setup.token);

const pictures = new Pictures();
const clock = new Clock();
const panel = new Panel(setup.reasons, setup.most_tries);
const stage = new Stage(pictures, (text) => { $("zoom-shown").textContent = text; });
listen(stage);
let onScreen = null; // the item
let journal = 0; // the last entry this page knows
let news = 0; // timer

const line = new Line({
  canDecide,
  changed: show,
  told: (answer) => {
    journal = Math.max(journal, answer.journal);
    bar.told(answer);
  },
});
const strip = new Strip((index) => line.go(index));
const outbox = new Outbox(() => bar.outbox(outbox.letters, outbox.trouble));
const decisions = new Decisions({ who: setup.who, line, outbox, say, counted });
const bar = new Bar({ line, idle: () => outbox.idle(), journal: heard, handOver: setup.hand_over, canDecide });
const holds = new Holds((item, error) => {
  item.row.held_by = error.heldBy ?? "somebody";
  say(`${item.row.sku}: ${error.message} It comes back later.`);
  line.advance();
});
const chooser = new Chooser({
  reasons: setup.reasons,
  mostTries: setup.most_tries,
  opened: (is) => {
    keys.place = is ? "chooser" : "page";
    $("actions").hidden = is;
  },
  send: (item, details) => decide([item], "reject", details),
});

function show() {
  const item = line.current;
  if (item !== onScreen) {
    chooser.close();
    clock.watch(item);
    onScreen = item;
    if (canDecide) holds.take(item);
  }
  stage.show(item?.row ?? null);
  panel.show(item);
  panel.buttons({ item, selected: line.selected.length, undoable: undoable(), isRecord: line.isRecord });
  strip.show(line);
  $("position").textContent = item ? `${line.at + 1} of ${line.total}` : "";
  empty(line);
  bar.draw();
  const left = line.undecided.length + line.rest;
  $("approve-all").hidden = setup.role !== "approver" || line.isRecord || !left;
  $("approve-all").textContent = `Approve all ${left} shown`;
  if (!item) return;
  pictures.load(item.row, 1600).then(() => strip.fill(), () => strip.fill());
  pictures.ahead(item.row, line.ahead(AHEAD).map(({ row }) => row));
}

function counted({ entry, unapplied }) {
  bar.told({ unapplied });
  heard(entry, entry === journal + 1);
}

// Entries that this page did not write mean that others decided: look what changed.
function heard(entry, own = false) {
  if (entry <= journal) return;
  journal = entry;
  if (own) return;
  clearTimeout(news);
  news = setTimeout(() => line.refresh(), NEWS_MS);
}

function decide(items, verdict, details) {
  const counts = bar.counts;
  for (const { decision } of items) {
    if (decision) continue;
    counts[line.filter.view] -= 1;
    counts.decided += 1;
  }
  const seconds = items.reduce((sum, item) => sum + clock.take(item), 0);
  decisions.decide(items, verdict, Math.round(seconds * 10) / 10, details);
  line.advance();
}

function undoable() {
  if (!line.isRecord) return decisions.last();
  const decision = line.current?.decision;
  return decision && (decision.by === setup.who || setup.role === "approver") ? decisions.of(line.current) : null;
}

async function undo() {
  const target = undoable();
  if (!target) return say(line.isRecord ? "There is nothing to undo here." : "You have decided nothing here yet.");
  if (target.filter.view !== line.filter.view) await line.open(target.filter);
  const back = target.earlier.filter((decision) => !decision).length;
  bar.counts[line.isRecord ? "waiting" : line.filter.view] += back;
  bar.counts.decided -= back;
  decisions.undo(target);
  if (target.items.length) line.show(target.items[0]);
  say(target.items.length === 1 ? `Taken back: ${target.items[0].row.sku}.` : "Taken back.");
}

function step(by) {
  if (!line.step(by) && line.items.length) say(by > 0 ? "That was the last one." : "That was the first one.");
}

function select() {
  if (!onScreen || onScreen.decision || line.isRecord) return;
  onScreen.selected = !onScreen.selected;
  show();
}

const zoomBy = (factor) => () => stage.zoom((view, x, y, pane, row) => view.zoomBy(factor, x, y, pane, row));
const does = {
  approve: () => onScreen && decide([onScreen], "approve"),
  reject: () => onScreen && chooser.open(onScreen),
  skip: () => {
    if (onScreen && !line.isRecord && !line.skip()) say("This is the only one left.");
  },
  undo,
  select,
  "approve-selected": () => line.selected.length && decide(line.selected, "approve"),
  next: () => step(1),
  previous: () => step(-1),
  blink: { down: () => stage.hold(true), up: () => stage.hold(false) },
  mode: () => stage.nextMode(),
  "slider-left": () => stage.slide(stage.split - SLIDE_STEP),
  "slider-right": () => stage.slide(stage.split + SLIDE_STEP),
  zoom: () => stage.zoom((view, x, y) => toggle(stage, x, y)),
  "zoom-in": zoomBy(ZOOM_STEP),
  "zoom-out": zoomBy(1 / ZOOM_STEP),
  "zoom-fit": () => stage.zoom((view) => view.fit()),
  help: () => help.open(),
  note: () => $("note").focus(),
  words: () => $("words").focus(),
  again: () => chooser.toggleAgain(),
  send: () => chooser.submit(),
  cancel: () => chooser.close(),
};
setup.reasons.forEach((reason, index) => { does[`reason-${index}`] = () => chooser.toggle(index); });

const { actions, fault } = load();
const keys = new Keys(actions, does, canDecide);
const help = new Help(keys);
document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-do], [data-use]");
  if (button?.dataset.do) does[button.dataset.do]();
  else if (button) stage.use(button.dataset.use);
});
$("approve-all").addEventListener("click", () => approveAll(line.filter, outbox, decisions));
$("deciding").hidden = !canDecide;
$("looking").hidden = canDecide;
if (fault) say(fault, true);

// Nothing on the screen, or pictures on somebody else's: look again from time to time.
setInterval(() => {
  if (!document.hidden && (!line.current || line.items.some((item) => !line.free(item)))) line.refresh();
}, LOOK_AGAIN_MS);
line.open({}).then(() => bar.poll());
