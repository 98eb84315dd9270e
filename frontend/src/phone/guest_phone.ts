/** The caller's page: one button that calls the desk, then keypad, mute and hang up. */
import JsSIP from "jssip";
import type { EndEvent, RTCSession } from "jssip/lib/RTCSession";
import { clockText } from "../shell/timers";
import { text } from "../shell/texts";
import { LevelMeter, MicError, openMicrophone } from "./microphone";
import { playFarEnd } from "./sip_phone";

type Phase = "idle" | "calling" | "talking" | "ended";

const BUSY_CODES = new Set([486, 600, 503]);

class GuestPhone {
  private session: RTCSession | null = null;
  private stream: MediaStream | null = null;
  private meter: LevelMeter | null = null;
  private since = 0;
  private ua: InstanceType<typeof JsSIP.UA> | null = null;

  constructor(private readonly page: HTMLElement) {}

  start(): void {
    this.show("idle");
    this.page.addEventListener("click", (event) => this.onClick(event));
    document.addEventListener("keydown", (event) => this.onKey(event));
    window.addEventListener("pagehide", () => this.hangUp());
    setInterval(() => this.tick(), 250);
    this.part<HTMLButtonElement>("call").disabled = false; // a click before now would be lost
  }

  private part<T extends HTMLElement>(name: string): T {
    return this.page.querySelector<T>(`[data-${name}]`)!;
  }

  private show(phase: Phase, status = ""): void {
    this.page.dataset.phase = phase;
    this.page.querySelectorAll<HTMLElement>("[data-in]").forEach((element) => {
      element.hidden = !element.dataset.in!.split(" ").includes(phase);
    });
    this.part("status").textContent = status;
  }

  private fail(key: string): void {
    const place = this.part("trouble");
    place.hidden = false;
    place.querySelector("b")!.textContent = text(key);
    place.querySelector("span")!.textContent = text(`${key}_help`);
    this.free();
    this.show("idle");
  }

  private onClick(event: Event): void {
    const target = event.target as Element;
    if (target.closest("[data-call]")) void this.call();
    if (target.closest("[data-hang-up]")) this.hangUp();
    if (target.closest("[data-mute]")) this.toggleMute();
    const digit = target.closest<HTMLElement>("[data-digit]")?.dataset.digit;
    if (digit) this.press(digit);
  }

  private onKey(event: KeyboardEvent): void {
    if (this.session && /^[0-9*#]$/.test(event.key) && !(event.target as Element).matches("input[type='text']")) this.press(event.key);
  }

  private async call(): Promise<void> {
    this.part("trouble").hidden = true;
    this.show("calling", text("connecting"));
    try {
      this.stream = await openMicrophone();
    } catch (error) {
      if (!(error instanceof MicError)) throw error;
      return this.fail(error.trouble);
    }
    this.meter = new LevelMeter(this.stream);
    this.dial();
  }

  /** By the first switch that answers. */
  private dial(urls = this.page.dataset.ws!.split(" ")): void {
    const { realm, guest } = this.page.dataset;
    const number = this.page.querySelector<HTMLInputElement>("input[name='desk']:checked")!.value;
    const name = this.page.querySelector<HTMLInputElement>("input[name='caller']")?.value.trim();
    const ua = new JsSIP.UA({
      sockets: [new JsSIP.WebSocketInterface(urls[0]!)],
      uri: `sip:${guest}@${realm}`,
      display_name: name || undefined,
      register: false,
      session_timers: false,
      user_agent: "Helpline caller's page",
    });
    this.ua = ua;
    ua.on("connected", () => this.session ?? this.invite(number, realm!));
    ua.on("disconnected", () => {
      if (this.ua !== ua || this.session?.isEstablished()) return;
      if (this.session || urls.length === 1) return this.fail("call_failed");
      this.dial(urls.slice(1));
      ua.stop();
    });
    ua.start();
  }

  private invite(number: string, realm: string): void {
    this.session = this.ua!.call(`sip:${number}@${realm}`, {
      mediaStream: this.stream!,
      pcConfig: { iceServers: [], bundlePolicy: "max-bundle" },
      eventHandlers: {
        peerconnection: (event: { peerconnection: RTCPeerConnection }) => playFarEnd(event.peerconnection),
        accepted: () => this.onTalking(),
        failed: (event: EndEvent) => this.onFailed(event),
        ended: () => this.onEnded(),
      },
    });
  }

  private onTalking(): void {
    this.since = Date.now();
    this.show("talking", text("in_call"));
    this.part("hang-up").focus();
  }

  private onFailed(event: EndEvent): void {
    const code = (event.message as { status_code?: number } | null)?.status_code ?? 0;
    this.session = null;
    if ((event.originator as string) === "local") return this.onEnded();
    this.fail(BUSY_CODES.has(code) ? "call_busy" : "call_failed");
  }

  private onEnded(): void {
    this.free();
    this.show("ended", text("ended"));
  }

  private hangUp(): void {
    if (this.session && !this.session.isEnded()) this.session.terminate();
    else if (this.page.dataset.phase === "calling") this.onEnded();
  }

  private free(): void {
    this.session = null;
    const [ua, meter, stream] = [this.ua, this.meter, this.stream];
    this.ua = this.meter = this.stream = null;
    ua?.stop();
    meter?.stop();
    stream?.getTracks().forEach((track) => track.stop());
  }

  /** Keys as telephone events (RFC 4733) where the browser can, else by SIP INFO. */
  private press(digit: string): void {
    if (!this.session?.isEstablished()) return;
    const sender = this.session.connection?.getSenders().find((one) => one.track?.kind === "audio");
    const { RFC2833, INFO } = JsSIP.C.DTMF_TRANSPORT as unknown as { RFC2833: never; INFO: never };
    this.session.sendDTMF(digit, { transportType: sender?.dtmf?.canInsertDTMF ? RFC2833 : INFO, duration: 160 });
    const pressed = this.part("digits");
    pressed.textContent = `${pressed.textContent ?? ""}${digit}`.slice(-16);
  }

  private toggleMute(): void {
    if (!this.session) return;
    const muted = this.session.isMuted().audio;
    if (muted) this.session.unmute({ audio: true });
    else this.session.mute({ audio: true });
    this.part("mute").setAttribute("aria-pressed", String(!muted));
  }

  private tick(): void {
    if (this.page.dataset.phase === "talking") this.part("clock").textContent = clockText((Date.now() - this.since) / 1000);
    const meter = this.part<HTMLMeterElement>("level");
    if (this.meter && meter) meter.value = Math.min(1, this.meter.level() * 6);
  }
}

export function startGuestPhone(): void {
  new GuestPhone(document.getElementById("guest-call")!).start();
}
