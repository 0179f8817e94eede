// Keys of the page, which are not taken from who types into a field.

/**
 * Have keys do something.
 *
 * @param {Record<string, () => void>} acts
 */
function onKeys(acts) {
  addEventListener("keydown", (event) => {
    const target = /** @type {Element} */ (event.target);
    const isTyped = event.key !== "Escape" && target.closest(Controls.TYPED);
    const isOther = event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented;
    if (!Object.hasOwn(acts, event.key) || isOther || isTyped) return;
    event.preventDefault();
    acts[event.key]();
  });
}

/**
 * Name a key in the list of them.
 *
 * @param {string} key
 * @param {string} words
 */
function listKey(key, words) {
  byId("keys").querySelector("dl")?.append(part("dt", key), part("dd", words));
}
