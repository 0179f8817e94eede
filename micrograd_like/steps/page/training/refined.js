// Numbers on a finer grid, on smooth curves through those that were computed (Catmull and Rom).

/**
 * @param {Float64Array} numbers of a square grid
 * @param {number} side
 * @param {number} parts of what is between two of them
 */
function refined(numbers, side, parts) {
  const fine = parts * (side - 1) + 1;
  const wide = refinedRows(numbers, side, parts);
  return turned(refinedRows(turned(wide, fine), side, parts), fine);
}

/** A grid whose columns are the rows of another. @param {Float64Array} numbers @param {number} width */
function turned(numbers, width) {
  const height = numbers.length / width;
  return numbers.map((_, k) => numbers[(k % height) * width + Math.floor(k / height)]);
}

/** @param {Float64Array} numbers @param {number} width @param {number} parts */
function refinedRows(numbers, width, parts) {
  const height = numbers.length / width;
  const fine = parts * (width - 1) + 1;
  const found = new Float64Array(fine * height);
  for (let row = 0; row < height; row++) {
    const start = row * width;
    const end = start + width - 1;
    for (let k = start; k < end; k++) {
      const [b, c] = [numbers[k], numbers[k + 1]];
      const a = k > start ? numbers[k - 1] : 2 * b - c;
      const d = k + 1 < end ? numbers[k + 2] : 2 * c - b;
      const [low, high] = b < c ? [b, c] : [c, b];
      for (let step = 0; step < parts; step++) {
        const t = step / parts;
        const bend = 2 * a - 5 * b + 4 * c - d + (3 * (b - c) + d - a) * t;
        const x = b + 0.5 * t * (c - a + t * bend);
        // Not beyond its neighbours: a plain stays one.
        found[row * fine + (k - start) * parts + step] = Math.max(low, Math.min(high, x));
      }
    }
    found[(row + 1) * fine - 1] = numbers[end];
  }
  return found;
}
