// The tools: a toolbar, and beside the picture or below it the panel of one of them at a time.

/**
 * What a tool shows. Its buttons and fields lie in `element`, which stays in the page.
 *
 * @typedef {object} Panel
 * @property {string} id
 * @property {string} title
 * @property {string} key that opens it
 * @property {HTMLElement} element
 * @property {boolean} [takesSelection] whether a value that is chosen while it is open is for it, and
 *   the panel of the value stays closed
 * @property {() => void} [open] is called when it has been opened
 * @property {() => void} [close] is called when it has been closed
 */

class Tools {
  /**
   * @param {{ root: HTMLElement }} page with the element that the picture is in
   * @param {Panel[]} panels
   */
  constructor({ root }, panels) {
    /** The panel that is open. @type {Panel | null} */
    this.current = null;
    this.closed = () => {}; // is called when the reader has closed what was open
    this.bar = make("div", { id: "toolbar" });
    this.bar.setAttribute("role", "toolbar");
    this.bar.setAttribute("aria-label", "tools");
    this.frame = make("aside", { id: "tools", hidden: true, tabIndex: -1 });
    this.title = make("h2", { id: "tool" });
    this.frame.setAttribute("aria-labelledby", this.title.id);
    const close = make("button", { type: "button", className: "close", textContent: "×" });
    close.title = "close (Esc)";
    close.setAttribute("aria-label", "close");
    close.addEventListener("click", () => this.close());
    this.frame.append(this.title, close);
    root.after(this.frame, this.bar);
    /** @type {Map<Panel, HTMLButtonElement>} */
    this.buttons = new Map();
    for (const panel of panels) this.add(panel);
    onKeys("Esc", "close what is open beside the picture", { Escape: () => this.close() });
  }

  /** One more tool, whose button is the last. @param {Panel} panel */
  add(panel) {
    const { id, title, key, element } = panel;
    const button = this.button(title, `${title} (${key})`, () => this.toggle(panel));
    button.setAttribute("aria-expanded", "false");
    button.setAttribute("aria-controls", id);
    element.id = id;
    element.classList.add("panel");
    element.hidden = true;
    this.frame.append(element);
    onKeys(key, `${title}: open, close`, { [key]: () => this.reach(panel) });
    this.buttons.set(panel, button);
  }

  /**
   * A new button of the toolbar.
   *
   * @param {string} words
   * @param {string} title
   * @param {() => void} press
   */
  button(words, title, press) {
    const made = make("button", { type: "button", textContent: words, title });
    made.addEventListener("click", press);
    this.bar.append(made);
    return made;
  }

  /** Open a panel instead of another; who has the focus keeps it. @param {Panel} panel */
  show(panel) {
    if (panel === this.current) return;
    this.hide();
    this.current = panel;
    this.title.textContent = panel.title;
    panel.element.hidden = false;
    this.frame.hidden = false;
    this.frame.scrollTop = 0;
    this.buttons.get(panel)?.setAttribute("aria-expanded", "true");
    panel.open?.();
  }

  hide() {
    const { current } = this;
    if (!current) return;
    this.current = null;
    current.element.hidden = true;
    this.frame.hidden = true;
    this.buttons.get(current)?.setAttribute("aria-expanded", "false");
    current.close?.();
  }

  /** Close what is open; the focus goes back to its button. */
  close() {
    const { current } = this;
    const isInside = this.frame.contains(document.activeElement);
    this.hide();
    if (current && isInside) this.buttons.get(current)?.focus();
    if (current) this.closed();
  }

  /** By the button. @param {Panel} panel */
  toggle(panel) {
    if (panel === this.current) this.close();
    else this.show(panel);
  }

  /** By the key: open it and go there; close it from there. @param {Panel} panel */
  reach(panel) {
    if (panel === this.current && this.frame.contains(document.activeElement)) return this.close();
    this.show(panel);
    if (!this.frame.contains(document.activeElement)) this.frame.focus();
  }
}
