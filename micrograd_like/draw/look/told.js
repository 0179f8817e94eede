// A line below the picture that says what a tooltip says: for readers without a mouse, and to copy.

/**
 * @param {HTMLElement} stage
 * @returns {(part: Element | null) => void} tells about a part, or ends that
 */
function tellBelow(stage) {
  const line = make("p", { className: "look-about", hidden: true });
  line.setAttribute("role", "status");
  stage.after(line);

  /** @param {Element | null} part */
  const tell = (part) => {
    line.textContent = part ? aboutPart(part) : "";
    line.hidden = !line.textContent;
  };
  stage.addEventListener("click", ({ target }) => {
    tell(/** @type {Element} */ (target).closest(".node, .cluster, .edge"));
  });
  return tell;
}
