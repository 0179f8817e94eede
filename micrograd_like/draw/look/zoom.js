// How large the picture is, and which part of it is in sight.  The picture's own numbers are not
// touched: the style sheet scales it.
class Zoom {
  static MOST = 8; // times its own size
  static STEP = 1.25;

  /**
   * @param {HTMLElement} stage what scrolls
   * @param {SVGSVGElement} picture what is in it
   * @param {number} least the scale down to which the picture is shown whole at the start
   */
  constructor(stage, picture, least) {
    this.stage = stage;
    this.least = least;
    /** @type {Element[]} */
    this.watched = []; // stay in sight when the window changes, until the reader moves
    this.changed = () => {}; // is called when the scale may be another
    this.picture = picture;
    this.width = this.height = 0;
    this.scale = 0;
    /** @type {"start" | "free" | "whole"} */
    this.mode = "start"; // until the reader says otherwise, the size follows the window
    this.take(picture);
  }

  /**
   * Looks at a picture that lies in the stage from now on.
   *
   * @param {SVGSVGElement} picture
   */
  take(picture) {
    this.picture = picture;
    this.width = picture.width.baseVal.value;
    this.height = picture.height.baseVal.value;
    this.scale = 0;
    this.mode = "start";
    this.watched = [];
  }

  /** The scale at which all of the picture is in sight, or 1 if that is less. */
  room() {
    const style = getComputedStyle(this.stage);
    const across = parseFloat(style.paddingLeft) + parseFloat(style.paddingRight);
    const down = parseFloat(style.paddingTop) + parseFloat(style.paddingBottom);
    return Math.min(
      1,
      (this.stage.clientWidth - across) / this.width,
      (this.stage.clientHeight - down) / this.height,
    );
  }

  /**
   * To a scale; what is at a point of the window, or in the middle, stays there.
   *
   * @param {number} scale
   * @param {number} [x]
   * @param {number} [y]
   */
  to(scale, x, y) {
    const frame = this.stage.getBoundingClientRect();
    const before = this.picture.getBoundingClientRect();
    const pointX = x ?? frame.left + this.stage.clientWidth / 2;
    const pointY = y ?? frame.top + this.stage.clientHeight / 2;
    const right = before.width ? (pointX - before.left) / before.width : 0.5;
    const down = before.height ? (pointY - before.top) / before.height : 0.5;
    this.scale = Math.max(Math.min(this.room(), 0.1), Math.min(Zoom.MOST, scale));
    this.stage.style.setProperty("--look-width", `${this.width * this.scale}px`);
    this.stage.style.setProperty("--look-height", `${this.height * this.scale}px`);
    const after = this.picture.getBoundingClientRect();
    this.stage.scrollBy(
      after.left + right * after.width - pointX,
      after.top + down * after.height - pointY,
    );
    this.changed();
  }

  /**
   * The reader makes it larger or smaller.
   *
   * @param {number} factor
   * @param {number} [x]
   * @param {number} [y]
   */
  by(factor, x, y) {
    this.mode = "free";
    this.watched = [];
    this.to(this.scale * factor, x, y);
  }

  /** To its own size. */
  full() {
    this.mode = "free";
    this.to(1);
  }

  /** To all of it. */
  whole() {
    this.mode = "whole";
    this.to(this.room());
  }

  /** Adapts to a window of another size, or for the first time. */
  follow() {
    const room = this.room();
    const fits = room >= this.least;
    const isFirst = !this.scale;
    if (this.mode === "whole") this.to(room);
    else if (this.mode === "start") this.to(fits ? room : 1);
    else this.changed();
    if (this.mode === "start" && isFirst && !fits) this.toStart();
    if (this.watched.length) this.show(this.watched);
  }

  /** To where the picture begins, which is not always its corner. */
  toStart() {
    const boxes = partsOf(this.picture).map((part) => part.getBoundingClientRect());
    const [first] = boxes.sort((a, b) => a.left - b.left);
    const frame = this.stage.getBoundingClientRect();
    this.stage.scrollLeft = 0;
    if (first)
      this.stage.scrollTop +=
        first.top + first.height / 2 - frame.top - this.stage.clientHeight / 2;
  }

  /**
   * Scrolls until all of the elements are in sight, or the first if there is no room for all.
   *
   * @param {Element[]} elements
   * @returns {void}
   */
  show(elements) {
    this.watched = elements;
    const frame = this.stage.getBoundingClientRect();
    const boxes = elements.map((element) => element.getBoundingClientRect());
    const left = Math.min(...boxes.map((box) => box.left));
    const top = Math.min(...boxes.map((box) => box.top));
    const right = Math.max(...boxes.map((box) => box.right));
    const bottom = Math.max(...boxes.map((box) => box.bottom));
    const fits = right - left <= frame.width && bottom - top <= frame.height;
    if (!fits && elements.length > 1) return this.show(elements.slice(0, 1));
    const isAcross = left >= frame.left && right <= frame.right;
    const isDown = top >= frame.top && bottom <= frame.bottom;
    if (isAcross && isDown) return; // a picture that moves at every step is hard to look at
    const middleX = (left + right - frame.left - frame.right) / 2;
    const middleY = (top + bottom - frame.top - frame.bottom) / 2;
    if (fits) this.stage.scrollBy(middleX, middleY);
    else this.stage.scrollBy(left - frame.left - 8, top - frame.top - 8); // where its name is
  }
}
