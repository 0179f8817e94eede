// The scenes of backprop on the picture: what micrograd_like/steps/animation.py shows at each step.
// What is shown after a step is a function of the graph's numbers and of the step alone.

/**
 * One picture of the graph: its nodes and links, and the steps that it shows. A node has its name, the
 * values whose numbers it shows, what it is (an input, one value, several or a group, or hidden), and
 * the parameters in a group. A
 * link has its source, its target, its edges, and whether it is labelled. A step is the last of those
 * that are shown as one: its place, where it is ("node", "start", "inside", "link"), at which node or
 * link, and how many they are.
 *
 * @typedef {object} View
 * @property {[string, number[], number, number[]][]} nodes
 * @property {[number, number, number[], number][]} links
 * @property {[number, string, number, number][]} steps
 * @property {number[]} [shown] which of them are played, if not all
 * @property {number} thinnest the width of an edge along which nothing flows
 * @property {number} widest
 */

/** @type {Record<string, string>} */
const PHASES = { node: "forward", start: "start" };
const HIDDEN = 0;
const SEVERAL = 1;

/** What is known after a step. */
class Moment {
  /** @param {Graph} graph */
  constructor(graph) {
    this.graph = graph;
    /** How many operations have been computed. */
    this.count = 0;
    this.grads = new Float64Array(graph.data.length);
    this.hasGradient = new Uint8Array(graph.data.length);
    /** How many products are in each gradient. */
    this.arrived = new Uint32Array(graph.data.length);
    this.products = new Float64Array(graph.edges.length);
    this.hasProduct = new Uint8Array(graph.edges.length);
  }

  /** Take one more step, whose place is told. @param {number} k */
  take(k) {
    const { graph } = this;
    if (k < graph.operations.length) this.count = k + 1;
    else if (k === graph.operations.length) {
      this.grads[graph.root] = 1;
      this.hasGradient[graph.root] = 1;
    } else {
      const { edge, product, after } = graph.products[k - graph.operations.length - 1];
      const { input } = graph.edges[edge];
      this.grads[input] = after;
      this.hasGradient[input] = 1;
      this.arrived[input]++;
      this.products[edge] = this.hasProduct[edge] ? this.products[edge] + product : product;
      this.hasProduct[edge] = 1;
    }
  }

  /** Whether a value's number is known. @param {number} value */
  isKnown(value) {
    return this.graph.stepOf[value] < this.count && !this.graph.isUnknown[value];
  }
}

/** @implements {Show} */
class Scenes {
  /**
   * @param {Board} board
   * @param {View} view
   */
  constructor(board, view) {
    this.board = board;
    this.graph = board.graph;
    this.view = view;
    this.shown = view.shown ?? view.steps.map((_, k) => k);
    this.total = board.total;
    this.count = this.shown.length;
    /** For each edge the link that shows it, -1 if none. */
    this.linkOf = new Int32Array(this.graph.edges.length).fill(-1);
    /** The links into each node. @type {number[][]} */
    this.into = view.nodes.map(() => []);
    view.links.forEach(([, target, edges], k) => {
      this.into[target].push(k);
      for (const edge of edges) this.linkOf[edge] = k;
    });
    /** @type {Map<string, Thing>} */
    this.things = new Map();
    view.nodes.forEach(([name, , kind, learners], k) => {
      const cells = {
        data: `d${k}`,
        gradient: `g${k}`,
        parameters: learners.length ? `p${k}` : "",
      };
      if (kind !== HIDDEN) this.things.set(`n${k}`, { name, ...cells });
    });
    this.largestGradient = 0;
    this.largestProduct = 0;
    /** The scene that was asked for last. @type {{ k: number, scene: Scene } | null} */
    this.known = null;
    this.measure();
  }

  /** The largest gradient and product, to which colours and widths are relative. */
  measure() {
    this.known = null;
    const { graph, view } = this;
    this.largestGradient = largest(graph.grads);
    const end = new Moment(graph);
    graph.products.forEach((_, k) => {
      end.take(graph.operations.length + 1 + k);
    });
    this.largestProduct = largest(view.links.map((_, k) => this.product(end, k) ?? 0));
  }

  /**
   * The moment after a step, and what each step on the way changes.
   *
   * @param {number} upto the place of the last step, -1 before the first
   * @param {(moment: Moment, step: number) => void} [change] is told each of the view's steps
   */
  moment(upto, change = () => {}) {
    const moment = new Moment(this.graph);
    let next = 0;
    for (let k = 0; k <= upto; k++) {
      moment.take(k);
      if (this.view.steps[next]?.[0] === k) change(moment, next++);
    }
    return moment;
  }

  /** The step before and after which the first scenes are, and so on. @param {number} scenes */
  upto(scenes) {
    if (scenes) return this.view.steps[this.shown[scenes - 1]][0];
    const first = this.shown.length ? this.shown[0] : this.view.steps.length;
    return first ? this.view.steps[first - 1][0] : -1;
  }

  /** @param {number} scenes */
  looks(scenes) {
    /** @type {Map<string, Look>} */
    const looks = new Map();
    const start = new Moment(this.graph);
    this.view.nodes.forEach((_, k) => {
      this.dataLook(looks, start, k);
      this.gradientLooks(looks, start, k);
    });
    const last = this.upto(scenes);
    this.moment(Math.min(last, this.undefinedPlace), (moment, step) => {
      const [, kind, at] = this.view.steps[step];
      if (kind === "node") {
        this.dataLook(looks, moment, at);
        for (const link of this.into[at]) looks.set(`e${link}`, { class: "known" });
      } else if (kind === "link") {
        this.gradientLooks(looks, moment, this.view.links[at][0]);
        looks.set(`e${at}`, this.flow(this.product(moment, at) ?? 0));
      } else this.gradientLooks(looks, moment, at);
    });
    if (last >= this.undefinedPlace) this.markUndefined(looks);
    return looks;
  }

  /** The place of the step that is not defined, beyond all if they are. */
  get undefinedPlace() {
    const { stepOf, undefinedAt } = this.graph;
    return undefinedAt < 0 ? Infinity : stepOf[undefinedAt];
  }

  /** What stands in the way after so many scenes. @param {number} scenes */
  problemAt(scenes) {
    return !scenes || this.upto(scenes) >= this.undefinedPlace ? this.board.problem : "";
  }

  /** Where the steps end, as an operation is not defined. @param {Map<string, Look>} looks */
  markUndefined(looks) {
    this.view.nodes.forEach(([, outputs, kind], k) => {
      const isUndefined = outputs.includes(this.graph.undefinedAt);
      if (isUndefined && kind !== HIDDEN) looks.set(`d${k}`, { text: "?", class: "undefined" });
    });
  }

  /** @param {number} k */
  numberOf(k) {
    return this.view.steps[this.shown[k]][0] + 1;
  }

  /** @param {number} k */
  phaseOf(k) {
    return PHASES[this.view.steps[this.shown[k]][1]] ?? "backward";
  }

  /** @param {number} k */
  scene(k) {
    this.known ??= { k, scene: this.made(k) };
    if (this.known.k !== k) this.known = { k, scene: this.made(k) };
    return this.known.scene;
  }

  /**
   * @param {number} k
   * @returns {Scene}
   */
  made(k) {
    const [place, kind, at, count] = this.view.steps[this.shown[k]];
    const moment = this.moment(place);
    const words = count === 1 ? this.board.at(place) : this.together(moment, kind, at, count);
    const scene = { ...words, number: place + 1, lit: [`n${at}`], way: [], back: false };
    if (kind === "link") return this.backward(scene, moment, place, at, count);
    const cell = kind === "inside" && this.view.nodes[at][3].length ? "p" : "g";
    if (kind !== "node") return { ...scene, lit: [`n${at}`, ...this.cells(cell, at)] };
    const into = this.into[at];
    /** @type {[string, string][]} */
    const leg = into.map((link) => [`e${link}`, this.dataText(moment, this.view.links[link][0])]);
    const lit = [`n${at}`, ...this.cells("d", at), ...into.map((link) => `e${link}`)];
    return { ...scene, lit, way: leg.length ? [leg] : [] };
  }

  /**
   * A gradient goes back along a link, to the input.
   *
   * @param {Scene} scene
   * @param {Moment} moment
   * @param {number} place
   * @param {number} link
   * @param {number} count
   * @returns {Scene}
   */
  backward(scene, moment, place, link, count) {
    const [source, target] = this.view.links[link];
    const { product } = this.graph.products[place - this.graph.operations.length - 1];
    const amount = count === 1 ? product : (this.product(moment, link) ?? 0);
    const lit = [`n${source}`, ...this.cells("g", source), `e${link}`, ...this.cells("g", target)];
    return { ...scene, lit, way: [[[`e${link}`, number(amount)]]], back: true };
  }

  /**
   * The words of several steps that are shown as one: what they come to.
   *
   * @param {Moment} moment
   * @param {string} kind
   * @param {number} at
   * @param {number} count
   */
  together(moment, kind, at, count) {
    const { words } = this.board;
    const [source, target] = kind === "link" ? this.view.links[at] : [at, at];
    const [name] = this.view.nodes[source];
    const gradient = this.isLength(source) ? words.length : words.gradient;
    let equation = [
      put(words.of, { gradient, name }),
      this.gradientText(this.gradient(moment, source)),
    ];
    if (kind === "node") equation = [name, this.dataText(moment, at)];
    else if (kind === "inside" && this.view.nodes[at][3].length)
      equation = [
        put(words.parameters, { gradient: words.length, name }),
        this.ofParameters(moment, at),
      ];
    const said = { node: words.values, link: words.products }[kind] ?? words.inside;
    const counted = count.toLocaleString("en-US");
    const remark = put(said, { count: counted, name: this.view.nodes[target][0] });
    return this.board.written(PHASES[kind] ?? "backward", equation, { remark });
  }

  /** The scenes that a thing of the picture is in. @param {string} id */
  past(id) {
    const node = Number(id.slice(1));
    return this.shown.flatMap((step, k) => {
      const [, kind, at] = this.view.steps[step];
      return (kind === "link" ? this.view.links[at][0] : at) === node ? [k] : [];
    });
  }

  // --- how elements look

  /** The ids of a node's cell, if it has cells. @param {string} letter @param {number} node */
  cells(letter, node) {
    return this.view.nodes[node][2] === HIDDEN ? [] : [letter + node];
  }

  /** @param {Moment} moment @param {number} node */
  dataText(moment, node) {
    const known = this.view.nodes[node][1].filter((v) => moment.isKnown(v));
    return this.spread(known.map((v) => this.graph.data[v]));
  }

  /** A number, the least and the largest of several, NaN if any is. @param {number[]} numbers */
  spread(numbers) {
    const { words } = this.board;
    if (!numbers.length) return words.unknown;
    if (numbers.some(Number.isNaN)) return number(NaN);
    let low = numbers[0];
    let high = numbers[0];
    for (const x of numbers) [low, high] = [Math.min(low, x), Math.max(high, x)];
    const ends = { low: number(low), high: number(high) };
    return ends.low === ends.high ? ends.low : put(words.range, ends);
  }

  /** @param {Map<string, Look>} looks @param {Moment} moment @param {number} node */
  dataLook(looks, moment, node) {
    for (const id of this.cells("d", node)) looks.set(id, { text: this.dataText(moment, node) });
  }

  /** Whether a node's gradient is the length of several values' gradients. @param {number} node */
  isLength(node) {
    const [, outputs, kind] = this.view.nodes[node];
    return outputs.length > 1 || kind === HIDDEN;
  }

  /** The gradient that a node shows, of several values its length. @param {Moment} moment @param {number} node */
  gradient(moment, node) {
    const known = this.view.nodes[node][1].filter((v) => moment.hasGradient[v]);
    if (!known.length) return undefined;
    return this.isLength(node)
      ? Math.hypot(...known.map((v) => moment.grads[v]))
      : moment.grads[known[0]];
  }

  /** @param {number | undefined} gradient */
  gradientText(gradient) {
    return gradient === undefined ? this.board.words.unknown : number(gradient);
  }

  /** @param {Map<string, Look>} looks @param {Moment} moment @param {number} node */
  gradientLook(looks, moment, node) {
    const [, outputs, kind] = this.view.nodes[node];
    const gradient = this.gradient(moment, node);
    /** @type {Look} */
    const look = { text: this.gradientText(gradient) };
    const tint = this.isLength(node) ? 0 : strength(gradient ?? 0, this.largestGradient);
    if (tint) {
      look["--tint"] = `var(--${tint < 0 ? "negative" : "positive"})`;
      look["--strength"] = `${fixed(100 * Math.abs(tint), 0)}%`;
    }
    const arrived = moment.arrived[outputs[0]];
    if (kind > SEVERAL && arrived && arrived < this.graph.uses[outputs[0]]) look.class = "partial";
    for (const id of this.cells("g", node)) looks.set(id, look);
  }

  /** The length of the gradients of a group's parameters. @param {Moment} moment @param {number} node */
  ofParameters(moment, node) {
    const known = this.view.nodes[node][3].filter((v) => moment.hasGradient[v]);
    const length = Math.hypot(...known.map((v) => moment.grads[v]));
    return this.gradientText(known.length ? length : undefined);
  }

  /** All gradients of a node. @param {Map<string, Look>} looks @param {Moment} moment @param {number} node */
  gradientLooks(looks, moment, node) {
    this.gradientLook(looks, moment, node);
    const isLearner = this.view.nodes[node][3].length;
    if (isLearner) looks.set(`p${node}`, { text: this.ofParameters(moment, node) });
  }

  /** What flows along a link, as far as it is known. @param {Moment} moment @param {number} link */
  product(moment, link) {
    const edges = this.view.links[link][2].filter((edge) => moment.hasProduct[edge]);
    return edges.length ? total(edges.map((edge) => moment.products[edge])) : undefined;
  }

  /**
   * An edge along which a gradient has gone: its width is the size, its colour the sign.
   *
   * @param {number} product
   * @returns {Look}
   */
  flow(product) {
    if (product === 0) return { class: "known nothing" };
    const sign = product > 0 ? "positive" : "negative"; // of NaN as Python has it
    return { class: `known ${sign}`, "--width": `${fixed(this.width(product), 2)}px` };
  }

  /** How wide an edge is, in points. @param {number} product */
  width(product) {
    const { thinnest, widest } = this.view;
    const size = this.largestProduct ? Math.min(Math.abs(product) / this.largestProduct, 1) : 1;
    return thinnest + (widest - thinnest) * Math.sqrt(Number.isNaN(size) ? 1 : size);
  }

  /** The local derivatives at the links that are labelled, by their elements' ids. */
  labels() {
    return new Map(
      this.view.links.flatMap(([, , edges, isLabelled], k) =>
        isLabelled ? [/** @type {[string, string]} */ ([`e${k}`, this.label(edges)])] : [],
      ),
    );
  }

  /** The derivative that edges share, or how many they are. @param {number[]} edges */
  label(edges) {
    const locals = edges.map((edge) => {
      const { node, position } = this.graph.edges[edge];
      return this.graph.locals[node][position];
    });
    const isOne = locals.every((x) => x === locals[0] || locals.length === 1);
    return isOne ? number(locals[0]) : `× ${edges.length.toLocaleString("en-US")}`;
  }
}
