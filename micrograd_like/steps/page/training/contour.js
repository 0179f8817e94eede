// Where numbers on a grid cross a level: marching squares.

/**
 * The same numbers on a grid three times as fine, on smooth curves through them (Catmull and Rom).
 *
 * @param {(k: number) => number} numberAt on the grid
 * @param {number} side
 */
function refined(numberAt, side) {
  const coarse = Float64Array.from({ length: side * side }, (_, k) => numberAt(k));
  const fine = 3 * (side - 1) + 1;
  const rows = new Float64Array(side * fine);
  const all = new Float64Array(fine * fine);
  for (let row = 0; row < side; row++) {
    curve(
      (k) => coarse[row * side + k],
      side,
      (k, x) => {
        rows[row * fine + k] = x;
      },
    );
  }
  for (let column = 0; column < fine; column++) {
    curve(
      (k) => rows[k * fine + column],
      side,
      (k, x) => {
        all[k * fine + column] = x;
      },
    );
  }
  return { numbers: all, side: fine };
}

/**
 * A curve through numbers, at these and at two places between them.
 *
 * @param {(k: number) => number} at
 * @param {number} count
 * @param {(k: number, x: number) => void} put
 */
function curve(at, count, put) {
  for (let k = 0; k < count; k++) {
    const [b, c] = [at(k), at(Math.min(k + 1, count - 1))];
    const [a, d] = [k ? at(k - 1) : 2 * b - c, k + 2 < count ? at(k + 2) : 2 * c - b];
    put(3 * k, b);
    if (k === count - 1) return;
    for (const step of [1, 2]) {
      const t = step / 3;
      const bend = 2 * a - 5 * b + 4 * c - d + (3 * (b - c) + d - a) * t;
      const x = b + 0.5 * t * (c - a + t * bend);
      // Not beyond its neighbours: a plain stays one.
      put(3 * k + step, Math.max(Math.min(b, c), Math.min(Math.max(b, c), x)));
    }
  }
}

/**
 * The lines as the data of a path, for a picture of some size.
 *
 * @param {(k: number) => number} numberAt on the grid, whose first row is below
 * @param {number} coarse its side
 * @param {number} level
 * @param {number} width
 * @param {number} height
 */
function contour(numberAt, coarse, level, width, height) {
  const { numbers: above, side } = refined((k) => numberAt(k) - level, coarse);
  const [across, down] = [width / (side - 1), height / (side - 1)];
  const lines = [];
  for (let row = 0; row < side - 1; row++) {
    for (let column = 0; column < side - 1; column++) {
      const k = row * side + column;
      const corners = [above[k], above[k + 1], above[k + side + 1], above[k + side]];
      const crossings = crossingsOf(corners);
      for (let i = 0; i + 1 < crossings.length; i += 2) {
        const [[x, y], [u, v]] = [crossings[i], crossings[i + 1]].map(([right, up]) => [
          ((column + right) * across).toFixed(1),
          (height - (row + up) * down).toFixed(1),
        ]);
        lines.push(`M${x} ${y}L${u} ${v}`);
      }
    }
  }
  return lines.join("");
}

/** Where the edges of a cell are crossed, two by two; its corners go around. @param {number[]} corners */
function crossingsOf(corners) {
  /** @type {[number, number][]} */
  const found = [];
  if (corners.some(Number.isNaN)) return found;
  const ends = [
    [0, 0],
    [1, 0],
    [1, 1],
    [0, 1],
  ];
  for (let k = 0; k < 4; k++) {
    const [a, b] = [corners[k], corners[(k + 1) % 4]];
    if (a > 0 === b > 0) continue;
    const part = a / (a - b);
    const [[x, y], [u, v]] = [ends[k], ends[(k + 1) % 4]];
    found.push([x + (u - x) * part, y + (v - y) * part]);
  }
  // In a saddle the middle tells which corners belong together.
  const isSplit = corners[0] > 0 === corners.reduce((sum, x) => sum + x) > 0;
  if (found.length === 4 && isSplit) return [found[0], found[1], found[2], found[3]];
  if (found.length === 4) return [found[3], found[0], found[1], found[2]];
  return found;
}
