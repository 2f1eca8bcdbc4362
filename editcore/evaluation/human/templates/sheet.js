"use strict";
// Answers live in localStorage under the sheet's name; the page knows no method's name.
const sheet = JSON.parse(document.getElementById("sheet").textContent);
const store = `vitrine-sheet-${sheet.name}`;
const state = load();
let at = Math.max(0, sheet.pairs.findIndex((pair) => !state.answers[pair.pair]));
if (sheet.pairs.every((pair) => state.answers[pair.pair])) at = sheet.pairs.length;
let since = Date.now();

const element = (id) => document.getElementById(id);

function load() {
  const fresh = { rater: "", answers: {} };
  try {
    return Object.assign(fresh, JSON.parse(localStorage.getItem(store) || "{}"));
  } catch {
    return fresh;
  }
}

function save() {
  try {
    localStorage.setItem(store, JSON.stringify(state));
  } catch {
    element("kept").textContent = "This browser keeps nothing: export before you close the page.";
  }
}

function show() {
  const given = sheet.pairs.filter((pair) => state.answers[pair.pair]).length;
  element("progress").max = sheet.pairs.length;
  element("progress").value = given;
  const done = at >= sheet.pairs.length;
  element("count").textContent = done ? `${given} of ${sheet.pairs.length} answered` : `${at + 1} of ${sheet.pairs.length}`;
  element("ask").hidden = done;
  element("done").hidden = !done;
  since = Date.now();
  if (done) return;
  const pair = sheet.pairs[at];
  element("words").textContent = pair.words;
  for (const side of ["left", "source", "right"]) element(side).querySelector("img").src = pair[side];
  const choice = state.answers[pair.pair] ? state.answers[pair.pair].choice : "";
  for (const side of ["left", "right"]) element(side).classList.toggle("picked", choice === side);
  document.querySelector(".actions [data-choice=tie]").classList.toggle("picked", choice === "tie");
  element("back").disabled = at === 0;
}

function answer(choice) {
  if (at >= sheet.pairs.length) return;
  state.answers[sheet.pairs[at].pair] = { choice, seconds: Math.round((Date.now() - since) / 100) / 10 };
  save();
  at += 1;
  show();
}

function back() {
  if (at === 0) return;
  at -= 1;
  show();
}

function answers() {
  return sheet.pairs
    .filter((pair) => state.answers[pair.pair])
    .map((pair) => ({ pair: pair.pair, ...state.answers[pair.pair] }));
}

function download(text, type, suffix) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = `tally-${sheet.name}${state.rater ? "-" + state.rater.replace(/[^\w-]+/g, "_") : ""}.${suffix}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function exportJson() {
  download(JSON.stringify({ sheet: sheet.name, rater: state.rater, answers: answers() }, null, 1), "application/json", "json");
}

function exportCsv() {
  const cell = (value) => `"${String(value).replace(/"/g, '""')}"`;
  const lines = answers().map((a) => [sheet.name, state.rater, a.pair, a.choice, a.seconds].map(cell).join(","));
  download(["sheet,rater,pair,choice,seconds", ...lines].join("\n") + "\n", "text/csv", "csv");
}

const keys = { 1: "left", ArrowLeft: "left", 2: "right", ArrowRight: "right", 0: "tie", ArrowDown: "tie" };
document.addEventListener("keydown", (event) => {
  if (event.target.id === "rater" || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (keys[event.key]) answer(keys[event.key]);
  else if (event.key === "Backspace") back();
  else return;
  event.preventDefault();
});
for (const button of document.querySelectorAll("[data-choice]"))
  button.addEventListener("click", () => { answer(button.dataset.choice); button.blur(); });
element("back").addEventListener("click", (event) => { back(); event.target.blur(); });
element("again").addEventListener("click", back);
element("json").addEventListener("click", exportJson);
element("csv").addEventListener("click", exportCsv);
element("rater").value = state.rater;
element("rater").addEventListener("input", (event) => { state.rater = event.target.value.trim(); save(); });
show();
