// Mouse and fingers on the pictures: wheel and pinch zoom, dragging moves them, or the slider's line.

const REACH = 18; // pixels on each side of the slider's line that take hold of it

export function listen(stage) {
  const fingers = new Map();
  let sliding = false, apart = 0;

  /** The pane under the pointer and the place in it; the panes are of one size. */
  function spot(event) {
    const pane = event.target.closest(".pane");
    if (!pane || !stage.row) return null;
    const box = pane.getBoundingClientRect();
    return { pane, x: event.clientX - box.left, y: event.clientY - box.top };
  }

  function zoomAt(factor, x, y) {
    stage.view.zoomBy(factor, x, y, stage.size(), stage.row);
    stage.draw();
  }

  function slideTo(x) {
    const { from, to } = stage.line;
    stage.slide((x - from) / Math.max(1, to - from));
  }

  stage.root.addEventListener("wheel", (event) => {
    const at = spot(event);
    if (!at) return;
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 24 : 1;
    zoomAt(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0015)), at.x, at.y);
  }, { passive: false });

  stage.root.addEventListener("pointerdown", (event) => {
    const at = spot(event);
    if (!at || event.button > 0) return;
    at.pane.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, at);
    apart = 0;
    const near = Math.abs(at.x - stage.line.at) <= REACH;
    sliding = stage.mode === "slider" && fingers.size === 1 && (near || stage.view.whole);
    if (sliding) slideTo(at.x);
    stage.root.toggleAttribute("data-dragging", true);
  });

  stage.root.addEventListener("pointermove", (event) => {
    const last = fingers.get(event.pointerId);
    if (!last || !stage.row) return;
    const box = last.pane.getBoundingClientRect();
    const now = { ...last, x: event.clientX - box.left, y: event.clientY - box.top };
    fingers.set(event.pointerId, now);
    if (fingers.size === 2) pinch();
    else if (sliding) slideTo(now.x);
    else {
      stage.view.panBy(now.x - last.x, now.y - last.y, stage.size(), stage.row);
      stage.draw();
    }
  });

  function pinch() {
    const [one, two] = fingers.values();
    const distance = Math.hypot(one.x - two.x, one.y - two.y);
    if (apart) zoomAt(distance / apart, (one.x + two.x) / 2, (one.y + two.y) / 2);
    apart = distance;
  }

  for (const name of ["pointerup", "pointercancel"]) {
    stage.root.addEventListener(name, (event) => {
      fingers.delete(event.pointerId);
      apart = 0;
      if (fingers.size) return;
      sliding = false;
      stage.root.toggleAttribute("data-dragging", false);
    });
  }

  stage.root.addEventListener("dblclick", (event) => {
    const at = spot(event);
    if (at && stage.mode !== "slider") toggle(stage, at.x, at.y);
  });
}

/** The whole picture, or one screen pixel per pixel at (x, y) of the pane. */
export function toggle(stage, x, y) {
  if (stage.view.whole) stage.view.zoomTo(1, x, y, stage.size(), stage.row);
  else stage.view.fit();
  stage.draw();
}
