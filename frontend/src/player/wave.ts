/** The wave of a recording, caller above and desk below, pauses marked, clickable stamps. */
import WaveSurfer from "wavesurfer.js";
import { clockText } from "../shell/timers";
import { text } from "../shell/texts";

const SPEEDS = [1, 1.25, 1.5, 2];

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function channel(wave: string, progress: string) {
  return { waveColor: colour(wave), progressColor: colour(progress), height: 34, barWidth: 2, barGap: 1, barRadius: 2 };
}

export function showWave(place: HTMLElement): void {
  const stage = place.querySelector<HTMLElement>("[data-wave]")!;
  const play = place.querySelector<HTMLButtonElement>("[data-play]")!;
  const shown = place.querySelector<HTMLElement>("[data-position]")!;
  const speed = place.querySelector<HTMLButtonElement>("[data-speed]");
  const wave = WaveSurfer.create({
    container: stage,
    url: place.dataset.recording,
    splitChannels: [channel("--line-strong", "--accent"), channel("--line-strong", "--busy")],
    cursorColor: colour("--ink"),
    cspNonce: document.querySelector<HTMLMetaElement>('meta[name="style-nonce"]')?.content,
    dragToSeek: true,
  });
  const setIcon = (name: string) => play.querySelector("use")?.setAttribute("href", `${play.dataset.sprite}#${name}`);
  wave.on("ready", () => play.removeAttribute("disabled"));
  wave.on("error", () => {
    stage.textContent = text("no_recording");
  });
  wave.on("timeupdate", (seconds) => (shown.textContent = clockText(seconds)));
  wave.on("play", () => setIcon("player-pause"));
  wave.on("pause", () => setIcon("player-play"));
  play.addEventListener("click", () => void wave.playPause());
  speed?.addEventListener("click", () => {
    const next = SPEEDS[(SPEEDS.indexOf(wave.getPlaybackRate()) + 1) % SPEEDS.length]!;
    wave.setPlaybackRate(next, true);
    speed.textContent = `${next}×`;
  });
  document.addEventListener("click", (event) => {
    const stamp = (event.target as Element).closest<HTMLElement>("[data-seek]");
    if (stamp && stamp.dataset.seekIn === place.id) {
      wave.setTime(Number(stamp.dataset.seek));
      stage.scrollIntoView({ block: "nearest" });
    }
  });
}
