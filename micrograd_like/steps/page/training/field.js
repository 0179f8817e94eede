// Numbers on a grid as an image of colours.

/**
 * A picture of so many pixels, into which colours are put one by one.
 */
class Field {
  /** @param {number} side */
  constructor(side) {
    this.side = side;
    this.canvas = htmlPart("canvas", { width: side, height: side });
    const brush = this.canvas.getContext("2d");
    this.brush = /** @type {CanvasRenderingContext2D} */ (brush);
    this.image = this.brush.createImageData(side, side);
  }

  /** Colour the grid, whose first row is below. @param {(k: number) => number[] | null} colour */
  fill(colour) {
    const { side, image } = this;
    for (let k = 0; k < side * side; k++) {
      const at = 4 * ((side - 1 - Math.floor(k / side)) * side + (k % side));
      const found = colour(k);
      image.data[at + 3] = found ? 255 : 0;
      if (!found) continue;
      image.data[at] = found[0];
      image.data[at + 1] = found[1];
      image.data[at + 2] = found[2];
    }
    this.brush.putImageData(image, 0, 0);
  }

  /** Draw it on a canvas, smoothly: the middles of the outermost pixels are its ends. @param {HTMLCanvasElement} canvas */
  drawOn(canvas) {
    const brush = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    brush.clearRect(0, 0, canvas.width, canvas.height);
    brush.imageSmoothingQuality = "high";
    const inner = this.side - 1;
    brush.drawImage(this.canvas, 0.5, 0.5, inner, inner, 0, 0, canvas.width, canvas.height);
  }
}

/**
 * The colours of outputs on a grid.
 *
 * @param {Float64Array[]} grid each output
 * @param {(output: number) => number} strength from -1 to 1
 * @param {Palette} palette
 * @returns {(k: number) => number[] | null}
 */
function coloursOf(grid, strength, palette) {
  if (grid.length === 1) {
    const [numbers] = grid;
    const colours = palette.signed();
    return (k) => colours[Math.round(127 + 127 * strength(numbers[k]))] ?? null;
  }
  const colours = palette.classes(grid.length);
  return (k) => {
    const [first, lead] = leading(grid.map((numbers) => numbers[k]));
    return first < 0 ? null : colours[first][Math.round(127 * Math.tanh(lead / 2))];
  };
}

/** Which number is the largest, -1 if there is none, and by how much. @param {number[]} numbers */
function leading(numbers) {
  let first = -1;
  let most = -Infinity;
  let second = -Infinity;
  numbers.forEach((x, k) => {
    if (Number.isNaN(x)) return;
    if (x > most) [first, most, second] = [k, x, most];
    else if (x > second) second = x;
  });
  return [first, Math.min(most - second, 1e6)];
}
