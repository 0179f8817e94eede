// Where points of the axes are on the picture: `Placement` in micrograd_like/steps/descent_page.py.

/**
 * @typedef {object} PlaceData
 * @property {number} left in points from the picture's corner, as the others
 * @property {number} top
 * @property {number} width
 * @property {number} height
 * @property {[number, number]} across what the axes show
 * @property {[number, number]} up
 */

class Place {
  static FURTHEST = 1e4; // points from the picture's corner, which browsers can draw

  /** @param {PlaceData} data @param {number} length of a slope */
  constructor(data, length) {
    this.data = data;
    this.length = length;
  }

  /** What is shown of each axis. */
  get windows() {
    return [this.data.across, this.data.up];
  }

  /** @param {number[]} point @returns {[number, number]} */
  of([right, high]) {
    const { left, top, width, height, across, up } = this.data;
    const x = left + width * ((right - across[0]) / (across[1] - across[0]));
    const y = top + height * (1 - (high - up[0]) / (up[1] - up[0]));
    return [near(x, Place.FURTHEST), near(y, Place.FURTHEST)];
  }

  /** The numbers of a place in the picture, of one outside the frame those of its edge. @param {DOMPoint} point */
  at({ x, y }) {
    const { left, top, width, height, across, up } = this.data;
    const right = Math.max(0, Math.min(1, (x - left) / width));
    const high = Math.max(0, Math.min(1, 1 - (y - top) / height));
    return [across[0] + right * (across[1] - across[0]), up[0] + high * (up[1] - up[0])];
  }

  /** The nearest place inside the frame. @param {number[]} point */
  inside(point) {
    const [[x0, x1], [y0, y1]] = this.windows;
    const [x, y] = point.map((z) => (Number.isNaN(z) ? -Infinity : z));
    return this.of([Math.max(x0, Math.min(x1, x)), Math.max(y0, Math.min(y1, y))]);
  }

  /** Whether a point is in the frame. @param {number[]} point */
  has(point) {
    return point.every((x, k) => x >= this.windows[k][0] && x <= this.windows[k][1]);
  }

  /** A tangent's direction, or of two weights the gradient's; null where it has none. @param {number[]} gradient */
  direction(gradient) {
    const { width, height, across, up } = this.data;
    const [right, high] = gradient.length === 1 ? [1, gradient[0]] : gradient;
    let dx = width * (right / (across[1] - across[0]));
    let dy = height * (high / (up[1] - up[0]));
    const most = Math.max(Math.abs(dx), Math.abs(dy));
    if (!most || !Number.isFinite(dx) || !Number.isFinite(dy)) return null;
    dx /= most;
    dy /= most;
    const size = Math.sqrt(dx * dx + dy * dy);
    return [this.length * (dx / size), -this.length * (dy / size)];
  }
}

/** A number no further from 0 than another. @param {number} x @param {number} most */
function near(x, most) {
  return Math.min(Math.max(x, -most), most);
}
