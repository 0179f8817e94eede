// Numbers that travel along the edges of the picture.

const TRAVEL = 800; // milliseconds on the way, at speed 1

class Travel {
  /**
   * @param {Stage} stage
   * @param {Scene} scene
   * @param {number} speed
   * @param {() => void} arrive is called at the end, however it comes
   */
  constructor(stage, scene, speed, arrive) {
    this.stage = stage;
    this.scene = scene;
    this.whenThere = arrive;
    this.time = Math.min(TRAVEL, TRAVEL / speed) / scene.way.length;
    this.layer = document.createElementNS(stage.picture.namespaceURI, "g");
    this.layer.setAttribute("class", "pulse");
    this.layer.setAttribute("aria-hidden", "true");
    stage.picture.querySelector(".graph")?.append(this.layer);
    this.began = performance.now();
    this.leg = -1;
    /** @type {{ path: SVGPathElement, length: number, mark: Element }[]} */
    this.riders = [];
    this.frame = requestAnimationFrame((now) => this.tick(now));
  }

  /** @param {number} now */
  tick(now) {
    const gone = Math.max(0, (now - this.began) / this.time);
    const { way, back } = this.scene;
    if (gone >= way.length) return this.arrive();
    if (Math.floor(gone) !== this.leg) {
      this.leg = Math.floor(gone);
      this.layer.replaceChildren();
      this.riders = way[this.leg].map(([id, words]) => this.rider(id, words));
    }
    const part = back ? 1 - gone + this.leg : gone - this.leg;
    for (const { path, length, mark } of this.riders) {
      const { x, y } = path.getPointAtLength(length * part);
      mark.setAttribute("transform", `translate(${x} ${y})`);
    }
    this.frame = requestAnimationFrame((next) => this.tick(next));
  }

  /** @param {string} id @param {string} words */
  rider(id, words) {
    const space = /** @type {"http://www.w3.org/2000/svg"} */ (this.stage.picture.namespaceURI);
    const mark = document.createElementNS(space, "g");
    const dot = document.createElementNS(space, "circle");
    const text = document.createElementNS(space, "text");
    dot.setAttribute("r", "4.5");
    text.setAttribute("y", "-8");
    text.textContent = words;
    mark.append(dot, text);
    this.layer.append(mark);
    const path = /** @type {SVGPathElement} */ (this.stage.element(id).querySelector("path"));
    return { path, length: path.getTotalLength(), mark };
  }

  arrive() {
    cancelAnimationFrame(this.frame);
    this.layer.remove();
    this.whenThere();
  }
}
