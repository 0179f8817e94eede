// The values of a recorded graph, as Python's `values_data` in micrograd_like/steps/graph_data.py has them.

/**
 * Inputs before what is made of them. A value is the number of a leaf, or an operation: the place of
 * its rule, and its operands, each the place of a value, or a constant as text.
 *
 * @typedef {(number | string | (number | string)[])[]} ValuesData
 */

class Values {
  /** @param {ValuesData} data */
  constructor(data) {
    /** The operands of each value: places and constants. @type {number[][]} */
    this.operands = data.map((v) => (Array.isArray(v) ? v.slice(1).map(Number) : []));
    /** Whether they are constants. @type {boolean[][]} */
    this.isConstant = data.map((v) =>
      Array.isArray(v) ? v.slice(1).map((x) => typeof x === "string") : [],
    );
    this.ruleOf = data.map((v) => (Array.isArray(v) ? Number(v[0]) : -1));
    this.leaves = data.flatMap((v, k) => (Array.isArray(v) ? [] : [k]));
    this.operations = data.flatMap((v, k) => (Array.isArray(v) ? [k] : []));
    /** The numbers of the leaves. */
    this.start = Float64Array.from(data, (v) => (Array.isArray(v) ? 0 : Number(v)));
  }

  /** @param {number} node */
  isLeaf(node) {
    return this.ruleOf[node] < 0;
  }
}
