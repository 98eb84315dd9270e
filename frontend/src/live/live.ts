/** Live events: `/live/ws/` -> DOM events `live:<topic>` on body, with replay after a gap and a visible "reconnecting". */
import { learnServerTime } from "../shell/server_clock";

interface LiveEvent {
  id: number;
  kind: string;
  topics: string[];
}

interface LiveMessage {
  events?: LiveEvent[];
  last?: number;
  reset?: boolean;
  now?: string;
}

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5000;
const SHOW_LOST_AFTER_MS = 1500;
/** The server speaks at least every 20 s; longer silence is a dead connection. */
const SILENCE_MS = 45000;

let socket: WebSocket | null = null;
let last = 0;
let waitMs = FIRST_WAIT_MS;
let lostTimer = 0;
let silenceTimer = 0;
let topicsSent = "";

/** Topics some element on the page listens to by `hx-trigger="live:... from:body"`, and those the scripts want. */
const wanted = new Set<string>();

function topicsOnPage(): string[] {
  const topics = new Set(wanted);
  document.querySelectorAll("[hx-trigger*='live:']").forEach((element) => {
    for (const match of element.getAttribute("hx-trigger")!.matchAll(/live:([^\s,[]+)/g)) topics.add(match[1]!);
  });
  // what nobody sees is not looked at
  return [...topics].filter((topic) => !document.hidden || !topic.startsWith("here:")).sort();
}

function sendTopics(force = false): void {
  const topics = topicsOnPage();
  const key = topics.join(" ");
  if (socket?.readyState !== WebSocket.OPEN || (!force && key === topicsSent)) return;
  topicsSent = key;
  socket.send(JSON.stringify({ after: last, topics }));
}

function fire(topics: Iterable<string>): void {
  for (const topic of topics) document.body.dispatchEvent(new CustomEvent(`live:${topic}`));
}

function onMessage(message: LiveMessage): void {
  if (message.now) learnServerTime(message.now);
  if (message.last) last = Math.max(last, message.last);
  if (message.reset) {
    fire(topicsOnPage());
    return;
  }
  const events = message.events ?? [];
  for (const event of events) document.body.dispatchEvent(new CustomEvent("live-event", { detail: event }));
  fire(new Set(events.flatMap((event) => event.topics)));
}

function showLost(lost: boolean): void {
  const sign = document.getElementById("live-lost");
  if (sign) sign.hidden = !lost;
}

function heard(): void {
  clearTimeout(silenceTimer);
  silenceTimer = window.setTimeout(() => socket?.close(), SILENCE_MS);
}

function connect(): void {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  socket = new WebSocket(`${scheme}://${location.host}/live/ws/`);
  socket.addEventListener("open", () => {
    waitMs = FIRST_WAIT_MS;
    clearTimeout(lostTimer);
    lostTimer = 0;
    showLost(false);
    heard();
    sendTopics(true);
  });
  socket.addEventListener("message", (event) => {
    heard();
    onMessage(JSON.parse(event.data as string) as LiveMessage);
  });
  socket.addEventListener("close", onClose);
}

function onClose(event: CloseEvent): void {
  clearTimeout(silenceTimer);
  if (event.code === 4401) return; // signed out: the next click leads to the sign-in page
  if (!lostTimer) lostTimer = window.setTimeout(() => showLost(true), SHOW_LOST_AFTER_MS);
  setTimeout(connect, waitMs * (0.75 + Math.random() / 2));
  waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
}

/** Have the server send events of this topic even when no element listens to it. */
export function wantTopic(topic: string): void {
  wanted.add(topic);
  sendTopics();
}

export function startLive(): void {
  last = Number(document.querySelector<HTMLMetaElement>('meta[name="live-after"]')?.content ?? 0);
  connect();
  document.body.addEventListener("htmx:afterSettle", () => sendTopics());
  document.addEventListener("visibilitychange", () => sendTopics());
}
