/** The agent's phone: who is on duty, which tab has the sound, when it is ready, when it rings and answers. */
import { wantTopic } from "../live/live";
import { ask, tell } from "../shell/requests";
import { announce, notice } from "../shell/toasts";
import { text } from "../shell/texts";
import { isOffered, readBar, refreshBar, startBar, type BarFacts } from "./bar";
import { startDragging } from "./drag";
import { hearsAnything, isLive, MicError, onLost, openMicrophone, silence } from "./microphone";
import { startRinging, stopRinging, warmUp } from "./ring_tone";
import type { Credentials, SipPhone } from "./sip_phone";
import { TabLock } from "./tab_lock";

const PHONE_TRIES = 12;
const REGISTER_MS = 10_000;
/** An answer asked for by the server may come before the INVITE it is meant for. */
const ANSWER_WISH_MS = 8000;
/** A bar asked for before one went on duty may still say off duty, for so long at the most. */
const DUTY_SEEN_MS = 5000;

class DeskPhone {
  private readonly lock = new TabLock(
    () => this.onBar(readBar()),
    () => this.switchOff(),
  );
  private sip: SipPhone | null = null;
  private stream: MediaStream | null = null;
  private starting = false;
  private goingOnDuty = false;
  /** The server took us on duty; no bar has shown it yet. */
  private dutyUnseen = false;
  private saidReady: boolean | null = null;
  private wishUntil = 0;
  private onceRegistered: () => void = () => undefined;
  /** Connecting failed on this page; only a click tries again. */
  private gaveUp = false;
  private openingMicrophone = false;
  private micWarningOff: () => void = () => undefined;

  start(): void {
    if (!document.getElementById("phone-bar")) return;
    startBar((bar) => this.onBar(bar));
    startDragging();
    document.addEventListener("click", (event) => this.onClick(event), true);
    document.body.addEventListener("live-event", (event) => this.onLive((event as CustomEvent<{ kind: string }>).detail.kind));
    wantTopic(`user:${document.body.dataset.user}`);
    if (!window.isSecureContext) return;
    this.lock.wait();
    this.startBeat();
    window.addEventListener("pagehide", () => this.sip?.stop(true));
    navigator.mediaDevices.addEventListener("devicechange", () => void this.micBack());
    if (readBar().state !== "offline") void import("./sip_phone"); // on its way while the microphone opens
  }

  /** Follow what the server says: ring or be still, connect when on duty, let go when off. */
  private onBar(bar: BarFacts): void {
    if (isOffered(bar) && this.lock.owner) startRinging();
    else stopRinging();
    if (!this.lock.owner) return;
    if (bar.state !== "offline") this.dutyUnseen = false;
    if (bar.state === "offline") {
      if (!this.goingOnDuty && !this.dutyUnseen) this.switchOff();
    } else if (bar.state && !this.sip && !this.gaveUp) void this.connect();
  }

  private onLive(kind: string): void {
    if (kind === "answer_requested" || kind === "answer_now") this.answerSoon();
  }

  private onClick(event: Event): void {
    const target = event.target as Element;
    warmUp();
    if (target.closest("[data-phone-duty]")) void this.goOnDuty();
    const answers = target.closest("#phone-bar [data-verb='answer']");
    if (answers && this.sip?.answer()) event.stopImmediatePropagation(); // no need to go round by the server
  }

  private answerSoon(): void {
    this.wishUntil = performance.now() + ANSWER_WISH_MS;
    if (this.sip?.answer()) this.wishUntil = 0;
  }

  private async goOnDuty(): Promise<void> {
    if (!window.isSecureContext) return this.tell("insecure");
    if (this.goingOnDuty) return;
    this.goingOnDuty = true;
    try {
      this.lock.take();
      this.gaveUp = false;
      if (!this.sip && !(await this.connect())) return;
      if (!isLive(this.stream)) await this.takeMicrophone();
      if (this.stream && !(await hearsAnything(this.stream))) this.tell("mic_silent");
      if (readBar().state === "offline") await this.becomeAvailable();
    } catch (error) {
      if (!(error instanceof MicError)) throw error;
      this.tell(error.trouble);
    } finally {
      this.goingOnDuty = false;
      refreshBar();
    }
  }

  /** The desk learns of the registration from the switch a moment after we do. */
  private async becomeAvailable(): Promise<void> {
    await this.registered();
    for (let tries = 0; ; tries++) {
      const refusal = await ask("/phone/state/", { state: "available" });
      if (!refusal) return this.waitForDuty();
      if (refusal.code !== "no_phone" || tries === PHONE_TRIES) return tell(refusal);
      await new Promise((resolve) => setTimeout(resolve, 200 + tries * 100));
    }
  }

  private waitForDuty(): void {
    this.dutyUnseen = true;
    setTimeout(() => {
      if (!this.dutyUnseen) return;
      this.dutyUnseen = false;
      refreshBar();
    }, DUTY_SEEN_MS);
  }

  /** Microphone, account, registration. False when it failed; the reason was shown. */
  private async connect(): Promise<boolean> {
    if (this.starting) return false;
    this.starting = true;
    try {
      // side by side: after F5 in a call somebody hears music as long as this takes
      const [stream, account] = await Promise.all([this.microphone(), this.credentials(), import("./sip_phone")]);
      this.stream = stream;
      if (account) await this.register(account);
      this.gaveUp = !account;
      return !this.gaveUp;
    } catch (error) {
      this.gaveUp = true;
      if (!(error instanceof MicError)) throw error;
      this.tell(error.trouble);
      return false;
    } finally {
      this.starting = false;
    }
  }

  private async microphone(): Promise<MediaStream> {
    if (this.stream && isLive(this.stream)) return this.stream;
    const stream = await openMicrophone();
    onLost(stream, () => void this.onMicLost());
    return stream;
  }

  /** What the switch wants to see; null when there is none, and the reason was shown. */
  private async credentials(): Promise<Credentials | null> {
    const answer = await fetch("/phone/credentials/", { headers: { Accept: "application/json" } });
    if (answer.ok) return (await answer.json()) as Credentials;
    tell(await answer.json());
    return null;
  }

  private async register(account: Credentials): Promise<void> {
    const { SipPhone } = await import("./sip_phone");
    this.sip = new SipPhone(account, () => this.stream!, {
      registered: () => {
        this.onceRegistered();
        void this.sayReady();
      },
      unregistered: (refused) => this.onUnregistered(refused),
      rings: (_session, auto) => this.onRings(auto),
      changed: () => refreshBar(),
    });
    this.sip.start();
  }

  /** Wait until the switch knows us, at most `REGISTER_MS`. */
  private registered(): Promise<void> {
    if (this.sip?.registered) return Promise.resolve();
    return new Promise((resolve) => {
      this.onceRegistered = resolve;
      setTimeout(resolve, REGISTER_MS);
    });
  }

  private onRings(auto: boolean): void {
    if (auto || performance.now() < this.wishUntil) {
      this.wishUntil = 0;
      this.sip?.answer();
    } else {
      refreshBar();
    }
  }

  private onUnregistered(refused: boolean): void {
    if (refused) this.tell("phone_refused");
    void this.sayReady();
  }

  /** Pulled out, or taken away by the browser: nobody is hung up on; the call is silent until there is one again. */
  private async onMicLost(): Promise<void> {
    if (!this.sip) return;
    const talking = this.sip.talking;
    this.micWarningOff();
    this.micWarningOff = notice(text(talking ? "mic_lost_in_call" : "mic_lost"), text("mic_lost_help"), "error", true);
    announce(text(talking ? "mic_lost_in_call" : "mic_lost"));
    void this.sayReady();
    await this.sip.speakFrom(silence());
    await this.micBack(); // there may be another one
  }

  /** Something was plugged in or out. */
  private async micBack(): Promise<void> {
    if (!this.sip || isLive(this.stream)) return;
    try {
      await this.takeMicrophone();
    } catch (error) {
      if (!(error instanceof MicError)) throw error; // the warning stands until there is a microphone
    }
  }

  /** Open a microphone for the phone as it is, with the calls that are going on. Throws MicError. */
  private async takeMicrophone(): Promise<void> {
    if (this.openingMicrophone) return;
    this.openingMicrophone = true;
    try {
      this.stream = await this.microphone();
      await this.sip?.speakFrom(this.stream);
    } finally {
      this.openingMicrophone = false;
    }
    this.micWarningOff();
    notice(text("mic_back"));
    void this.sayReady();
  }

  private get ready(): boolean {
    return Boolean(this.sip?.registered) && isLive(this.stream);
  }

  /** Tell the server what is true, at once when it changed. */
  private async sayReady(): Promise<void> {
    const ready = this.ready;
    const changed = ready !== this.saidReady;
    this.saidReady = ready;
    // a page without a call of its own (after F5) says so: what the switch still holds of the old page is dead
    const fresh = changed && ready && !this.sip?.talking;
    const refusal = await ask("/phone/phone_ready/", { ready: ready ? "1" : "0", fresh: fresh ? "1" : "0" });
    if (!refusal && changed) refreshBar();
  }

  private startBeat(): void {
    const worker = new Worker(new URL("./beat.js", import.meta.url), { type: "module" });
    worker.addEventListener("message", () => {
      if (this.lock.owner && this.sip) void this.sayReady();
    });
  }

  private switchOff(): void {
    stopRinging();
    this.sip?.stop(false);
    this.sip = null;
    this.saidReady = null;
    this.micWarningOff();
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = null;
  }

  private tell(trouble: string): void {
    notice(text(trouble), text(`${trouble}_help`), "error");
  }
}

export function startDeskPhone(): void {
  new DeskPhone().start();
  document.body.dataset.phoneStarted = ""; // buttons of the bar are heard from now on
}
