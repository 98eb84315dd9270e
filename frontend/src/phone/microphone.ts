/** The microphone: asked for once, checked, watched. */

export type MicTrouble = "insecure" | "mic_missing" | "mic_denied";

export class MicError extends Error {
  constructor(readonly trouble: MicTrouble) {
    super(trouble);
  }
}

const CONSTRAINTS: MediaStreamConstraints = {
  audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
  video: false,
};
/** RMS (0 to 1) above which we believe that something is heard; a muted input gives exact silence. */
const HEARD = 0.0005;
const CHECK_MS = 1500;

/** Open the microphone. Throws MicError with what is wrong. */
export async function openMicrophone(): Promise<MediaStream> {
  if (!window.isSecureContext || !navigator.mediaDevices) throw new MicError("insecure");
  try {
    return await navigator.mediaDevices.getUserMedia(CONSTRAINTS);
  } catch (error) {
    const denied = error instanceof DOMException && (error.name === "NotAllowedError" || error.name === "SecurityError");
    throw new MicError(denied ? "mic_denied" : "mic_missing");
  }
}

/** Measures the level of a stream; `stop` frees the audio graph. */
export class LevelMeter {
  private readonly context = new AudioContext();
  private readonly analyser = this.context.createAnalyser();
  private readonly samples: Float32Array<ArrayBuffer>;

  constructor(stream: MediaStream) {
    this.analyser.fftSize = 1024;
    this.samples = new Float32Array(this.analyser.fftSize);
    this.context.createMediaStreamSource(stream).connect(this.analyser);
  }

  /** Root mean square of the last 20 ms or so, 0 to 1. */
  level(): number {
    this.analyser.getFloatTimeDomainData(this.samples);
    let sum = 0;
    for (const sample of this.samples) sum += sample * sample;
    return Math.sqrt(sum / this.samples.length);
  }

  stop(): void {
    void this.context.close();
  }
}

/** True when the stream gives any sound within a second and a half. */
export async function hearsAnything(stream: MediaStream): Promise<boolean> {
  const meter = new LevelMeter(stream);
  const until = performance.now() + CHECK_MS;
  try {
    while (performance.now() < until) {
      if (meter.level() > HEARD) return true;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return false;
  } finally {
    meter.stop();
  }
}

/** Live while the stream's track was neither pulled out nor ended by the browser. */
export function isLive(stream: MediaStream | null): boolean {
  return stream?.getAudioTracks().some((track) => track.readyState === "live") ?? false;
}

/** A source that says nothing: the connection of a call stays alive by it while there is no microphone. */
export function silence(): MediaStream {
  return new AudioContext().createMediaStreamDestination().stream;
}

/** Call back once when the track ends (unplugged, permission taken away). */
export function onLost(stream: MediaStream, lost: () => void): void {
  stream.getAudioTracks().forEach((track) => track.addEventListener("ended", lost, { once: true }));
}
