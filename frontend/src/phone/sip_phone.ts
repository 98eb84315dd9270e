/** A SIP phone in the page (JsSIP, RFC 7118 SIP over WebSocket; media by WebRTC, no outside server asked for addresses). */
import JsSIP from "jssip";
import type { RTCSession } from "jssip/lib/RTCSession";
import type { RTCSessionEvent, UA } from "jssip/lib/UA";

export interface Credentials {
  username: string;
  ha1: string;
  realm: string;
  /** One per switch; the phone is registered at each, and rings wherever the call is. */
  ws_urls: string[];
}

export interface PhoneEvents {
  registered(): void;
  /** `refused`: the switch said no, as against a connection that is lost. */
  unregistered(refused: boolean): void;
  rings(session: RTCSession, auto: boolean): void;
  changed(): void;
}

const PC_CONFIG: RTCConfiguration = { iceServers: [], bundlePolicy: "max-bundle" };
const REGISTER_S = 180;

function audioElement(): HTMLAudioElement {
  const known = document.getElementById("far-end") as HTMLAudioElement | null;
  if (known) return known;
  const made = document.createElement("audio");
  made.id = "far-end";
  made.autoplay = true;
  document.body.append(made);
  return made;
}

/** Let the far end be heard as soon as its sound arrives. */
export function playFarEnd(connection: RTCPeerConnection): void {
  connection.addEventListener("track", (event) => {
    const sound = audioElement();
    sound.srcObject = event.streams[0] ?? new MediaStream([event.track]);
    void sound.play().catch(() => undefined); // the element plays after the next click when autoplay is off
  });
}

export class SipPhone {
  private readonly uas: UA[];
  private readonly sessions = new Set<RTCSession>();

  constructor(
    credentials: Credentials,
    private readonly stream: () => MediaStream,
    private readonly events: PhoneEvents,
  ) {
    this.uas = credentials.ws_urls.map((url) => this.at(url, credentials));
  }

  private at(url: string, credentials: Credentials): UA {
    const ua = new JsSIP.UA({
      sockets: [new JsSIP.WebSocketInterface(url)],
      uri: `sip:${credentials.username}@${credentials.realm}`,
      authorization_user: credentials.username,
      ha1: credentials.ha1,
      realm: credentials.realm,
      register_expires: REGISTER_S,
      session_timers: false,
      user_agent: "Helpline browser phone",
      connection_recovery_min_interval: 1,
      connection_recovery_max_interval: 5,
    });
    ua.on("registered", () => this.events.registered());
    ua.on("unregistered", () => this.events.unregistered(false));
    ua.on("registrationFailed", (event) => this.events.unregistered(Boolean(event.response)));
    ua.on("disconnected", () => this.events.unregistered(false));
    ua.on("newRTCSession", (event: RTCSessionEvent) => this.onSession(event));
    return ua;
  }

  start(): void {
    this.uas.forEach((ua) => ua.start());
  }

  /** Stop; `keepCalls` leaves the dialogs to the switch, which gives the call back to the page that comes after this one. */
  stop(keepCalls: boolean): void {
    if (keepCalls) return; // closing the socket is enough: the switch sees the flow go
    this.uas.forEach((ua) => ua.stop());
  }

  /** At one switch at least. */
  get registered(): boolean {
    return this.uas.some((ua) => ua.isRegistered());
  }

  get ringing(): RTCSession | null {
    return [...this.sessions].find((session) => session.isInProgress() && session.direction === "incoming") ?? null;
  }

  get talking(): boolean {
    return [...this.sessions].some((session) => session.isEstablished());
  }

  /** Have all calls hear this from now on; nothing is negotiated anew. */
  async speakFrom(stream: MediaStream): Promise<void> {
    const track = stream.getAudioTracks()[0] ?? null;
    const senders = [...this.sessions].flatMap((session) => session.connection?.getSenders() ?? []);
    await Promise.all(senders.map((sender) => sender.replaceTrack(track)));
  }

  /** Pick up what rings. False when nothing does. */
  answer(): boolean {
    const session = this.ringing;
    if (!session) return false;
    session.answer({ mediaStream: this.stream(), pcConfig: PC_CONFIG });
    return true;
  }

  private onSession({ session, originator, request }: RTCSessionEvent): void {
    if ((originator as string) !== "remote") return;
    this.sessions.add(session);
    session.on("peerconnection", (event) => playFarEnd(event.peerconnection));
    const over = () => {
      this.sessions.delete(session);
      this.events.changed();
    };
    session.on("ended", over);
    session.on("failed", over);
    session.on("accepted", () => this.events.changed());
    const auto = (request as { getHeader(name: string): string | undefined }).getHeader("X-Helpline-Auto") === "1";
    this.events.rings(session, auto);
  }
}
