// Moving the picture: by scrolling, as usual, and by dragging what is no text.

/** @param {Zoom} zoom */
function enableDragging(zoom) {
  const { stage } = zoom;
  /** @type {{ x: number, y: number } | null} */
  let from = null; // where the pointer is that drags
  let isMoved = false;

  stage.addEventListener("pointerdown", (event) => {
    const target = /** @type {Element} */ (event.target);
    isMoved = false;
    if (event.pointerType === "touch" || event.button) return; // fingers scroll
    if (target.closest("text, button, a, aside")) return;
    if (!zoom.picture.contains(target) && target !== stage) return;
    from = { x: event.clientX, y: event.clientY };
  });

  stage.addEventListener("pointermove", (event) => {
    if (!from) return;
    const x = event.clientX - from.x;
    const y = event.clientY - from.y;
    if (!isMoved && Math.hypot(x, y) < 4) return;
    isMoved = true;
    stage.setPointerCapture(event.pointerId);
    stage.classList.add("look-moved");
    zoom.watched = [];
    stage.scrollBy(-x, -y);
    from = { x: event.clientX, y: event.clientY };
  });

  const end = () => {
    from = null;
    stage.classList.remove("look-moved");
    setTimeout(() => {
      isMoved = false;
    });
  };
  stage.addEventListener("pointerup", end);
  stage.addEventListener("pointercancel", end);

  // The click at the end of a drag is none.
  stage.addEventListener("click", (event) => isMoved && event.stopImmediatePropagation(), true);
}
