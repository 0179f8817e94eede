// The page of a descent: the way is computed here, and follows the reader's start, rate and steps.

class DescentView {
  /** @param {DescentData} data */
  constructor(data) {
    this.data = data;
    this.place = new Place(data.place, data.length);
    this.way = new Walk(data);
    this.start = data.start.map(Number);
    this.rate = data.rate;
    /** How many steps there are, if it does not end early. */
    this.count = data.steps;
    /** Who wants to know when there is another way. @type {(() => void)[]} */
    this.listeners = [];
    this.frames = this.walked();
    this.stage = new Stage(byId("stage"), this.frames);
    this.hops = /** @type {Element} */ (this.stage.picture.querySelector(".descent"));
    this.addHops();
    this.player = new Player(this.frames.title, this.stage, []);
    this.player.hint += "; drag the ring to start elsewhere";
    this.looking = lookAt(byId("stage"), () => {});
    this.player.view = this.looking;
    this.handle = new StartHandle(this);
    this.player.go(0);
    this.show();
  }

  /** The scenes of the way. */
  walked() {
    this.way.walk(this.start, this.rate, this.count);
    return new WayFrames(this.data, this.place, this.way);
  }

  /** Another start, rate or number of steps. @param {{ start?: number[], rate?: number, steps?: number }} given */
  set({ start = this.start, rate = this.rate, steps = this.count }) {
    const isStart = start.length === this.data.names.length && start.every(Number.isFinite);
    if (!isStart) throw new Error(`the start has a finite number for each of ${this.data.names}`);
    if (!(rate > 0 && rate < Infinity)) throw new Error("the rate is a finite number above 0");
    if (!(steps % 1 === 0 && steps >= 1 && steps <= this.data.most))
      throw new Error(`steps is a whole number from 1 to ${this.data.most}`);
    this.start = start;
    this.rate = rate;
    this.count = steps;
    this.frames = this.walked();
    this.addHops();
    this.show();
  }

  /** Back to the start that the page came with. */
  reset() {
    const { start, rate, steps } = this.data;
    this.set({ start: start.map(Number), rate, steps });
  }

  /** An element for the path of each step. */
  addHops() {
    for (let k = this.hops.querySelectorAll(".hop").length; k < this.frames.ways.length; k++) {
      const made = svgPart("path", { id: hopId(k + 1), class: "hop", fill: "none" });
      this.hops.querySelector("marker")?.before(made);
    }
  }

  /** The whole picture, as the start is at one side of it; where that is too small, the start. */
  look() {
    this.looking.whole();
    if (this.looking.scale() >= 0.5) return;
    this.looking.full();
    this.looking.show([this.handle.ring]);
  }

  show() {
    const { player, frames } = this;
    this.stage.show = frames;
    player.title = frames.title;
    player.at = Math.min(player.at, frames.count);
    player.refresh();
    byId("told").textContent = frames.told;
    this.handle.write();
    for (const listen of this.listeners) listen();
  }
}

{
  document.documentElement.classList.add("playing");
  addStyle(CONTENT.style);
  const view = new DescentView(CONTENT);
  const panel = wayPanel(view);
  const tools = new Tools(view.stage, [panel]);
  const reset = tools.button("reset", "back to the start that the page came with (r)", () =>
    view.reset(),
  );
  reset.id = "reset";
  onKeys("r", "back to the start that the page came with", { r: () => view.reset() });
  tools.add(keysPanel());
  if (matchMedia("(min-width: 900px)").matches) tools.show(panel);
  view.look();
  /** What tests and other pages can do: the docstring of `Descent` in Python tells of it. */
  const hook = {
    set: view.set.bind(view),
    reset: () => view.reset(),
    /** The start, the rate, and the steps, from number to error; why they end, if early. */
    get: () => {
      const { start, rate, way } = view;
      return { start, rate, steps: way.steps, ended: way.ended, problem: way.problem };
    },
    /** Show a scene, of which each step has two; 0 is before the first. */
    go: (/** @type {number} */ scene) => view.player.stopAt(scene),
    /** What is shown, as Python's scenes have it. */
    frames: () => {
      const { total, start, steps, ways, told, title } = view.frames;
      return { total, start, steps, ways, told, title };
    },
  };
  Object.assign(window, { descent: hook });
}
