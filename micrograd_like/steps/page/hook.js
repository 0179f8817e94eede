// `window.backprop`: what tests and the pages of courses can do with this page.

/**
 * @param {Live} live
 * @param {Descent} descent
 */
function hookOf(live, descent) {
  const place = (/** @type {string} */ name) => {
    const found = live.graph.place(name);
    if (found < 0) throw new Error(`no value is called ${name}; there are ${live.graph.names}`);
    return found;
  };
  const leafOf = (/** @type {string} */ name) => {
    const found = place(name);
    if (!live.graph.isLeaf(found)) throw new Error(`${name} is computed; take a leaf`);
    return found;
  };
  return {
    /** Give a leaf, or several, other numbers: `set("a", 1.4)`, `set({ a: 1.4, b: 2 })`. */
    set: (/** @type {string | Record<string, number>} */ names, /** @type {number} */ x) => {
      const given = typeof names === "string" ? { [names]: x } : names;
      const numbers = Object.entries(given).map(
        ([name, to]) => /** @type {[number, number]} */ ([leafOf(name), Number(to)]),
      );
      live.set(new Map(numbers));
    },
    /** The number of a value, and its gradient after the whole backward pass. */
    get: (/** @type {string} */ name) => {
      const found = place(name);
      return { data: live.graph.data[found], grad: live.graph.grads[found] };
    },
    /** Show a step by its number, 0 for before the first. */
    step: (/** @type {number} */ number) => live.step(number),
    /** Steps of gradient descent; returns the loss then. */
    learn: (/** @type {number} */ rate, steps = 1) => {
      for (let k = 0; k < steps; k++) descent.step(rate);
      return descent.loss;
    },
    /** A step for each data point; returns the loss then. */
    epoch: (/** @type {number} */ rate) => {
      descent.epoch(rate);
      return descent.loss;
    },
    /** The leaves that learn; others from then on, if they are told: `learners(["w", "b"])`. */
    learners: (/** @type {string[]} */ names) => {
      if (names) {
        descent.leaves = new Set(names.map(leafOf));
        live.tell("numbers");
      }
      return [...descent.leaves].map((leaf) => live.graph.names[leaf]);
    },
    /** The loss before the first step, and after each. */
    losses: () => [...descent.losses],
    /** What a leaf that moves by h does to the loss: differences beside the gradient. */
    nudge: (/** @type {string} */ name, /** @type {number} */ h) => {
      const nudge = new Nudge(live.graph, leafOf(name));
      return { ...nudge.by(h), gradient: nudge.gradient };
    },
    /** Choose a value, or a group, by its name. */
    select: (/** @type {string} */ name) => {
      if (live.graph.place(name) < 0 && groupNames(live.source.groups).has(name))
        live.selectGroup(name);
      else live.select(place(name));
    },
    undo: () => live.undo(),
    reset: () => live.reset(),
    /** Show the graph as it is folded (""), all of it ("all"), or with a group open. */
    open: (/** @type {string} */ view) => live.open(view),
    /** What an operation is not defined on, "" if all are. */
    problem: () => live.board.problem,
    names: () => [...live.graph.names],
    views: () => live.source.views.map((view) => view.name),
    /** How many steps the picture shows; what each says, from 0; how all looks after so many. */
    count: () => live.scenes.count,
    scene: (/** @type {number} */ k) => live.scenes.scene(k),
    looks: (/** @type {number} */ k) => Object.fromEntries(live.scenes.looks(k)),
    labels: () => Object.fromEntries(live.scenes.labels()),
  };
}
