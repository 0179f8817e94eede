// The words of the board: what micrograd_like/steps/sequence.py writes of each step, with the numbers
// that the graph has now.

/**
 * What is written of a rule.
 *
 * @typedef {object} RuleWords
 * @property {string} name
 * @property {Template} operation on names
 * @property {Template} formula empty if it was made by hand
 * @property {Template[]} derivatives empty where there is none
 * @property {Template} domain empty if it is defined everywhere
 *
 * A side of the equation: a text, or a product as its two factors.
 *
 * @typedef {string | [string, string]} Side
 *
 * @typedef {object} Words
 * @property {string} phase
 * @property {Side[]} equation
 * @property {string} relation after the first side
 * @property {string} sum
 * @property {string} remark
 */

class Board {
  /**
   * @param {Graph} graph
   * @param {Record<string, string>} words
   * @param {Template} sum
   */
  constructor(graph, words, sum) {
    this.graph = graph;
    this.words = words;
    this.sum = sum;
    const { names, strengths } = graph.source;
    /** @type {Term[]} */
    this.names = names.map((text, k) => ({ text, strength: strengths[k] ?? ATOM }));
  }

  /** How many steps there are. */
  get total() {
    return this.graph.operations.length + 1 + this.graph.sequence.length;
  }

  /**
   * The words of a step, counted from 0.
   *
   * @param {number} k
   * @returns {Words}
   */
  at(k) {
    const { operations } = this.graph;
    if (k < operations.length) return this.forward(operations[k]);
    const product = this.graph.products[k - operations.length - 1];
    return product ? this.backward(product, k + 1 === this.total) : this.start();
  }

  /** What an operation's operands are called: a name, or the number of a constant. @param {number} node */
  operandNames(node) {
    const { operands, isConstant } = this.graph;
    return operands[node].map((x, k) => (isConstant[node][k] ? numberTerm(x) : this.names[x]));
  }

  /** An operation on its operands' names. @param {number} node */
  operation(node) {
    const written = this.graph.source.byHand[node];
    return written ?? filled(this.rule(node).operation, this.operandNames(node));
  }

  /** @param {number} node */
  rule(node) {
    return this.graph.rules[this.graph.ruleOf[node]];
  }

  /** Whether an operation's inputs have other numbers than when it was recorded. @param {number} node */
  hasChanged(node) {
    const { isRecorded, source } = this.graph;
    return isRecorded && Boolean(source.recorded?.changed.includes(node));
  }

  /**
   * @param {number} node
   * @returns {Words}
   */
  forward(node) {
    const { graph, words } = this;
    const made = this.names[node];
    const { formula } = this.rule(node);
    const sides = [this.operation(node)];
    if (formula.length) {
      sides.push(filled(formula, this.operandNames(node)));
      if (!this.hasChanged(node)) sides.push(filled(formula, graph.point(node).map(numberTerm)));
    }
    sides.push(number(graph.data[node]));
    const derivatives = graph.operands[node].flatMap((x, k) =>
      graph.isConstant[node][k]
        ? []
        : [`${partial(made, this.names[x])} = ${number(graph.locals[node][k])}`],
    );
    const remark = put(words.records, { derivatives: [...new Set(derivatives)].join(", ") });
    const equation = [made.text, ...new Set(sides)];
    return this.written("forward", equation, { remark: remark + this.changed(node) });
  }

  /** @param {number} node */
  changed(node) {
    return this.hasChanged(node) ? this.words.changed : "";
  }

  start() {
    const name = this.names[this.graph.root];
    return this.written("start", [gradientOf(name), partial(name, name), "1"]);
  }

  /**
   * @param {Product} product
   * @param {boolean} isLast
   */
  backward({ edge, upstream, local, product, before, after, again }, isLast) {
    const { graph, words } = this;
    const { node, position, input } = graph.edges[edge];
    const [root, made, given] = [graph.root, node, input].map((k) => this.names[k]);
    const from = numberTerm(upstream);
    const products = [factors(numberTerm(local), from)];
    const derivative = this.rule(node).derivatives[position];
    if (derivative?.length) {
      const symbols = filled(derivative, this.operandNames(node));
      products.unshift([symbols, within(from, SIGN, false)]);
    }
    const different = new Map(products.map(([a, b]) => [`${a} ${b}`, [a, b]]));
    let remark = put(words.made, { name: made.text, operation: this.operation(node) });
    const use = this.use(node, position);
    if (use) remark += put(words.use, { use, name: given.text });
    remark += this.changed(node);
    const final = graph.grads[node];
    if (again) remark += put(words.again, { gradient: gradientOf(made) });
    if (!Object.is(upstream + 0, final + 0))
      remark += put(words.early, { gradient: gradientOf(made), number: number(final) });
    if (isLast) remark += this.inTheEnd();
    const parts = [partial(made, given), partial(root, made)];
    const equation = /** @type {Side[]} */ ([
      gradientOf(given),
      parts,
      ...different.values(),
      number(product),
    ]);
    const sum =
      before !== 0
        ? `${filled(this.sum, [before, product].map(numberTerm))} = ${number(after)}`
        : "";
    return this.written("backward", equation, { relation: "+=", sum, remark });
  }

  /** Which use of an input it is, where an operation has it in several positions.
   *
   * @param {number} node
   * @param {number} position
   */
  use(node, position) {
    const { operands, isConstant } = this.graph;
    const input = operands[node][position];
    const places = operands[node].flatMap((x, k) =>
      x === input && !isConstant[node][k] ? [k] : [],
    );
    const ordinals = this.words.ordinals.split(" ");
    const count = places.indexOf(position);
    return places.length > 1 ? (ordinals[count] ?? nth(count + 1)) : "";
  }

  /** After a wrong order: which gradient is wrong, an input's first. */
  inTheEnd() {
    const { grads, right } = this.graph;
    const wrong = grads.findIndex((x, k) => !Object.is(x + 0, right[k] + 0));
    if (wrong < 0) return "";
    return put(this.words.end, {
      gradient: gradientOf(this.names[wrong]),
      number: number(grads[wrong]),
      right: number(right[wrong]),
    });
  }

  /** Why the graph has no numbers: which operation is not defined, and what it needs. */
  get problem() {
    const { graph, words } = this;
    const node = graph.undefinedAt;
    if (node < 0) return "";
    const { domain } = this.rule(node);
    const names = this.operandNames(node);
    const numbers = graph.operands[node].flatMap((x, k) =>
      graph.isConstant[node][k] ? [] : [`${names[k].text} = ${number(graph.data[x])}`],
    );
    const told = { operation: this.operation(node), numbers: [...new Set(numbers)].join(", ") };
    const needs = domain.length ? put(words.needs, { domain: filled(domain, names) }) : "";
    return put(words.undefined, told) + needs;
  }

  /**
   * @param {string} phase
   * @param {Side[]} equation
   * @param {Partial<Words>} more
   * @returns {Words}
   */
  written(phase, equation, more = {}) {
    return { phase, equation, relation: "=", sum: "", remark: "", ...more };
  }
}

/**
 * A sentence with its words in their places.
 *
 * @param {string} sentence
 * @param {Record<string, string>} parts
 */
function put(sentence, parts) {
  return sentence.replace(/\{(\w+)\}/g, (_, name) => parts[name]);
}

/** A number with its ending: 11th, 21st. @param {number} n */
function nth(n) {
  const ending = Math.floor(n / 10) % 10 === 1 ? "th" : ["th", "st", "nd", "rd"][n % 10];
  return `${n}${ending ?? "th"}`;
}
