/** Sets light or dark before the first paint: the choice kept on this machine, else what the system prefers. */
const chosen = localStorage.getItem("helpline-theme");
const dark = chosen ? chosen === "dark" : window.matchMedia("(prefers-color-scheme: dark)").matches;
document.documentElement.dataset.bsTheme = dark ? "dark" : "light";
