// The buttons of the view, and their keys.

const LOOK_KEYS = { smaller: "−", larger: "+", whole: "0", full: "1", screen: "f", find: "/" };

class Controls {
  static TYPED = "select, textarea, input:not([type=range])"; // keys are theirs

  /**
   * @param {Zoom} zoom
   * @param {Finder} finder
   * @param {typeof LOOK_KEYS} keys
   * @param {Element} frame what a full screen shows
   */
  constructor(zoom, finder, keys, frame) {
    this.zoom = zoom;
    this.frame = frame;
    this.element = make("nav", { className: "look-controls" });
    this.element.setAttribute("aria-label", "view");
    this.scale = make("output", { className: "look-scale" });
    this.search = new Search(finder, keys.find);
    const smaller = () => zoom.by(1 / Zoom.STEP);
    const larger = () => zoom.by(Zoom.STEP);
    const whole = () => zoom.whole();
    const full = () => zoom.full();
    const screen = () => this.toggleScreen();
    this.button("−", `smaller (${keys.smaller})`, smaller);
    this.element.append(this.scale);
    this.button("+", `larger (${keys.larger})`, larger);
    this.whole = this.button("whole", `all of the picture (${keys.whole})`, whole);
    this.full = this.button("100 %", `its own size (${keys.full})`, full);
    this.screen = this.button("full screen", `full screen (${keys.screen})`, screen);
    this.screen.hidden = !document.fullscreenEnabled;
    this.element.append(this.search.form);
    this.acts = new Map([
      [keys.smaller, smaller],
      [keys.larger, larger],
      [keys.whole, whole],
      [keys.full, full],
      [keys.screen, screen],
      [keys.find, () => this.search.begin()],
    ]);
    addEventListener("keydown", (event) => this.press(event));
    document.addEventListener("fullscreenchange", () => {
      this.screen.setAttribute("aria-pressed", String(Boolean(document.fullscreenElement)));
    });
    zoom.changed = () => this.refresh();
  }

  /**
   * A new button, after those that there are.
   *
   * @param {string} text
   * @param {string} title
   * @param {() => void} press
   */
  button(text, title, press) {
    const made = make("button", { type: "button", textContent: text, title });
    if (text.length === 1) made.setAttribute("aria-label", title.replace(/ \(.*/, ""));
    made.addEventListener("click", press);
    this.element.append(made);
    return made;
  }

  /** Says how large the picture is. */
  refresh() {
    const { zoom } = this;
    this.scale.textContent = `${Math.round(100 * zoom.scale)} %`;
    const isWhole = Math.abs(zoom.scale - zoom.room()) < 1e-3;
    this.whole.setAttribute("aria-pressed", String(isWhole));
    this.full.setAttribute("aria-pressed", String(zoom.scale === 1 && !isWhole));
  }

  /** To a full screen, where there is one, or back. */
  toggleScreen() {
    if (this.screen.hidden) return;
    if (document.fullscreenElement) document.exitFullscreen();
    else this.frame.requestFullscreen();
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    const key = event.key === "-" ? "−" : event.key === "=" ? "+" : event.key;
    const act = this.acts.get(key);
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    if (/** @type {Element} */ (event.target).closest(Controls.TYPED)) return;
    event.preventDefault();
    act();
  }
}
