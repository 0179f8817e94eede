// The recorded graph, forward and backward: the engine on the page. Values and local derivatives come
// from the rules, which are Python's own in JavaScript.

/**
 * The graph as Python sends it.
 *
 * @typedef {object} GraphData
 * @property {ValuesData} values
 * @property {string[]} names what the steps call each value
 * @property {Record<string, number>} strengths of names that need brackets, by the values' places
 * @property {RuleWords[]} rules
 * @property {Record<string, string>} byHand operations that were made by hand, on names
 * @property {number[]} [sequence] the edges in the order of the products, where that is not the right one
 * @property {Recorded} [recorded] numbers that stay, where they can't be computed from the leaves
 * @property {string} frozen why nothing can be edited, or ""
 * @property {number[]} learn the places of the leaves that learn
 * @property {number[]} points the places of the values of single data points, of which the root is a sum
 *
 * @typedef {object} Recorded
 * @property {(number | string)[]} data
 * @property {(number | string | null)[][]} locals
 * @property {number[]} changed operations whose inputs have other numbers by now
 *
 * An edge from an operation back to one of its inputs, and the product that last went along it.
 *
 * @typedef {object} Edge
 * @property {number} node the operation
 * @property {number} position of the input among its operands
 * @property {number} input
 *
 * @typedef {object} Product
 * @property {number} edge
 * @property {number} upstream the gradient that it takes from the operation
 * @property {number} local the local derivative
 * @property {number} product
 * @property {number} before the input's gradient before it was added
 * @property {number} after
 * @property {boolean} again whether one went along this edge before
 */

class Graph extends Values {
  /** @param {GraphData} data */
  constructor(data) {
    const { values } = data;
    super(values);
    this.source = data;
    this.names = data.names;
    this.root = values.length - 1;
    this.rules = data.rules;
    /** Whether the numbers are those that were recorded, not computed from the leaves. */
    this.isRecorded = false;
    this.data = this.start.slice();
    this.grads = new Float64Array(values.length);
    /** @type {number[][]} */
    this.locals = values.map(() => []);
    /** Whether a value can't be computed, as an operation before it is not defined. */
    this.isUnknown = new Uint8Array(values.length);
    /** The first operation that is not defined on its operands, -1 if there is none. */
    this.undefinedAt = -1;
    /** @type {Edge[]} */
    this.edges = [...this.operations]
      .reverse()
      .flatMap((node) =>
        this.operands[node].flatMap((input, position) =>
          this.isConstant[node][position] ? [] : [{ node, position, input }],
        ),
      );
    /** The place of the step that computes each value, -1 for a leaf. */
    this.stepOf = new Int32Array(values.length).fill(-1);
    this.operations.forEach((node, k) => {
      this.stepOf[node] = k;
    });
    /** The operations that depend on a leaf. @type {Map<number, number[]>} */
    this.after = new Map();
    this.inOrder = this.edges.map((_, edge) => edge);
    this.sequence = data.sequence ?? this.inOrder;
    this.isRightOrder = !data.sequence;
    /** How many products each value's gradient is a sum of. */
    this.uses = new Uint32Array(values.length);
    for (const edge of this.sequence) this.uses[this.edges[edge].input]++;
    const passed = new Set();
    /** @type {Product[]} */
    this.products = this.sequence.map((edge) => {
      const again = passed.has(edge);
      passed.add(edge);
      return { edge, upstream: 0, local: 0, product: 0, before: 0, after: 0, again };
    });
    /** The gradients of the right order. */
    this.right = this.grads;
    if (data.recorded) this.recall(data.recorded);
    else this.compute();
  }

  /** Take the numbers that were recorded. @param {Recorded} recorded */
  recall({ data, locals }) {
    this.isRecorded = true;
    this.undefinedAt = -1;
    this.isUnknown.fill(0);
    this.data = Float64Array.from(data, Number);
    this.locals = locals.map((all) => all.map((x) => (x === null ? 0 : Number(x))));
    this.backward();
  }

  /** The place of a value by its name, -1 if there is none. @param {string} name */
  place(name) {
    return this.names.indexOf(name);
  }

  /** The operands' numbers. @param {number} node */
  point(node) {
    const isConstant = this.isConstant[node];
    return this.operands[node].map((x, position) => (isConstant[position] ? x : this.data[x]));
  }

  /** Compute everything from the leaves: values, local derivatives, gradients. */
  compute() {
    this.isRecorded = false;
    this.forward();
    this.backward();
  }

  forward() {
    this.undefinedAt = -1;
    this.isUnknown.fill(0);
    for (const node of this.operations) {
      const found = this.isKnown(node) ? this.evaluated(node) : null;
      if (found) {
        this.data[node] = found[0];
        this.locals[node] = found.slice(1);
      } else {
        this.isUnknown[node] = 1;
        this.data[node] = NaN;
        this.locals[node] = this.operands[node].map(() => NaN);
      }
    }
  }

  /** Whether all operands of an operation are known. @param {number} node */
  isKnown(node) {
    const isConstant = this.isConstant[node];
    return this.operands[node].every((x, position) => isConstant[position] || !this.isUnknown[x]);
  }

  /**
   * The value and the local derivatives of an operation; null where it is not defined.
   *
   * @param {number} node
   */
  evaluated(node) {
    const rule = rules.get(this.rules[this.ruleOf[node]].name);
    const point = this.point(node);
    try {
      if (rule) return rule.function(...point); // it throws where Python's raises
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
    if (this.undefinedAt < 0) this.undefinedAt = node;
    return null;
  }

  backward() {
    this.grads = this.gradientsOf(this.root, this.sequence, true);
    this.right = this.isRightOrder ? this.grads : this.gradientsOf(this.root, this.inOrder);
  }

  /**
   * The gradients of a value, with the products of the chain rule added in an order of edges.
   *
   * @param {number} value the root, or one data point's part of the loss
   * @param {number[]} [sequence] the order of the products, if not told
   * @param {boolean} [isKept] whether the products are those that the steps show
   */
  gradientsOf(value, sequence = this.sequence, isKept = false) {
    const grads = new Float64Array(this.data.length);
    grads[value] = 1;
    for (let k = 0; k < sequence.length; k++) {
      const { node, position, input } = this.edges[sequence[k]];
      const upstream = grads[node];
      const local = this.locals[node][position];
      const before = grads[input];
      const product = chainProduct(upstream, local);
      grads[input] = before + product;
      if (!isKept) continue;
      const kept = this.products[k];
      kept.upstream = upstream;
      kept.local = local;
      kept.product = product;
      kept.before = before;
      kept.after = grads[input];
    }
    return grads;
  }

  /**
   * A value's number if a leaf had another one; NaN where it is not defined. Nothing is kept.
   *
   * @param {number} leaf
   * @param {number} x
   * @param {number} [of] the root, if not told
   */
  valueAt(leaf, x, of = this.root) {
    const before = { data: this.data.slice(), undefinedAt: this.undefinedAt };
    const { isUnknown } = this;
    this.isUnknown = isUnknown.slice().fill(0);
    this.data[leaf] = x;
    for (const node of this.dependents(leaf)) {
      const found = this.isKnown(node) ? this.evaluated(node) : null;
      this.isUnknown[node] = found ? 0 : 1;
      this.data[node] = found ? found[0] : NaN;
    }
    const value = this.data[of];
    Object.assign(this, before, { isUnknown });
    return value;
  }

  /**
   * The operations that depend on a leaf, in their order.
   *
   * @param {number} leaf
   */
  dependents(leaf) {
    const known = this.after.get(leaf);
    if (known) return known;
    const reached = new Set([leaf]);
    for (const node of this.operations) {
      const isConstant = this.isConstant[node];
      if (this.operands[node].some((x, k) => !isConstant[k] && reached.has(x))) reached.add(node);
    }
    reached.delete(leaf);
    const found = [...reached];
    this.after.set(leaf, found);
    return found;
  }
}

/**
 * A product of the chain rule, in which zero times infinity is zero.
 *
 * @param {number} upstream
 * @param {number} local
 */
function chainProduct(upstream, local) {
  return upstream !== 0 && local !== 0 ? upstream * local : 0;
}
