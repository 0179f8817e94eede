// The loss, epoch by epoch, with a mark where the page is; a click goes there.

class LossCurve {
  /** @param {HTMLElement} root @param {TrainingData} data @param {(epoch: number) => void} go */
  constructor(root, data, go) {
    this.root = root;
    this.data = data;
    const learned = data.losses.map(Number);
    const held = data.validation.map(Number);
    const known = [...learned, ...held].filter(Number.isFinite);
    this.scale = data.logarithmic ? Math.log10 : (/** @type {number} */ x) => x;
    const scaled = known.map(this.scale);
    const [low, high] = [data.logarithmic ? Math.min(...scaled) : 0, Math.max(...scaled, 0)];
    this.low = low;
    this.high = data.logarithmic ? Math.max(...scaled) : high;
    this.curves = [learned, held].map((losses) => losses.map(this.scale));
    this.svg = svgPart("svg", { class: "plot", "aria-hidden": "true" });
    this.layer = svgPart("g");
    this.mark = svgPart("line", { class: "mark" });
    this.dot = svgPart("circle", { class: "mark", r: 4.5 });
    this.svg.append(this.layer, this.mark, this.dot);
    root.append(this.svg);
    this.epoch = 0;
    this.width = 0;
    this.height = 0;
    this.connect(go);
  }

  /** @param {(epoch: number) => void} go */
  connect(go) {
    const { svg } = this;
    /** @param {PointerEvent} event */
    const follow = (event) => {
      const right = event.clientX - svg.getBoundingClientRect().left - Plot.LEFT;
      const most = this.data.epochs.length - 1;
      go(Math.max(0, Math.min(most, Math.round((most * right) / this.width))));
    };
    svg.addEventListener("pointerdown", (event) => {
      svg.setPointerCapture(event.pointerId);
      follow(event);
    });
    svg.addEventListener("pointermove", (event) => {
      if (svg.hasPointerCapture(event.pointerId)) follow(event);
    });
  }

  resize() {
    const { clientWidth, clientHeight } = this.root;
    const width = Math.max(40, clientWidth - Plot.LEFT - Plot.AROUND);
    const height = Math.max(30, clientHeight - 22 - Plot.AROUND);
    if (width === this.width && height === this.height) return;
    this.width = width;
    this.height = height;
    setAll(this.svg, { width: clientWidth, height: clientHeight });
    this.drawCurves();
    this.go(this.epoch);
  }

  /** @param {number} k */
  x(k) {
    return Plot.LEFT + (this.width * k) / Math.max(1, this.data.epochs.length - 1);
  }

  /** @param {number} scaled */
  y(scaled) {
    return Plot.AROUND + this.height * (1 - (scaled - this.low) / (this.high - this.low || 1));
  }

  drawCurves() {
    const bottom = Plot.AROUND + this.height;
    const frame = svgPart("path", {
      class: "axis",
      d: `M${Plot.LEFT} ${Plot.AROUND}V${bottom}H${Plot.LEFT + this.width}`,
    });
    const curves = this.curves.map((losses, kind) => {
      const points = losses.flatMap((y, k) =>
        Number.isFinite(y) ? [`${this.x(k).toFixed(1)},${this.y(y).toFixed(1)}`] : [],
      );
      return svgPart("polyline", { points: points.join(" "), class: kind ? "loss held" : "loss" });
    });
    const words = this.levels().map((y) =>
      label(Plot.LEFT - 5, this.y(y) + 4, short(this.data.logarithmic ? 10 ** y : y), "end"),
    );
    const { epochs } = this.data;
    const last = epochs.length - 1;
    for (const k of new Set([0, Math.round(last / 2), last])) {
      words.push(
        label(this.x(k), bottom + 15, String(epochs[k]), k && k === last ? "end" : "middle"),
      );
    }
    this.layer.replaceChildren(frame, ...curves, ...words);
  }

  /** Where numbers stand beside the axis. */
  levels() {
    if (!this.data.logarithmic) return ticks([this.low, this.high], this.height / 40);
    const found = [];
    for (let power = Math.ceil(this.low); power <= this.high; power++) found.push(power);
    return found.length > 1
      ? found.filter((_, k) => k % Math.ceil(found.length / 4) === 0)
      : [this.low, this.high];
  }

  /** @param {number} epoch */
  go(epoch) {
    this.epoch = epoch;
    const [learned] = this.curves;
    const x = this.x(epoch);
    setAll(this.mark, { x1: x, x2: x, y1: Plot.AROUND, y2: Plot.AROUND + this.height });
    const y = Number.isFinite(learned[epoch]) ? this.y(learned[epoch]) : Plot.AROUND;
    setAll(this.dot, { cx: x, cy: y });
  }
}

/** A number for an axis. @param {number} x */
function short(x) {
  return number(Number(x.toPrecision(2)));
}
