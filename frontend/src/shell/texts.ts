/** Sentences the browser itself has to say, translated by the server into `#texts` (JSON). */
let known: Record<string, string> | null = null;

export function text(key: string): string {
  if (!known) known = JSON.parse(document.getElementById("texts")?.textContent ?? "{}") as Record<string, string>;
  return known[key] ?? key;
}
