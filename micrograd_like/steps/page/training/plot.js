// A picture with two axes: where numbers are in it, the ticks, and the data points.

const POINT_SHAPES = [
  "M-4.2 0a4.2 4.2 0 1 0 8.4 0a4.2 4.2 0 1 0 -8.4 0z",
  "M0 -5.2L5 3.8H-5z",
  "M-3.9 -3.9H3.9V3.9H-3.9z",
  "M0 -5.4L5 0L0 5.4L-5 0z",
];

class Plot {
  static LEFT = 38;
  static BELOW = 34;
  static AROUND = 8;

  /**
   * @param {HTMLElement} root which gives the size
   * @param {[number, number]} across what the axes show
   * @param {[number, number]} up
   * @param {[string, string]} names
   */
  constructor(root, across, up, names) {
    this.root = root;
    this.windows = { across, up };
    this.names = names;
    this.canvas = htmlPart("canvas", { className: "field" });
    this.svg = svgPart("svg", { class: "plot", "aria-hidden": "true" });
    this.axes = svgPart("g", { class: "axes" });
    const clip = svgPart("clipPath", { id: "inside-plot" });
    this.frame = svgPart("rect");
    clip.append(this.frame);
    this.layer = svgPart("g", { "clip-path": "url(#inside-plot)" });
    this.svg.append(clip, this.axes, this.layer);
    root.append(this.canvas, this.svg);
    this.width = 0;
    this.height = 0;
  }

  /** Take the size that there is; whether it is another one. */
  resize() {
    const { clientWidth, clientHeight } = this.root;
    const width = Math.max(40, clientWidth - Plot.LEFT - Plot.AROUND);
    const height = Math.max(40, clientHeight - Plot.BELOW - Plot.AROUND);
    if (width === this.width && height === this.height) return false;
    this.width = width;
    this.height = height;
    setAll(this.svg, { width: clientWidth, height: clientHeight });
    setAll(this.frame, { x: Plot.LEFT, y: Plot.AROUND, width, height });
    const ratio = devicePixelRatio || 1;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    const style = `left:${Plot.LEFT}px;top:${Plot.AROUND}px;width:${width}px;height:${height}px`;
    this.canvas.setAttribute("style", style);
    this.drawAxes();
    return true;
  }

  /** @param {number} x */
  x(x) {
    const [low, high] = this.windows.across;
    return Plot.LEFT + (this.width * (x - low)) / (high - low);
  }

  /** @param {number} y */
  y(y) {
    const [low, high] = this.windows.up;
    return Plot.AROUND + this.height * (1 - (y - low) / (high - low));
  }

  /** The numbers of a place on the screen; null outside of the axes. @param {PointerEvent} event */
  at(event) {
    const box = this.svg.getBoundingClientRect();
    const right = (event.clientX - box.left - Plot.LEFT) / this.width;
    const up = 1 - (event.clientY - box.top - Plot.AROUND) / this.height;
    if (right < 0 || right > 1 || up < 0 || up > 1) return null;
    const { across, up: along } = this.windows;
    return [across[0] + right * (across[1] - across[0]), along[0] + up * (along[1] - along[0])];
  }

  drawAxes() {
    const { width, height } = this;
    const bottom = Plot.AROUND + height;
    const parts = [
      svgPart("rect", { x: Plot.LEFT, y: Plot.AROUND, width, height, class: "frame" }),
    ];
    /** @type {SVGElement[]} */
    const words = [];
    for (const x of ticks(this.windows.across, width / 70)) {
      words.push(label(this.x(x), bottom + 14, number(x), "middle"));
    }
    for (const y of ticks(this.windows.up, height / 60)) {
      words.push(label(Plot.LEFT - 5, this.y(y) + 4, number(y), "end"));
    }
    words.push(label(Plot.LEFT + width / 2, bottom + 29, this.names[0], "middle"));
    const name = label(0, 0, this.names[1], "middle");
    name.setAttribute("transform", `translate(10 ${Plot.AROUND + height / 2}) rotate(-90)`);
    this.axes.replaceChildren(...parts, ...words, name);
  }
}
