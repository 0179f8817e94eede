// Playing scenes: the step that is shown, the board, the controls, and the keys.

const PACE = 1600; // milliseconds of a step, at speed 1

class Player {
  /**
   * @param {string} title
   * @param {Stage} stage
   * @param {string[]} phases to go to
   */
  constructor(title, stage, phases) {
    this.title = title;
    this.stage = stage;
    this.phases = phases;
    /** How many scenes have been shown: 0 is before the first. */
    this.at = 0;
    /** What the board says before the first step. */
    this.hint = "press play, or click here and use the arrow keys";
    /** What it says above that, if there is anything to know beforehand. */
    this.warning = "";
    /** @type {Travel | null} */
    this.travel = null;
    this.timer = 0;
    this.isStill = matchMedia("(prefers-reduced-motion: reduce)");
    /** Who wants to know when another scene is shown. @type {(() => void)[]} */
    this.listeners = [];
    /** @type {ReturnType<typeof look> | null} */
    this.view = null;
    this.connect();
  }

  get show() {
    return this.stage.show;
  }

  /** What is in the way of the scene, and stands on the board instead. */
  get problem() {
    return this.show.problemAt?.(this.at) ?? "";
  }

  get isPlaying() {
    return "playing" in document.documentElement.dataset;
  }

  get speed() {
    return Number(/** @type {HTMLSelectElement} */ (byId("speed")).value);
  }

  /** The scene that is shown, none before the first. */
  get scene() {
    return this.at ? this.show.scene(this.at - 1) : null;
  }

  // --- going to a scene

  /** Show a scene, without stopping what plays. @param {number} scenes @param {boolean} [isMoving] */
  go(scenes, isMoving = false) {
    this.travel?.arrive();
    const before = this.at;
    this.at = Math.max(0, Math.min(this.show.count, scenes));
    const { scene } = this;
    const travels = scene?.way.length && this.at === before + 1;
    if (scene && travels && isMoving && !this.isStill.matches && !this.problem) {
      this.stage.draw(this.show.looks(before), scene.lit);
      this.travel = new Travel(this.stage, scene, this.speed, () => {
        this.travel = null;
        this.draw();
      });
    } else this.draw();
    this.write();
    this.follow();
    for (const listen of this.listeners) listen();
  }

  /** Show a scene, and stop. @param {number} scenes @param {boolean} [isMoving] */
  stopAt(scenes, isMoving = false) {
    this.play(false);
    this.go(scenes, isMoving);
  }

  /** The same scene, of other numbers or of another picture. */
  refresh() {
    this.travel?.arrive();
    this.draw();
    this.write();
  }

  draw() {
    this.stage.draw(this.show.looks(this.at), this.problem ? [] : (this.scene?.lit ?? []));
  }

  /** Move what the scene is about into sight. */
  follow() {
    const ids = this.at || !this.show.count ? [...this.stage.lit] : this.show.scene(0).lit;
    if (ids.length) this.view?.show(ids.map((id) => this.stage.element(id)));
  }

  // --- the board

  write() {
    const { scene, problem } = this;
    const phase = scene?.phase ?? "";
    byId("phase").textContent = phase;
    this.stage.root.dataset.phase = phase || (this.show.count ? this.show.phaseOf(0) : "");
    byId("count").textContent = scene ? this.which(scene.number) : this.title;
    byId("board").classList.toggle("problem", Boolean(problem));
    const before = part("span", "before the first step");
    const hints = [this.warning, this.hint].filter(Boolean).map((words) => part("div", words));
    const equation = problem ? [alertOf(problem)] : scene ? equationParts(scene) : [before];
    byId("equation").replaceChildren(...equation);
    byId("remark").replaceChildren(...(problem ? [] : scene ? remarkParts(scene) : hints));
    const slider = /** @type {HTMLInputElement} */ (byId("slider"));
    slider.max = String(this.show.count);
    slider.value = String(this.at);
    const told = scene ? `${phase}, step ${scene.number}` : "before the first step";
    slider.setAttribute("aria-valuetext", told);
    for (const button of byId("phases").querySelectorAll("button")) {
      const isHere = Boolean(scene) && phaseOf(phase) === button.dataset.phase;
      button.setAttribute("aria-pressed", String(isHere));
    }
    fitWords();
  }

  /** Which step it is; where several are shown as one, it is counted in both ways. @param {number} number */
  which(number) {
    const { count, total } = this.show;
    const all = `step ${number} of ${total}`;
    return count < total ? `${all}, here ${this.at} of ${count}` : all;
  }

  // --- playing

  /** @param {boolean} on */
  play(on) {
    clearTimeout(this.timer);
    if (on) {
      document.documentElement.dataset.playing = "";
      if (this.at === this.show.count) this.go(0);
      this.timer = setTimeout(() => this.beat(), 200 / this.speed);
    } else delete document.documentElement.dataset.playing;
    byId("play").setAttribute("aria-label", on ? "pause" : "play");
    // What is read aloud at every step would never end while the steps go by themselves.
    byId("board").setAttribute("aria-live", on ? "off" : "polite");
  }

  beat() {
    this.go(this.at + 1, true);
    if (this.at === this.show.count) this.play(false);
    else this.timer = setTimeout(() => this.beat(), PACE / this.speed);
  }

  /** @param {string | undefined} phase */
  toPhase(phase) {
    for (let k = 0; k < this.show.count; k++)
      if (phaseOf(this.show.phaseOf(k)) === phase) return this.stopAt(k + 1);
  }

  /** @param {number} by */
  faster(by) {
    const choice = /** @type {HTMLSelectElement} */ (byId("speed"));
    const most = choice.options.length - 1;
    choice.selectedIndex = Math.max(0, Math.min(most, choice.selectedIndex + by));
  }

  // --- controls and keys

  connect() {
    /** @type {Record<string, () => void>} */
    const buttons = {
      first: () => this.stopAt(0),
      previous: () => this.stopAt(this.at - 1),
      play: () => this.play(!this.isPlaying),
      next: () => this.stopAt(this.at + 1, true),
      last: () => this.stopAt(this.show.count),
    };
    for (const id in buttons) byId(id).addEventListener("click", buttons[id]);
    const slider = /** @type {HTMLInputElement} */ (byId("slider"));
    slider.addEventListener("input", () => this.stopAt(Number(slider.value)));
    for (const phase of this.phases) {
      const button = part("button", phase);
      button.dataset.phase = phase;
      button.title = `to the ${phase} phase (${phase[0]})`;
      button.addEventListener("click", () => this.toPhase(phase));
      byId("phases").append(button);
    }
    onKeys("space", "play, pause", { " ": buttons.play });
    onKeys("← →", "previous, next step", {
      ArrowLeft: buttons.previous,
      ArrowRight: buttons.next,
    });
    onKeys("Home End", "first, last step", { Home: buttons.first, End: buttons.last });
    for (const phase of this.phases)
      onKeys(phase[0], `${phase} phase`, { [phase[0]]: () => this.toPhase(phase) });
    const faster = () => this.faster(1);
    onKeys("+ −", "speed", { "+": faster, "=": faster, "-": () => this.faster(-1) });
    addEventListener("resize", fitWords);
    this.print();
  }

  /** On paper: the step that is shown, or the last if nobody has gone to one. */
  print() {
    let isUnplayed = false;
    addEventListener("beforeprint", () => {
      isUnplayed = this.at === 0;
      this.go(isUnplayed ? this.show.count : this.at);
    });
    addEventListener("afterprint", () => isUnplayed && this.go(0));
  }
}

/** The phase that a step belongs to: the start is where the backward phase begins. @param {string} phase */
function phaseOf(phase) {
  return phase === "start" ? "backward" : phase;
}
