// The model's graph over many rows of inputs at once: what Python recorded, with any weights.

/**
 * @typedef {object} Operation
 * @property {Rule} rule
 * @property {number} place
 * @property {number[]} operands
 */

class Forward {
  /**
   * @param {ForwardData} graph
   * @param {Float64Array[]} inputs a column for each, all of one length
   */
  constructor(graph, inputs) {
    this.graph = graph;
    this.rows = inputs[0].length;
    const values = new Values(graph.values);
    /** Constants have places, too: behind the values. @type {number[]} */
    const constants = [];
    const operandsOf = (/** @type {number} */ place) =>
      values.operands[place].map((x, position) =>
        values.isConstant[place][position] ? values.start.length + constants.push(x) - 1 : x,
      );
    /** What differs from row to row. @type {(Float64Array | undefined)[]} */
    this.columns = new Array(values.start.length);
    graph.inputs.forEach((place, k) => {
      if (place >= 0) this.columns[place] = inputs[k];
    });
    /** @type {Operation[]} */
    this.once = [];
    /** @type {Operation[]} */
    this.many = [];
    for (const place of values.operations) {
      const rule = /** @type {Rule} */ (rules.get(graph.rules[values.ruleOf[place]]));
      const operands = operandsOf(place);
      const varies = operands.some((x) => this.columns[x]);
      if (varies) this.columns[place] = new Float64Array(this.rows);
      (varies ? this.many : this.once).push({ rule, place, operands });
    }
    /** What is the same for all rows. */
    this.numbers = Float64Array.from([...values.start, ...constants]);
  }

  /** Compute everything with these weights; what is not defined is NaN. @param {Float64Array} weights */
  run(weights) {
    const { numbers } = this;
    this.graph.weights.forEach((place, k) => {
      if (place >= 0) numbers[place] = weights[k];
    });
    for (const { rule, place, operands } of this.once) {
      numbers[place] = valueAt(
        rule,
        operands.map((x) => numbers[x]),
      );
    }
    for (const operation of this.many) this.compute(operation);
  }

  /** An operation at all rows. @param {Operation} operation */
  compute(operation) {
    const { rule, place, operands } = operation;
    const out = /** @type {Float64Array} */ (this.columns[place]);
    const [x, y] = operands.map((k) => this.columns[k]);
    const [a, b] = operands.map((k) => this.numbers[k]);
    const f = rule.function;
    try {
      if (rule.needs) this.oneByOne(operation, out);
      else if (operands.length === 1 && x) for (let k = 0; k < out.length; k++) out[k] = f(x[k])[0];
      else if (x && y) for (let k = 0; k < out.length; k++) out[k] = f(x[k], y[k])[0];
      else if (x) for (let k = 0; k < out.length; k++) out[k] = f(x[k], b)[0];
      else if (y) for (let k = 0; k < out.length; k++) out[k] = f(a, y[k])[0];
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.oneByOne(operation, out);
    }
  }

  /** The same where it may not be defined. @param {Operation} operation @param {Float64Array} out */
  oneByOne({ rule, operands }, out) {
    for (let row = 0; row < out.length; row++) {
      const point = operands.map((k) => this.columns[k]?.[row] ?? this.numbers[k]);
      out[row] = valueAt(rule, point);
    }
  }

  /** The numbers of a value, a row each. @param {number} place */
  of(place) {
    return this.columns[place] ?? new Float64Array(this.rows).fill(this.numbers[place]);
  }

  /** The numbers of each output. */
  get outputs() {
    return this.graph.outputs.map((place) => this.of(place));
  }
}

/** A rule's value at a point, NaN where it is not defined. @param {Rule} rule @param {number[]} point */
function valueAt(rule, point) {
  try {
    return rule.isDefined(...point) ? rule.function(...point)[0] : NaN;
  } catch (error) {
    if (error instanceof RangeError) return NaN;
    throw error;
  }
}
