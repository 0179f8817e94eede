// A page of scenes that were written beforehand begins.
{
  document.documentElement.classList.add("playing");
  const { title, style, ...frames } = CONTENT;
  addStyle(style);
  const stage = new Stage(byId("stage"), new Frames(frames));
  const player = new Player(title, stage, []);
  player.view = lookAt(byId("stage"), () => {});
  new Tools(stage, [keysPanel()]);
  player.go(0);
}
