// What the model answers after an epoch: on a grid for the picture, and at the data points.

/**
 * @typedef {object} Answers
 * @property {number} side of the grid, or of the samples of a curve
 * @property {Float64Array[]} grid each output, row by row from below
 * @property {Float64Array[]} points each output
 * @property {(epoch: number) => void} go
 * @property {(place: number) => Float64Array | null} inside a value of the network, on the grid
 * @property {(place: number) => Float64Array | null} average the same at the points
 * @property {(row: number[]) => number[]} at the outputs at a row of inputs
 */

/**
 * The places of samples, from one end to the other.
 *
 * @param {[number, number]} window
 * @param {number} count
 */
function between([low, high], count) {
  return Float64Array.from({ length: count }, (_, k) => low + ((high - low) * k) / (count - 1));
}

/**
 * The inputs of the grid, a column each; none where there is no picture over the inputs.
 *
 * @param {AnswersData} answers
 * @param {number} side
 */
function gridOf({ kind, window }, side) {
  if (kind === "fit") return [between(window[0], side)];
  if (kind !== "map") return [];
  const [xs, ys] = window.slice(0, 2).map((of) => between(of, side));
  const count = side * side;
  return [
    Float64Array.from({ length: count }, (_, k) => xs[k % side]),
    Float64Array.from({ length: count }, (_, k) => ys[Math.floor(k / side)]),
  ];
}

/** Answers that the page computes, from the weights. @implements {Answers} */
class ComputedAnswers {
  /** @param {TrainingData} data @param {ForwardData} graph */
  constructor(data, graph) {
    const { count } = data.points;
    const rows = unpacked(data.points.rows);
    const width = data.inputs.length;
    const columns = data.inputs.map((_, k) =>
      Float64Array.from({ length: count }, (_, row) => rows[row * width + k]),
    );
    this.side = data.answers.side;
    this.graph = graph;
    this.weights = unpacked(data.weights);
    this.size = data.names.length;
    this.now = this.weights;
    const grid = gridOf(data.answers, this.side);
    this.onGrid = grid.length ? new Forward(graph, grid) : null;
    this.atPoints = new Forward(graph, columns);
    /** @type {Float64Array[]} */
    this.grid = [];
    /** @type {Float64Array[]} */
    this.points = [];
  }

  /** @param {number} epoch */
  go(epoch) {
    this.now = this.weights.subarray(epoch * this.size, (epoch + 1) * this.size);
    this.onGrid?.run(this.now);
    this.atPoints.run(this.now);
    this.grid = this.onGrid?.outputs ?? [];
    this.points = this.atPoints.outputs;
  }

  /** @param {number} place */
  inside(place) {
    return place < 0 || !this.onGrid ? null : this.onGrid.of(place);
  }

  /** @param {number} place */
  average(place) {
    return place < 0 ? null : this.atPoints.of(place);
  }

  /** @param {number[]} row */
  at(row) {
    const one = new Forward(
      this.graph,
      row.map((x) => Float64Array.of(x)),
    );
    one.run(this.now);
    return one.outputs.map(([x]) => x);
  }
}

/** Answers that Python gave, for some epochs: those of the latest one stay. @implements {Answers} */
class GivenAnswers {
  /** @param {TrainingData} data @param {GivenData} given */
  constructor(data, given) {
    const { kind, outputs } = data.answers;
    this.given = given;
    this.outputs = outputs;
    this.side = given.side;
    this.sizes = { grid: kind === "map" ? given.side ** 2 : kind === "fit" ? given.side : 0 };
    this.packed = { grid: unpacked(given.grid), points: unpacked(given.points) };
    this.count = data.points.count;
    /** @type {Float64Array[]} */
    this.grid = [];
    /** @type {Float64Array[]} */
    this.points = [];
  }

  /** @param {number} epoch */
  go(epoch) {
    const at = this.given.epochs.findLastIndex((k) => k <= epoch);
    this.grid = this.part(this.packed.grid, at, this.sizes.grid);
    this.points = this.part(this.packed.points, at, this.count);
  }

  /** The columns of an epoch. @param {Float64Array} all @param {number} at @param {number} rows */
  part(all, at, rows) {
    return Array.from({ length: this.outputs }, (_, k) =>
      Float64Array.from({ length: rows }, (_, row) => all[(at * rows + row) * this.outputs + k]),
    );
  }

  inside() {
    return null;
  }

  average() {
    return null;
  }

  /** @returns {number[]} */
  at() {
    return [];
  }
}
