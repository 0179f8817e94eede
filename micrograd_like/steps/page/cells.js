// Turning a leaf in the picture itself: its number is dragged to the left or right.

class Cells {
  /** @param {Live} live */
  constructor(live) {
    this.live = live;
    /** What is being dragged. @type {{ leaf: number, x: number, from: number, reach: number } | null} */
    this.drag = null;
    this.isMoved = false;
    const { root } = live;
    // Before the picture, which a drag would move, and before its parts, which a click would choose.
    root.addEventListener("pointerdown", (event) => this.begin(event), { capture: true });
    root.addEventListener("pointermove", (event) => this.move(event), { capture: true });
    for (const name of ["pointerup", "pointercancel"])
      root.addEventListener(name, () => this.end(), { capture: true });
    const stay = (/** @type {TouchEvent} */ event) => this.drag && event.preventDefault(); // no scrolling
    root.addEventListener("touchmove", stay, { passive: false });
    root.addEventListener("click", (event) => this.click(event), { capture: true });
    LISTED.push(["drag a leaf’s number", "turn it"]);
    live.on("view", () => this.connect());
    this.connect();
  }

  /** The cells that can be dragged say so. */
  connect() {
    const { live } = this;
    if (live.frozen) return;
    for (const [id, { data }] of live.scenes.things) {
      const value = live.valueOf(id);
      if (value >= 0 && live.graph.isLeaf(value))
        live.stage.element(data).setAttribute("data-leaf", String(value));
    }
  }

  /** @param {PointerEvent} event */
  begin(event) {
    this.isMoved = false;
    const cell = /** @type {Element} */ (event.target).closest("[data-leaf]");
    if (!cell || event.button || !event.isPrimary) return;
    event.stopPropagation();
    const leaf = Number(cell.getAttribute("data-leaf"));
    const number = this.live.graph.data[leaf];
    const from = Number.isFinite(number) ? number : 0;
    this.drag = { leaf, from, x: event.clientX, reach: reachOf(from) };
    cell.setPointerCapture(event.pointerId);
  }

  /** @param {PointerEvent} event */
  move(event) {
    const { drag, live } = this;
    if (!drag) return;
    event.stopPropagation();
    const far = Math.round(event.clientX - drag.x);
    if (!this.isMoved && Math.abs(far) < 3) return;
    const isMore = this.isMoved;
    this.isMoved = true;
    if (!isMore && live.isChosen && live.selected !== drag.leaf) live.select(drag.leaf);
    live.set(new Map([[drag.leaf, turned(drag.from, far, drag.reach)]]), isMore);
  }

  end() {
    this.drag = null;
  }

  /** The click at the end of a drag is none. @param {MouseEvent} event */
  click(event) {
    if (this.isMoved) event.stopImmediatePropagation();
    this.isMoved = false;
  }
}
