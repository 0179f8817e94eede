// look(stage, options) lets a reader zoom, move and find names in the SVG that lies in an element
// that scrolls.  It returns the controls and what the page may call; `page.py` says how to use it.

/**
 * @typedef {object} LookOptions
 * @property {Partial<typeof LOOK_KEYS>} [keys] other keys
 * @property {(part: Element | null) => void} [tell] tells about a part that was found, or ends that
 * @property {number} [least] the scale down to which the picture is shown whole at the start
 * @property {Element} [frame] what a full screen shows
 */

/**
 * @param {HTMLElement} stage
 * @param {LookOptions} [options]
 */
function look(stage, options = {}) {
  const picture = /** @type {SVGSVGElement} */ (stage.querySelector(":scope > svg"));
  const zoom = new Zoom(stage, picture, options.least ?? 0.8);
  stage.classList.add("looking");
  stage.tabIndex = 0;
  stage.setAttribute("role", "region");
  enableDragging(zoom);
  enablePinching(zoom);

  const finder = new Finder(zoom, options.tell ?? tellBelow(stage));
  const frame = options.frame ?? document.documentElement;
  const controls = new Controls(zoom, finder, { ...LOOK_KEYS, ...options.keys }, frame);
  stage.before(controls.element);
  new ResizeObserver(() => zoom.follow()).observe(stage);
  zoom.follow();
  return {
    controls: controls.element,
    take: (/** @type {SVGSVGElement} */ other) => {
      finder.find("");
      zoom.take(other);
      zoom.follow();
    },
    zoom: (/** @type {number} */ scale) => zoom.by(scale / zoom.scale),
    whole: () => zoom.whole(),
    full: () => zoom.full(),
    show: (/** @type {Element[]} */ elements) => zoom.show(elements),
    find: (/** @type {string} */ words) => finder.find(words),
    next: (/** @type {number} */ step) => finder.next(step),
    scale: () => zoom.scale,
  };
}
