// The page's address has the step that is shown, as in "#7", where it may be changed.

/** @param {Live} live */
function keepAddress(live) {
  let timer = 0;
  const write = () => {
    const { number: step = 0 } = live.player.scene ?? {};
    const { pathname, search } = location;
    try {
      history.replaceState(null, "", step ? `#${step}` : pathname + search);
    } catch {
      // A frame without an address of its own, as in a notebook.
    }
  };
  live.on("scene", () => {
    clearTimeout(timer);
    timer = setTimeout(write, 300); // browsers refuse many in a short time
  });
}
