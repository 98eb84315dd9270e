/** How live parts are renewed: open menus stay open, typed text and ticks in `data-keep` fields stay as they are. */
import { Idiomorph } from "idiomorph/htmx";

interface Callbacks {
  beforeNodeMorphed(old: Node, fresh: Node): boolean;
  beforeAttributeUpdated(name: string, node: Element, kind: string): boolean;
}

export function startMorph(): void {
  const callbacks = (Idiomorph as unknown as { defaults: { callbacks: Partial<Callbacks> } }).defaults.callbacks;
  callbacks.beforeNodeMorphed = (old, fresh) => {
    const keep = old instanceof Element && fresh instanceof Element && old.hasAttribute("data-keep");
    return !(keep && old.id === (fresh as Element).id);
  };
  // menus stay open, and mails keep the height that was measured: they are not loaded again
  callbacks.beforeAttributeUpdated = (name, node) =>
    !(name === "open" && node.matches("details[data-menu]")) && !(name === "style" && node.matches("iframe.letter-frame"));
  // htmx forgets the requests that wait at an element whose attributes changed; its own passing class must not count
  document.body.addEventListener("htmx:afterSwap", (event) => (event.target as Element).classList.remove("htmx-settling"));
}
