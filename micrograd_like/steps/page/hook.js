// `window.backprop`: what tests and the pages of courses can do with this page.

class Hook {
  #live;
  #descent;

  /**
   * @param {Live} live
   * @param {Descent} descent
   */
  constructor(live, descent) {
    this.#live = live;
    this.#descent = descent;
  }

  /** @param {string} name */
  #place(name) {
    const { graph } = this.#live;
    const found = graph.place(name);
    if (found < 0) throw new Error(`no value is called ${name}; there are ${graph.names}`);
    return found;
  }

  /** @param {string} name */
  #leaf(name) {
    const found = this.#place(name);
    if (!this.#live.graph.isLeaf(found)) throw new Error(`${name} is computed; take a leaf`);
    return found;
  }

  /**
   * Give a leaf, or several, other numbers: `set("a", 1.4)`, `set({ a: 1.4, b: 2 })`.
   *
   * @param {string | Record<string, number>} names
   * @param {number} [x]
   */
  set(names, x) {
    const wanted = typeof names === "string" ? { [names]: x } : names;
    const numbers = Object.entries(wanted).map(
      ([name, to]) => /** @type {[number, number]} */ ([this.#leaf(name), numberOf(to, name)]),
    );
    this.#live.set(new Map(numbers));
  }

  /** The number of a value, and its gradient after the whole backward pass. @param {string} name */
  get(name) {
    const { graph } = this.#live;
    const found = this.#place(name);
    return { data: graph.data[found], grad: graph.grads[found] };
  }

  /** Show a step by its number, 0 for before the first. @param {number} number */
  step(number) {
    this.#live.step(number);
  }

  /** Steps of gradient descent; returns the loss then. @param {number} rate */
  learn(rate, steps = 1) {
    numberOf(rate, "the learning rate");
    for (let k = 0; k < steps; k++) this.#descent.step(rate);
    return this.#descent.loss;
  }

  /** The names of the data points' losses, of which the root is the sum or the mean. */
  points() {
    const { names, source } = this.#live.graph;
    return source.points.map((point) => names[point]);
  }

  /** A step for each data point; returns the loss then. @param {number} rate */
  epoch(rate) {
    const { points } = this.#live.graph.source;
    if (!points.length) throw new Error("this graph has no data points; use learn(rate)");
    this.#descent.epoch(numberOf(rate, "the learning rate"));
    return this.#descent.loss;
  }

  /**
   * The leaves that learn; others from then on, if they are told: `learners(["w", "b"])`.
   *
   * @param {string | string[]} [names]
   */
  learners(names) {
    if (names) {
      this.#descent.leaves = new Set([names].flat().map((name) => this.#leaf(name)));
      this.#live.tell("numbers");
    }
    return [...this.#descent.leaves].map((leaf) => this.#live.graph.names[leaf]);
  }

  /** The loss before the first step, and after each. */
  losses() {
    return [...this.#descent.losses];
  }

  /**
   * What a leaf that moves by h does to the loss: differences beside the gradient.
   *
   * @param {string} name
   * @param {number} h
   */
  nudge(name, h) {
    const nudge = new Nudge(this.#live.graph, this.#leaf(name));
    return { ...nudge.by(numberOf(h, "h")), gradient: nudge.gradient };
  }

  /** Choose a value, or a group, by its name. @param {string} name */
  select(name) {
    const live = this.#live;
    if (live.graph.place(name) < 0 && groupNames(live.source.groups).has(name))
      live.selectGroup(name);
    else live.select(this.#place(name));
  }

  undo() {
    this.#live.undo();
  }

  reset() {
    this.#live.reset();
  }

  /**
   * Show the graph as it is folded (""), all of it ("all"), or with a group open.
   *
   * @param {string} view
   */
  open(view) {
    if (!this.#live.viewOf(view))
      throw new Error(`no view ${view}; there are ${this.views().join(", ")}`);
    return this.#live.open(view);
  }

  /** What an operation is not defined on, "" if all are. */
  problem() {
    return this.#live.board.problem;
  }

  names() {
    return [...this.#live.graph.names];
  }

  views() {
    return this.#live.source.views.map(({ name }) => name);
  }

  /** How many steps the picture shows. */
  count() {
    return this.#live.scenes.count;
  }

  /** What a step of them says, from 0. @param {number} k */
  scene(k) {
    return this.#live.scenes.scene(k);
  }

  /** How all elements look after so many of them. @param {number} scenes */
  looks(scenes) {
    return Object.fromEntries(this.#live.scenes.looks(scenes));
  }

  /** The local derivatives on the edges. */
  labels() {
    return Object.fromEntries(this.#live.scenes.labels());
  }
}

/**
 * A number that was given; an Error tells what is none.
 *
 * @param {unknown} x
 * @param {string} what
 */
function numberOf(x, what) {
  if (typeof x !== "number") throw new Error(`${what} is ${x}; give a number`);
  return x;
}
