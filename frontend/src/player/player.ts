/** Recordings: `<div data-recording="URL">` becomes a wave to click in. Its library is loaded only where needed. */
function startIn(root: ParentNode): void {
  const places = root.querySelectorAll<HTMLElement>("[data-recording]:not([data-started])");
  if (!places.length) return;
  places.forEach((place) => (place.dataset.started = "yes"));
  void import("./wave").then(({ showWave }) => places.forEach(showWave));
}

export function startPlayers(): void {
  startIn(document);
  document.body.addEventListener("htmx:afterSettle", () => startIn(document));
}
