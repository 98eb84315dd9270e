/** The ring at the agent's desk: two soft notes, made by WebAudio, one second in every three. */

let context: AudioContext | null = null;
let timer = 0;

function chime(): void {
  if (!context || context.state !== "running") return;
  const start = context.currentTime;
  [587, 740].forEach((frequency, index) => {
    const note = context!.createOscillator();
    const gain = context!.createGain();
    const at = start + index * 0.22;
    note.frequency.value = frequency;
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(0.18, at + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.001, at + 0.6);
    note.connect(gain).connect(context!.destination);
    note.start(at);
    note.stop(at + 0.65);
  });
}

/** Make sound possible; browsers allow it after a click or key. */
export function warmUp(): void {
  context ??= new AudioContext();
  if (context.state === "suspended") void context.resume().catch(() => undefined);
}

export function startRinging(): void {
  if (timer) return;
  warmUp();
  chime();
  timer = window.setInterval(chime, 2000);
}

export function stopRinging(): void {
  clearInterval(timer);
  timer = 0;
}
