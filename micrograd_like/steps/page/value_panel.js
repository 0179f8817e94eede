// The panel of what is chosen: a value, a group, an edge, or nothing yet.

class ValuePanel {
  /** @param {Live} live */
  constructor(live) {
    this.live = live;
    this.element = part("section");
    /** Write anew what follows the numbers and the steps. @type {() => void} */
    this.write = () => {};
    this.isOpen = false;
    live.on("select", () => this.choose());
    live.on("view", () => this.choose());
    live.on("numbers", () => this.refresh());
    live.on("scene", () => this.refresh());
  }

  /** @param {boolean} isOpen */
  show(isOpen) {
    this.isOpen = isOpen;
    if (isOpen) this.choose();
  }

  /** Show another thing. */
  choose() {
    if (!this.isOpen) return;
    const about = this.about();
    const changing = part("div");
    const head = part("div", "", "about");
    head.append(part("h3", about.title), ...about.beside);
    this.element.replaceChildren(head, ...about.fixed, changing);
    this.write = () => {
      about.write?.();
      keepingFocus(changing, () => changing.replaceChildren(...about.changing()));
    };
    this.refresh();
  }

  /** @returns {About} */
  about() {
    const { live } = this;
    if (live.selected >= 0) return aboutValue(live, live.selected);
    if (live.link >= 0) return aboutLink(live, live.link);
    if (live.group) return aboutGroup(live, live.group);
    return live.thing ? aboutSeveral(live, live.thing) : aboutLeaves(live);
  }

  refresh() {
    if (this.isOpen) this.write();
  }
}

/**
 * What the panel says.
 *
 * @typedef {object} About
 * @property {string} title
 * @property {Element[]} beside what stands beside the title
 * @property {Element[]} fixed what is made once, such as a knob that is being turned
 * @property {() => void} [write] writes the numbers in it
 * @property {() => (Element | string)[]} changing what is made anew
 */

/**
 * Replace what an element has in it; the button that had the focus has it again.
 *
 * @param {Element} element
 * @param {() => void} replace
 */
function keepingFocus(element, replace) {
  const buttons = () => [...element.querySelectorAll("button")];
  const place = buttons().findIndex((button) => button.matches(":focus"));
  replace();
  if (place >= 0) (buttons()[place] ?? buttons().at(-1))?.focus();
}

/**
 * @param {Live} live
 * @returns {Panel}
 */
function valuePanel(live) {
  const panel = new ValuePanel(live);
  return {
    id: "value",
    title: "value",
    key: "v",
    element: panel.element,
    open: () => panel.show(true),
    close: () => panel.show(false),
  };
}
