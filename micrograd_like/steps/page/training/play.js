// Going through the epochs: slider, buttons, keys, and playing.

const WHOLE = 12000; // milliseconds from the first epoch to the last, at speed 1
const SLOWEST = 600; // milliseconds of an epoch

class EpochPlayer {
  /** @param {number[]} epochs their numbers @param {(epoch: number) => void} show */
  constructor(epochs, show) {
    this.epochs = epochs;
    this.last = epochs.length - 1;
    this.show = show;
    this.at = this.last;
    this.slider = /** @type {HTMLInputElement} */ (byId("slider"));
    this.speed = /** @type {HTMLSelectElement} */ (byId("speed"));
    this.slider.max = String(this.last);
    this.isPlaying = false;
    this.since = 0; // when the epoch that plays was shown
    this.connect();
  }

  /** Show an epoch, and go on playing if it plays. @param {number} epoch */
  go(epoch) {
    this.at = Math.max(0, Math.min(this.last, epoch));
    this.slider.value = String(this.at);
    this.slider.setAttribute("aria-valuetext", `epoch ${this.epochs[this.at]}`);
    this.show(this.at);
  }

  /** Show an epoch, and stop. @param {number} epoch */
  stopAt(epoch) {
    this.play(false);
    this.go(epoch);
  }

  /** @param {boolean} on */
  play(on) {
    if (on === this.isPlaying) return;
    this.isPlaying = on;
    document.documentElement.toggleAttribute("data-running", on);
    byId("play").setAttribute("aria-label", on ? "pause" : "play");
    if (!on) return this.go(this.at); // which is now told
    if (this.at === this.last) this.go(0);
    this.since = performance.now();
    requestAnimationFrame((now) => this.beat(now));
  }

  /** @param {number} now */
  beat(now) {
    if (!this.isPlaying) return;
    const each = Math.min(SLOWEST, WHOLE / Math.max(1, this.last)) / Number(this.speed.value);
    const steps = Math.floor((now - this.since) / each);
    if (steps > 0) {
      this.since = Math.max(this.since + steps * each, now - each);
      this.go(this.at + steps);
    }
    if (this.at === this.last) this.play(false);
    else requestAnimationFrame((later) => this.beat(later));
  }

  connect() {
    /** @type {Record<string, () => void>} */
    const buttons = {
      first: () => this.stopAt(0),
      previous: () => this.stopAt(this.at - 1),
      play: () => this.play(!this.isPlaying),
      next: () => this.stopAt(this.at + 1),
      last: () => this.stopAt(this.last),
    };
    for (const id in buttons) byId(id).addEventListener("click", buttons[id]);
    this.slider.addEventListener("input", () => this.stopAt(Number(this.slider.value)));
    const faster = (/** @type {number} */ by) => {
      const most = this.speed.options.length - 1;
      this.speed.selectedIndex = Math.max(0, Math.min(most, this.speed.selectedIndex + by));
    };
    /** @type {Record<string, () => void>} */
    const keys = {
      " ": buttons.play,
      ArrowLeft: buttons.previous,
      ArrowRight: buttons.next,
      PageUp: () => this.stopAt(this.at + 10),
      PageDown: () => this.stopAt(this.at - 10),
      Home: buttons.first,
      End: buttons.last,
      "+": () => faster(1),
      "=": () => faster(1),
      "-": () => faster(-1),
    };
    addEventListener("keydown", (event) => {
      const target = /** @type {Element} */ (event.target);
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (!keys[event.key] || target.closest("select")) return;
      if (event.key === " " && target.closest("button, summary")) return;
      event.preventDefault();
      keys[event.key]();
    });
  }
}
