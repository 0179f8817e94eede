// Zooming around the pointer, by the wheel with Ctrl; and around two fingers.

/** @param {Zoom} zoom */
function enablePinching(zoom) {
  const { stage } = zoom;

  /** @param {WheelEvent} event */
  const roll = (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const way = Math.max(-50, Math.min(50, event.deltaY));
    zoom.by(Math.exp(-way / 100), event.clientX, event.clientY);
  };
  stage.addEventListener("wheel", roll, { passive: false });

  let distance = 0; // of two fingers

  /** @param {TouchEvent} event */
  const touch = ({ touches }) => {
    distance = touches.length === 2 ? betweenFingers(touches).distance : 0;
  };
  stage.addEventListener("touchstart", touch, { passive: true });

  /** @param {TouchEvent} event */
  const spread = (event) => {
    if (event.touches.length !== 2 || !distance) return;
    event.preventDefault();
    const now = betweenFingers(event.touches);
    zoom.by(now.distance / distance, now.x, now.y);
    distance = now.distance;
  };
  stage.addEventListener("touchmove", spread, { passive: false });
}

/**
 * How far apart two fingers are, and the point between them.
 *
 * @param {TouchList} touches
 */
function betweenFingers([a, b]) {
  return {
    distance: Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY),
    x: (a.clientX + b.clientX) / 2,
    y: (a.clientY + b.clientY) / 2,
  };
}
