// The picture's zoom, and where its controls stand.

/**
 * Let the reader zoom, move and find names in the picture.
 *
 * @param {HTMLElement} root
 * @param {(thing: string | null) => void} tell about a thing that was found
 */
function lookAt(root, tell) {
  const view = look(root, {
    least: 0.95, // text of 9 px is hardly smaller
    keys: { smaller: "o", larger: "i", whole: "z", screen: "s" },
    tell: (it) => tell(it && /^[nc]\d+$/.test(it.id) ? it.id : null), // a value, or an open group
  });
  const folded = /** @type {HTMLDetailsElement} */ (byId("view"));
  folded.append(view.controls);
  const isRoomy = matchMedia("(min-width: 841px)"); // where they stand beside the board: player.css
  const fold = () => {
    folded.open = isRoomy.matches;
  };
  isRoomy.addEventListener("change", fold);
  fold();
  return view;
}
