// The page of backprop: a graph that computes, its views, and what the reader does to its numbers.

/**
 * @typedef {object} LiveData
 * @property {string} title
 * @property {GraphData} graph
 * @property {Record<string, string>} words
 * @property {Template} sum
 * @property {string[]} phases
 * @property {ViewData[]} views the first one is on the page
 * @property {Groups} groups
 * @property {number[]} variables leaves whose names can be those of Python's variables
 * @property {Record<string, string>} nameless leaves that no program can name, by their places, and why
 *
 * The groups that values are in.
 *
 * @typedef {object} Groups
 * @property {string[]} names the innermost ones
 * @property {number[]} of for each value the place of its group among the names, -1 if none
 *
 * A view of the graph.
 *
 * @typedef {object} ViewData
 * @property {string} name "" for the graph as it is folded, "all", or that of the group that is open
 * @property {string[]} open the groups that are open in it, in the order of their clusters' ids
 * @property {View} view
 * @property {string} [svg] its picture, packed, if it is not on the page
 *
 * @typedef {"numbers" | "scene" | "select" | "view"} Topic what has changed: the numbers of the graph,
 *   the scene that is shown, the value that is chosen, the picture
 */

/** @typedef {{ leaf: number, from: number, to: number }[]} Edit leaves that changed together */

const MOST_EDITS = 2000; // that can be undone
const RECORDED =
  "The leaves have other numbers by now than when the graph was recorded. Turn one, or reset, and all is computed from them.";

class Live {
  /** @param {LiveData} data */
  constructor(data) {
    this.source = data;
    this.graph = new Graph(data.graph);
    this.board = new Board(this.graph, data.words, data.sum);
    /** The picture that is shown. */
    this.viewData = data.views[0];
    /** The value that the reader has chosen, -1 if none. */
    this.selected = -1;
    /** The group, "" if none. */
    this.group = "";
    /** The link of the picture, -1 if none. */
    this.link = -1;
    /** The thing of the picture that shows what is chosen. @type {string | null} */
    this.thing = null;
    /** What was done, for undo. @type {Edit[]} */
    this.edits = [];
    /** The leaf that is being turned, as the last edit, -1 if none is. */
    this.turned = -1;
    /** The view that was asked for last. @type {ViewData | undefined} */
    this.wanted = undefined;
    /** Whether numbers stay as they are for now. */
    this.isLocked = false;
    /** @type {Map<Topic, (() => void)[]>} */
    this.listeners = new Map();
    const { view } = this.viewData;
    this.scenes = new Scenes(this.board, view);
    this.root = byId("stage");
    this.stage = new Stage(this.root, this.scenes);
    this.player = new Player(data.title, this.stage, data.phases);
    this.player.listeners.push(() => this.tell("scene"));
    const { picture } = this.stage;
    /** @type {Map<ViewData, { view: View, picture: SVGSVGElement }>} */
    this.pictures = new Map([[this.viewData, { view, picture }]]);
    this.looking = lookAt(this.root, (id) => this.chooseThing(id));
    this.player.view = this.looking;
    if (!this.frozen) this.player.hint += "; drag a leaf’s number to turn it";
    this.refresh();
    this.player.go(sceneOfAddress(this.scenes, location.hash));
    addEventListener("hashchange", () => {
      if (/^#\d+$/.test(location.hash)) this.step(Number(location.hash.slice(1)));
    });
  }

  // --- who wants to know what has changed

  /** @param {Topic} topic @param {() => void} listen */
  on(topic, listen) {
    this.listeners.set(topic, [...(this.listeners.get(topic) ?? []), listen]);
  }

  /** @param {Topic} topic */
  tell(topic) {
    for (const listen of this.listeners.get(topic) ?? []) listen();
  }

  // --- numbers

  /** Why nothing can be edited, "" if it can. */
  get frozen() {
    return this.graph.source.frozen;
  }

  /** What is told beforehand of the numbers, "" if there is nothing. */
  get warning() {
    if (this.frozen) return `Nothing can be edited here: ${this.frozen}`;
    return this.graph.isRecorded ? RECORDED : "";
  }

  /** Why there is no loss to be measured at other numbers, "" if there is. */
  get problem() {
    return this.frozen || this.board.problem || this.warning;
  }

  /** Whether everything is computed from the leaves that the page came with. */
  get isAtStart() {
    const { data, isRecorded, leaves, start } = this.graph;
    return (!isRecorded || this.frozen !== "") && leaves.every((k) => Object.is(data[k], start[k]));
  }

  /**
   * Give leaves other numbers, and have everything follow. Edits of one leaf after the other, as in
   * dragging, are one to undo if `isMore`.
   *
   * @param {Map<number, number>} numbers by the places of the leaves
   * @param {boolean} [isMore]
   */
  set(numbers, isMore = false) {
    if (this.frozen) throw new Error(this.frozen);
    if (this.isLocked) return;
    const edit = [...numbers].map(([leaf, to]) => ({ leaf, from: this.graph.data[leaf], to }));
    const last = this.edits.at(-1);
    const turned = edit.length === 1 ? edit[0].leaf : -1;
    if (isMore && last && turned >= 0 && turned === this.turned) last[0].to = edit[0].to;
    else this.edits.push(edit);
    this.turned = turned;
    if (this.edits.length > MOST_EDITS) this.edits.shift();
    this.put(numbers);
  }

  /** @param {Map<number, number>} numbers */
  put(numbers) {
    for (const [leaf, x] of numbers) this.graph.data[leaf] = x;
    const { recorded } = this.graph.source;
    if (recorded && !this.edits.length) this.graph.recall(recorded);
    else this.graph.compute();
    this.scenes.measure();
    this.refresh();
    this.tell("numbers");
  }

  undo() {
    if (this.isLocked) return;
    const edit = this.edits.pop();
    this.turned = -1;
    if (edit) this.put(new Map(edit.map(({ leaf, from }) => [leaf, from])));
  }

  /** Back to the numbers that the page came with. */
  reset() {
    const { data, leaves, start } = this.graph;
    const others = leaves.filter((leaf) => !Object.is(data[leaf], start[leaf]));
    if (!this.isAtStart) this.set(new Map(others.map((leaf) => [leaf, start[leaf]])));
  }

  /** Draw everything that numbers are in. */
  refresh() {
    this.player.warning = this.warning;
    this.stage.label(this.scenes.labels());
    this.player.refresh();
  }

  // --- steps

  /** Show a step by its number, from 1; 0 is before the first. @param {number} number */
  step(number) {
    this.player.stopAt(sceneOf(this.scenes, number));
  }

  // --- what is chosen

  /** Choose a value, or none (-1). @param {number} place */
  select(place) {
    this.choose({ selected: place, thing: this.thingOf(place) });
  }

  /** Choose a group, be it open or not. @param {string} group */
  selectGroup(group) {
    this.choose({ group, thing: this.thingOfGroup(group) });
  }

  /** Choose a link of the picture. @param {number} link */
  selectLink(link) {
    this.choose({ link });
  }

  /** Choose what a thing of the picture shows. @param {string | null} id */
  chooseThing(id) {
    if (id?.startsWith("c")) return this.selectGroup(this.viewData.open[Number(id.slice(1)) - 1]);
    const value = id ? this.valueOf(id) : -1;
    const name = (id && this.scenes.things.get(id)?.name) ?? "";
    const isGroup = value < 0 && groupNames(this.source.groups).has(name);
    this.choose({ selected: value, group: isGroup ? name : "", thing: id });
  }

  /** @param {{ selected?: number, group?: string, link?: number, thing?: string | null }} chosen */
  choose({ selected = -1, group = "", link = -1, thing = null }) {
    Object.assign(this, { selected, group, link, thing });
    this.tell("select");
  }

  /** Whether anything is chosen. */
  get isChosen() {
    return this.selected >= 0 || this.group !== "" || this.link >= 0 || this.thing !== null;
  }

  /** The value of a thing of the picture, -1 if that shows several. @param {string} id */
  valueOf(id) {
    const [, outputs, kind] = this.scenes.view.nodes[Number(id.slice(1))];
    return kind > SEVERAL ? outputs[0] : -1;
  }

  /** The thing that shows a value alone, if there is one. @param {number} place */
  thingOf(place) {
    const { nodes } = this.scenes.view;
    const node = nodes.findIndex(([, outputs, kind]) => kind > SEVERAL && outputs[0] === place);
    return node < 0 ? null : `n${node}`;
  }

  /** The thing that shows a group, if it is closed. @param {string} group */
  thingOfGroup(group) {
    const { nodes } = this.scenes.view;
    const node = nodes.findIndex(([name, , kind]) => kind === SEVERAL && name === group);
    return node < 0 ? null : `n${node}`;
  }

  // --- views

  /**
   * A view with its picture, which is made when it is shown for the first time.
   *
   * @param {ViewData} data
   * @returns {Promise<{ view: View, picture: SVGSVGElement }>}
   */
  async pictured(data) {
    const known = this.pictures.get(data);
    if (known) return known;
    const { view, svg = "" } = data;
    const parsed = new DOMParser().parseFromString(
      await inflated(svg),
      "image/svg+xml",
    ).documentElement;
    /** @type {unknown} */
    const made = document.importNode(parsed, true);
    const picture = /** @type {SVGSVGElement} */ (made);
    this.pictures.set(data, { view, picture });
    return { view, picture };
  }

  /** The view of a name, or one in which a group of that name is open. @param {string} name */
  viewOf(name) {
    const { views } = this.source;
    return (
      views.find((view) => view.name === name) ?? views.find(({ open }) => open.includes(name))
    );
  }

  /** Move a group that was opened into sight. @param {string} name */
  showOpened(name) {
    const place = this.viewData.open.indexOf(name) + 1;
    if (place) this.looking.show([this.stage.element(`c${place}`)]);
  }

  /** Show another view: "" for the graph as it is folded, "all", or a group. @param {string} name */
  async open(name) {
    const data = this.viewOf(name);
    this.wanted = data; // the last one that was asked for, while pictures are made
    if (!data || data === this.viewData) return;
    const { view, picture } = await this.pictured(data);
    if (this.wanted !== data) return;
    const { number = 0 } = this.player.scene ?? {};
    this.player.travel?.arrive();
    this.viewData = data;
    this.scenes = new Scenes(this.board, view);
    this.stage.picture.replaceWith(picture);
    this.stage = new Stage(this.root, this.scenes);
    this.player.stage = this.stage;
    this.player.at = 0; // as there may be fewer scenes, and a panel may ask which is shown
    const { selected, group } = this;
    this.looking.take(picture); // which finds nothing there, and so chooses nothing
    const thing = selected < 0 ? this.thingOfGroup(group) : this.thingOf(selected);
    Object.assign(this, { selected, group, thing, link: -1 });
    this.refresh();
    this.step(number);
    this.showOpened(name);
    this.tell("view");
  }
}

/** The scene of a step, or the last before it. @param {Show} scenes @param {number} number */
function sceneOf(scenes, number) {
  let found = 0;
  for (let k = 0; k < scenes.count; k++) if (scenes.numberOf(k) <= number) found = k + 1;
  return found;
}

/** The scene that an address asks for, as in "#7". @param {Show} scenes @param {string} hash */
function sceneOfAddress(scenes, hash) {
  return /^#\d+$/.test(hash) ? sceneOf(scenes, Number(hash.slice(1))) : 0;
}
