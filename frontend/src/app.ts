/** The page's script: the shell first, then what this page needs. */
import htmx from "htmx.org";
import { startForms } from "./shell/forms";
import { startHelp } from "./shell/help";
import { startNotices } from "./shell/notices";
import { startMorph } from "./shell/morph";
import { startKeyboard } from "./shell/keyboard";
import { startLetters } from "./shell/letters";
import { startRows } from "./shell/rows";
import { startRequests } from "./shell/requests";
import { startServerClock } from "./shell/server_clock";
import { startTheme } from "./shell/theme";
import { startThreadPane } from "./shell/thread_pane";
import { startTimers } from "./shell/timers";
import { startToasts } from "./shell/toasts";
import { startAnswer } from "./answer/answer";
import { startLive } from "./live/live";
import { startPlayers } from "./player/player";

declare global {
  interface Window {
    htmx: typeof htmx;
  }
}
window.htmx = htmx;

startMorph();
startServerClock();
startTheme();
startRequests();
startToasts();
startHelp();
startKeyboard();
startForms();
startTimers();
startThreadPane();
startLetters();
startPlayers();
startRows();
startNotices();
startAnswer();
if (document.body.dataset.user) {
  startLive();
  void import("./phone/desk_phone").then((phone) => phone.startDeskPhone());
}
if (document.getElementById("guest-call")) {
  void import("./phone/guest_phone").then((phone) => phone.startGuestPhone());
}
