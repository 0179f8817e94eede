// The steps of gradient descent on a recorded error: the same numbers as Python's `Trajectory`.

/**
 * The error's graph, and the places of its weights, -1 for one that it does not depend on.
 *
 * @typedef {GraphData & { weights: number[] }} ErrorData
 *
 * What Python sends: micrograd_like/steps/descent_page.py.
 *
 * @typedef {object} DescentData
 * @property {string} title
 * @property {string} style
 * @property {ErrorData} graph
 * @property {(number | string)[]} start
 * @property {string[]} names of the weights
 * @property {string[]} slopes what the derivatives are called
 * @property {number} rate
 * @property {number} steps
 * @property {number} most steps that there may be
 * @property {PlaceData} place
 * @property {number} length of the slope in the picture
 * @property {Record<string, string>} words
 * @property {Template} sum
 * @property {Template} difference
 * @property {Template} product
 *
 * @typedef {object} WayStep
 * @property {number} number from 1
 * @property {number[]} point
 * @property {number} error
 * @property {number[]} gradient
 * @property {number[]} moved
 * @property {number} after the error there, NaN where it has none
 */

class Walk {
  /** @param {DescentData} data */
  constructor({ graph, words, sum }) {
    this.graph = new Graph(graph);
    this.board = new Board(this.graph, words, sum);
    this.weights = graph.weights;
    this.words = words;
    /** @type {number[]} */
    this.start = [];
    this.rate = NaN;
    /** @type {WayStep[]} */
    this.steps = [];
    /** The error at the start. */
    this.error = NaN;
    /** Why there is no first step, "" if there is one. */
    this.problem = "";
    /** Why the last step is the last, if it ended early. */
    this.ended = "";
  }

  /** @param {number[]} start @param {number} rate @param {number} most steps */
  walk(start, rate, most) {
    this.start = start;
    this.rate = rate;
    this.steps = [];
    this.ended = "";
    this.error = this.errorAt(start);
    this.problem = this.board.problem;
    for (let k = 1; k <= most && !this.problem && !this.ended; k++) this.steps.push(this.step(k));
  }

  /** One step from where the weights are. @param {number} place from 1 @returns {WayStep} */
  step(place) {
    const last = this.steps.at(-1);
    const point = last ? last.moved : this.start;
    const error = last ? last.after : this.error;
    const gradient = this.weights.map((leaf) => (leaf < 0 ? 0 : this.graph.grads[leaf]));
    const moved = point.map((x, k) => x - this.rate * gradient[k]);
    if (!moved.every(Number.isFinite)) {
      this.ended = put(this.words.leaves, { rate: number(this.rate) });
      return { number: place, point, error, gradient, moved: point, after: NaN };
    }
    const after = this.errorAt(moved);
    this.ended = this.board.problem;
    if (!this.ended && !Number.isFinite(after))
      this.ended = put(this.words.infinite, { error: number(after) });
    return { number: place, point, error, gradient, moved, after };
  }

  /** The error at a point, NaN where it is not defined. @param {number[]} point */
  errorAt(point) {
    const { graph, weights } = this;
    weights.forEach((place, k) => {
      if (place >= 0) graph.data[place] = point[k];
    });
    graph.compute();
    return graph.data[graph.root];
  }
}
