// What a picture consists of: its parts that have names, and what is known of each.

/**
 * The values and the groups.
 *
 * @param {SVGSVGElement} picture
 */
function partsOf(picture) {
  /** @type {NodeListOf<SVGGraphicsElement>} */
  const parts = picture.querySelectorAll(".node, .cluster");
  return [...parts];
}

/**
 * What a part's tooltip says, or else its label.
 *
 * @param {Element} part
 */
function aboutPart(part) {
  const tooltip = part.querySelector(":scope > title, :scope > g > title");
  return tooltip?.textContent ?? part.getAttribute("aria-label") ?? "";
}
