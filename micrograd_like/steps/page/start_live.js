// The page of backprop begins.
{
  document.documentElement.classList.add("playing");
  const live = new Live(CONTENT);
  const descent = new Descent(live);
  new Tools(live, [valuePanel(live)]);
  Object.assign(window, { backprop: hookOf(live, descent) });
}
