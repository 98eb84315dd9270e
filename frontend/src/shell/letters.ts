/** Mails in HTML live in frames that run nothing: here they get their height, and the theme of the page. */
const FRAMES = "iframe.letter-frame";
/** A mail longer than this scrolls within its frame. */
const MOST_PX = 6000;

const watched = new WeakSet<Document>();

function fit(frame: HTMLIFrameElement): void {
  const inside = frame.contentDocument;
  if (!inside?.body || inside.URL === "about:blank") return;
  dress(inside);
  measure(frame, inside);
  if (watched.has(inside)) return;
  watched.add(inside);
  new ResizeObserver(() => measure(frame, inside)).observe(inside.body);
}

function measure(frame: HTMLIFrameElement, inside: Document): void {
  const height = Math.min(Math.ceil(inside.body.getBoundingClientRect().height) + sideways(inside), MOST_PX);
  if (height > 0) frame.style.height = `${height}px`;
}

/** Room for the bar of a mail that is wider than its frame. */
function sideways(inside: Document): number {
  return inside.body.scrollWidth > inside.body.clientWidth ? 18 : 2;
}

function dress(inside: Document): void {
  inside.documentElement.dataset.bsTheme = document.documentElement.dataset.bsTheme ?? "light";
}

function each(act: (frame: HTMLIFrameElement) => void): void {
  document.querySelectorAll<HTMLIFrameElement>(FRAMES).forEach(act);
}

export function startLetters(): void {
  each(fit);
  document.addEventListener(
    "load",
    (event) => {
      const frame = event.target;
      if (frame instanceof HTMLIFrameElement && frame.matches(FRAMES)) fit(frame);
    },
    true,
  );
  new MutationObserver(() => each((frame) => frame.contentDocument && dress(frame.contentDocument))).observe(
    document.documentElement,
    { attributes: true, attributeFilter: ["data-bs-theme"] },
  );
}
