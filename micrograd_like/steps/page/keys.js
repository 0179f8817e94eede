// Keys of the page, which are not taken from who types into a field, and the list of them.

/** What the list says: keys, and what they do. @type {[string, string][]} */
const LISTED = [];

/**
 * Have keys do something, and list them.
 *
 * @param {string} keys as the list calls them
 * @param {string} words what they do
 * @param {Record<string, () => void>} acts
 */
function onKeys(keys, words, acts) {
  LISTED.push([keys, words]);
  addEventListener("keydown", (event) => {
    if (!Object.hasOwn(acts, event.key) || isForOthers(event)) return;
    event.preventDefault();
    acts[event.key]();
  });
}

/** Whether a key is for what has the focus, or for the browser. @param {KeyboardEvent} event */
function isForOthers(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return true;
  const target = /** @type {Element} */ (event.target);
  if (event.key === " ") return Boolean(target.closest(`button, summary, ${Controls.TYPED}`));
  if (/^(Arrow|Home|End|Page)/.test(event.key) && target.closest("input[type=range]:not(#slider)"))
    return true;
  const field = target.closest(Controls.TYPED);
  if (field?.matches("[readonly]") && event.key.length === 1) return false; // nobody types there
  return event.key !== "Escape" && field !== null;
}

/** The panel with the list. @param {string[]} [notes] what else there is to know @returns {Panel} */
function keysPanel(notes = []) {
  const element = part("section");
  const list = part("dl", "", "keys");
  element.append(...notes.map((words) => part("p", words, "note")), list);
  LISTED.push(
    ["z 1", "whole picture, its own size"],
    ["i o", "larger, smaller"],
    ["s", "full screen, where there is one"],
    ["/", "find a name; Enter: the next"],
  );
  const open = () => {
    const rows = LISTED.flatMap(([keys, words]) => [part("dt", keys), part("dd", words)]);
    list.replaceChildren(...rows);
  };
  return { id: "keys", title: "keys", key: "?", element, open };
}
