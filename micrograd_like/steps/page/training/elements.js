// New elements, and those of the page.

/**
 * An element of HTML with its properties.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Partial<HTMLElementTagNameMap[Tag]>} [properties]
 * @param {(Node | string)[]} inside
 * @returns {HTMLElementTagNameMap[Tag]}
 */
function htmlPart(tag, properties = {}, ...inside) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...inside);
  return made;
}

/**
 * An element of SVG with its attributes.
 *
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | number>} [attributes]
 * @returns {SVGElementTagNameMap[Tag]}
 */
function svgPart(tag, attributes = {}) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  setAll(made, attributes);
  return made;
}

/**
 * @param {Element} element
 * @param {Record<string, string | number>} attributes
 */
function setAll(element, attributes) {
  for (const name in attributes) element.setAttribute(name, String(attributes[name]));
}

/** An element of the page, which has it. @param {string} id */
function onPage(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

/** The floats that Python packed into a text. @param {string} text */
function unpacked(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Float64Array(bytes.buffer);
}
