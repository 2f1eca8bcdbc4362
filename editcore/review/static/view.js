// Zoom and place, the same for both pictures, and kept from one item to the next.
//
// The zoom counts screen pixels per pixel of the picture, so 1 is what a retoucher calls 100 %. The place is the
// point of the picture, as shares of its width and height, that lies in the middle of the pane.

const MOST = 16;
const GROUND = 12; // pixels of the neutral ground left around a whole picture
const BIGGEST_FIT = 2; // a very small picture is not blown up to fill the window

export class View {
  constructor() {
    this.fit();
  }

  fit() {
    Object.assign(this, { whole: true, zoom: 1, x: 0.5, y: 0.5 });
  }

  /** CSS pixels per pixel of the picture; `pane` and `picture` have width and height. */
  scale(pane, picture) {
    return this.whole ? fitScale(pane, picture) : this.zoom / devicePixelRatio;
  }

  /** Where the picture lies in the pane, in CSS pixels; it is never pushed out of sight. */
  place(pane, picture) {
    const scale = this.scale(pane, picture);
    const width = picture.width * scale, height = picture.height * scale;
    return { scale, width, height, left: inside(pane.width, width, this.x), top: inside(pane.height, height, this.y) };
  }

  /** Zooms so that the point (x, y) of the pane stays where it is. */
  zoomTo(zoom, x, y, pane, picture) {
    const { scale, left, top } = this.place(pane, picture);
    const fit = fitScale(pane, picture), own = 1 / devicePixelRatio;
    let next = Math.min(MOST, zoom) / devicePixelRatio;
    if (next < own) next = Math.max(next, Math.min(fit, own)); // only what fits enlarged can become smaller than that
    if (Math.abs(next / fit - 1) < 0.01) return this.fit();
    const ratio = next / scale;
    const movedLeft = x - (x - left) * ratio, movedTop = y - (y - top) * ratio;
    this.whole = false;
    this.zoom = next * devicePixelRatio;
    this.#centre(movedLeft, movedTop, next, pane, picture);
  }

  zoomBy(factor, x, y, pane, picture) {
    this.zoomTo(this.scale(pane, picture) * devicePixelRatio * factor, x, y, pane, picture);
  }

  panBy(dx, dy, pane, picture) {
    if (this.whole) return;
    const { scale, left, top } = this.place(pane, picture);
    this.#centre(left + dx, top + dy, scale, pane, picture);
  }

  #centre(left, top, scale, pane, picture) {
    const width = picture.width * scale, height = picture.height * scale;
    this.x = within(pane.width, width, (pane.width / 2 - left) / width);
    this.y = within(pane.height, height, (pane.height / 2 - top) / height);
  }
}

function fitScale(pane, picture) {
  const ground = pane.width > 400 ? 2 * GROUND : GROUND;
  const scale = Math.min((pane.width - ground) / picture.width, (pane.height - ground) / picture.height);
  return Math.max(0.001, Math.min(scale, BIGGEST_FIT / devicePixelRatio));
}

/** The share that may lie in the middle without showing empty ground that need not be shown. */
function within(pane, size, share) {
  if (size <= pane) return 0.5;
  const margin = pane / 2 / size;
  return Math.min(1 - margin, Math.max(margin, share));
}

function inside(pane, size, share) {
  return pane / 2 - within(pane, size, share) * size;
}
