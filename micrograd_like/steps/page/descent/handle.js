// The start as a ring in the picture, which is dragged, or moved with the arrow keys.

class StartHandle {
  /** @param {DescentView} view */
  constructor(view) {
    this.view = view;
    this.picture = view.stage.picture;
    this.ring = svgPart("circle", { id: "ring", class: "ring", r: 11, tabindex: 0 });
    this.ring.setAttribute("role", "slider");
    this.ring.setAttribute("aria-label", "start");
    this.picture.append(this.ring);
    this.isDragged = false;
    this.ring.addEventListener("pointerdown", (event) => this.begin(event));
    this.ring.addEventListener("pointermove", (event) => this.move(event));
    for (const name of /** @type {const} */ (["pointerup", "pointercancel"]))
      this.ring.addEventListener(name, () => this.end());
    this.ring.addEventListener("keydown", (event) => this.press(event));
    LISTED.push(["drag the ring", "another start; the arrow keys move it, too"]);
  }

  /** @param {PointerEvent} event */
  begin(event) {
    if (event.button) return;
    event.stopPropagation(); // the picture stays where it is
    event.preventDefault();
    this.ring.setPointerCapture(event.pointerId);
    this.isDragged = true;
  }

  /** @param {PointerEvent} event */
  move(event) {
    const matrix = this.picture.getScreenCTM();
    if (!this.isDragged || !matrix) return;
    event.stopPropagation();
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
    const at = this.view.place.at(point);
    this.view.set({ start: this.view.start.map((_, k) => this.rounded(at[k], k)) });
  }

  end() {
    this.isDragged = false;
  }

  /** The arrow keys move the start by a hundredth of the axis; Shift by a tenth. @param {KeyboardEvent} event */
  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const axes = this.view.start.length;
    /** @type {Record<string, [number, number]>} */
    const moves = {
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
      ArrowDown: [axes - 1, -1],
      ArrowUp: [axes - 1, 1],
    };
    if (!Object.hasOwn(moves, event.key)) return;
    event.preventDefault();
    const [axis, sign] = moves[event.key];
    const [low, high] = this.view.place.windows[axis];
    const by = (sign * (high - low)) / (event.shiftKey ? 10 : 100);
    this.view.set({
      start: this.view.start.map((x, k) => (k === axis ? this.rounded(x + by, k) : x)),
    });
  }

  /** A number with no more digits than can be seen on the axis. @param {number} x @param {number} axis */
  rounded(x, axis) {
    const [low, high] = this.view.place.windows[axis];
    const unit = 10 ** Math.floor(Math.log10((high - low) / 400));
    return Number((Math.round(x / unit) * unit).toPrecision(12));
  }

  /** Show where the start is; of one outside the picture, where it would come in. */
  write() {
    const { view } = this;
    const at = view.start.length === 1 ? [view.start[0], view.way.error] : view.start;
    const [cx, cy] = view.place.inside(at);
    const [low, high] = view.place.windows[0];
    setAll(this.ring, {
      cx: fixed(cx, 1),
      cy: fixed(cy, 1),
      "aria-valuemin": low,
      "aria-valuemax": high,
      "aria-valuenow": view.start[0],
      "aria-valuetext": view.way.problem || view.frames.told,
    });
    this.ring.classList.toggle("away", !view.place.has(at));
  }
}
