// A small chart: two axes with numbers, curves with gaps, lines and dots.

/**
 * @typedef {object} Axis
 * @property {number} low
 * @property {number} high
 * @property {boolean} [isLog]
 * @property {[number, string][]} ticks where numbers stand beside it
 *
 * @typedef {[number, number]} ChartPoint
 */

class Chart {
  static WIDTH = 300;
  static AROUND = 7;
  static BELOW = 18;
  static DIGIT = 6.1; // at most the width of a digit

  /** @param {number} height @param {string} name for the style sheet */
  constructor(height, name) {
    this.height = height - Chart.AROUND - Chart.BELOW;
    const viewBox = `0 0 ${Chart.WIDTH} ${height}`;
    this.svg = svgPart("svg", { class: `chart ${name}`, viewBox, role: "img" });
    this.axes = svgPart("g", { class: "axes" });
    // An SVG of its own clips what leaves the axes.
    this.layer = svgPart("svg", { y: Chart.AROUND, height: this.height });
    this.dots = svgPart("g");
    this.svg.append(this.axes, this.layer, this.dots);
    this.width = 0;
    /** @type {Axis} */
    this.across = { low: 0, high: 1, ticks: [] };
    /** @type {Axis} */
    this.up = this.across;
  }

  /** Begin anew, with axes. @param {Axis} across @param {Axis} up @param {string} words what is seen */
  begin(across, up, words) {
    this.across = across;
    this.up = up;
    const left = 10 + Chart.DIGIT * Math.max(...up.ticks.map(([, text]) => text.length), 1);
    this.width = Chart.WIDTH - left - Chart.AROUND;
    setAll(this.layer, { x: left, width: this.width });
    setAll(this.svg, { "aria-label": words });
    const bottom = Chart.AROUND + this.height;
    const d = `M${left} ${Chart.AROUND}V${bottom}H${left + this.width}`;
    const texts = across.ticks.map(([x, text]) => {
      const middle = Math.min(left + this.x(x), Chart.WIDTH - (Chart.DIGIT * text.length) / 2);
      return label(middle, bottom + 14, text, "middle");
    });
    for (const [y, text] of up.ticks)
      texts.push(label(left - 5, Chart.AROUND + this.y(y) + 4, text, "end"));
    this.axes.replaceChildren(svgPart("path", { d }), ...this.marks(left, bottom), ...texts);
    this.dots.replaceChildren();
    this.layer.replaceChildren();
    setAll(this.dots, { transform: `translate(${left} ${Chart.AROUND})` });
  }

  /** Small lines where numbers stand. @param {number} left @param {number} bottom */
  marks(left, bottom) {
    const { across, up } = this;
    return [
      ...across.ticks.map(([x]) =>
        svgPart("path", { d: `M${fixed(left + this.x(x), 1)} ${bottom}v3` }),
      ),
      ...up.ticks.map(([y]) =>
        svgPart("path", { d: `M${left} ${fixed(Chart.AROUND + this.y(y), 1)}h-3` }),
      ),
    ];
  }

  /** @param {number} x */
  x(x) {
    return this.width * shareOf(this.across, x);
  }

  /** @param {number} y */
  y(y) {
    return this.height * (1 - shareOf(this.up, y));
  }

  /** Pixels, no further off than a browser can draw. @param {ChartPoint} point */
  place([x, y]) {
    const [right, down] = [this.x(x), this.y(y)];
    return [right, down].map((z) => fixed(Math.max(-1e4, Math.min(1e4, z)), 2)).join(" ");
  }

  /** A curve, with gaps where it has no finite number. @param {ChartPoint[]} points @param {string} name */
  curve(points, name) {
    let d = "";
    let isOn = false;
    for (const point of points) {
      const isKnown = Number.isFinite(this.y(point[1]));
      if (isKnown) d += `${isOn ? "L" : "M"}${this.place(point)}`;
      isOn = isKnown;
    }
    if (d) this.layer.append(svgPart("path", { class: name, d }));
  }

  /** @param {ChartPoint} from @param {ChartPoint} to @param {string} name */
  line(from, to, name) {
    this.curve([from, to], name);
  }

  /** @param {ChartPoint} point @param {string} name */
  dot(point, name) {
    const share = shareOf(this.up, point[1]);
    if (!(share >= 0 && share <= 1)) return;
    const [cx, cy] = this.place(point).split(" ");
    this.dots.append(svgPart("circle", { class: name, cx, cy, r: 4 }));
  }
}

/** How far along an axis a number is, from 0 to 1. @param {Axis} axis @param {number} x */
function shareOf({ low, high, isLog }, x) {
  const [from, to, at] = isLog ? [low, high, x].map(Math.log10) : [low, high, x];
  return (at - from) / (to - from);
}

/**
 * An axis with round numbers.
 *
 * @param {number} low
 * @param {number} high
 * @param {number} count about how many
 * @returns {Axis}
 */
function roundAxis(low, high, count) {
  if (areAlike(low, high)) {
    const around = Math.abs(low) / 2 || 1;
    return roundAxis(low - around, high + around, count);
  }
  const found = ticks([low, high], count);
  const step = found.length > 1 ? found[1] - found[0] : high - low;
  const digits = Math.ceil(Math.log10(Math.max(Math.abs(low), Math.abs(high)) / step)) + 1;
  const text = (/** @type {number} */ x) => {
    const short = number(x);
    return digits > 4 ? (x < 0 ? MINUS : "") + general(Math.abs(x), digits) : short;
  };
  return { low, high, ticks: found.map((x) => [x, text(x)]) };
}

/**
 * A logarithmic axis, with powers of 10.
 *
 * @param {number} low
 * @param {number} high
 * @param {number} most numbers beside it
 * @returns {Axis}
 */
function logAxis(low, high, most) {
  const [first, last] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)];
  const step = Math.max(1, Math.ceil((last - first) / Math.max(1, most - 1)));
  /** @type {[number, string][]} */
  const found = [];
  for (let k = last; k >= first; k -= step) found.push([Number(`1e${k}`), powerOf10(k)]);
  if (found.length > 1) return { low, high, isLog: true, ticks: found };
  return { low, high, isLog: true, ticks: [low, high].map((x) => [x, general(x, 2)]) };
}

/** A number that axes can show: their lengths are finite, too. @param {number} x */
function inReach(x) {
  return Math.max(-4e307, Math.min(4e307, x));
}

/** A power of 10 as a page writes it. @param {number} power */
function powerOf10(power) {
  if (power === 0 || power === 1) return String(10 ** power);
  const digits = String(Math.abs(power)).replace(/\d/g, (digit) => SUPERSCRIPTS[Number(digit)]);
  return `10${power < 0 ? "⁻" : ""}${digits}`;
}
