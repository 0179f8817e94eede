// Where numbers on a grid cross a level: marching squares.

/**
 * The lines as the data of a path, for a picture of some size.
 *
 * @param {Float64Array} numbers on the grid, whose first row is below
 * @param {number} side
 * @param {number} level
 * @param {number} width
 * @param {number} height
 */
function contour(numbers, side, level, width, height) {
  const above = numbers.map((x) => x - level);
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
