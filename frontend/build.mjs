// Builds scripts, styles, the icon sprite and the manifest of versions into the web room.
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import { trim, wordsOf } from "./trim_css.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const rooms = path.join(here, "../src/helpline");
const dist = path.join(rooms, "web/static/dist");
/** Built aside and put in place at the end: a desk that runs meanwhile never serves half a file. */
const out = `${dist}.new`;
const OUTLINE = path.join(here, "node_modules/@tabler/icons/icons/outline");

/** Tabler's style sheet, without what our pages never use. */
const trimmed = {
  name: "trimmed",
  setup(build) {
    build.onLoad({ filter: /tabler\.min\.css$/ }, async ({ path: file }) => {
      const sources = [...(await filesUnder(rooms, [".html", ".py"])), ...(await filesUnder(path.join(here, "src"), [".ts"]))];
      const words = wordsOf(await Promise.all(sources.map((source) => readFile(source, "utf8"))));
      const whole = await readFile(file, "utf8");
      const licence = whole.match(/\/\*![\s\S]*?\*\//)?.[0] ?? "";
      return { contents: licence + trim(whole, words), loader: "css" };
    });
  },
};

const options = {
  absWorkingDir: here,
  bundle: true,
  format: "esm",
  splitting: true,
  minify: !process.argv.includes("--watch"),
  sourcemap: "linked",
  target: ["chrome110", "firefox115", "safari16"],
  outdir: out,
  entryPoints: [
    { in: "src/app.ts", out: "app" },
    { in: "src/phone/beat_worker.ts", out: "beat" },
    { in: "src/css/app.css", out: "app" },
  ],
  chunkNames: "chunk-[name]-[hash]",
  legalComments: "linked",
  logLevel: "info",
  plugins: [trimmed],
};

// Runs before the first paint, so it is a plain script of its own.
const theme = { ...options, format: "iife", splitting: false, entryPoints: [{ in: "src/shell/theme_first.ts", out: "theme" }] };

async function filesUnder(folder, ends) {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile() && ends.some((end) => entry.name.endsWith(end)))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((name) => !name.includes(`${path.sep}dist${path.sep}`));
}

const NAMED = [
  /\{% icon "([a-z0-9-]+)"/g,
  /\{% verb [^%]*? label "([a-z0-9-]+)"/g,
  /(?:icon|picture)="([a-z0-9-]+)"/g,
  /"([a-z0-9-]+)" %\}/g, // last argument of empty_state
];
/** Places in code where names of icons stand among other words. */
const LISTS = [/NavItem\(([^)]*)/g, /ICONS[^=]*= \{([^}]*)/g, /setIcon\(([^)]*)/g];

/** Names of icons in templates and code, and those chosen by data (icons.json). */
async function iconNames() {
  const known = new Set((await readdir(OUTLINE)).map((name) => name.replace(/\.svg$/, "")));
  const names = new Set(JSON.parse(await readFile(path.join(here, "icons.json"), "utf8")));
  const files = [...(await filesUnder(rooms, [".html", ".py"])), ...(await filesUnder(path.join(here, "src"), [".ts"]))];
  for (const file of files) {
    const text = await readFile(file, "utf8");
    for (const [, name] of text.matchAll(NAMED[0])) names.add(name);
    for (const pattern of NAMED.slice(1)) for (const [, name] of text.matchAll(pattern)) if (known.has(name)) names.add(name);
    for (const pattern of LISTS) {
      for (const [, words] of text.matchAll(pattern)) {
        for (const [, word] of words.matchAll(/"([a-z0-9-]+)"/g)) if (known.has(word)) names.add(word);
      }
    }
  }
  return [...names].sort();
}

async function symbol(name) {
  const file = path.join(OUTLINE, `${name}.svg`);
  const text = await readFile(file, "utf8").catch(() => {
    throw new Error(`icon "${name}" is not one of Tabler's outline icons`);
  });
  const inner = text.replace(/<!--[\s\S]*?-->/g, "").replace(/^[\s\S]*?<svg[^>]*>/, "").replace(/<\/svg>\s*$/, "");
  return `<symbol id="${name}" viewBox="0 0 24 24" stroke-linecap="round" stroke-linejoin="round">${inner.replace(/\s+/g, " ").trim()}</symbol>`;
}

async function writeSprite() {
  const symbols = await Promise.all((await iconNames()).map(symbol));
  await writeFile(path.join(out, "icons.svg"), `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`);
  await writeFile(path.join(out, "favicon.svg"), await readFile(path.join(here, "src/favicon.svg"), "utf8"));
}

async function writeVersions() {
  const versions = {};
  for (const name of ["app.js", "app.css", "theme.js", "icons.svg", "favicon.svg"]) {
    versions[name] = createHash("sha256").update(await readFile(path.join(out, name))).digest("hex").slice(0, 10);
  }
  await writeFile(path.join(out, "versions.json"), `${JSON.stringify(versions, null, 2)}\n`);
}

/** A compressed copy beside each file, which the server hands to browsers that take it. */
async function writeCompressed() {
  const names = (await readdir(out)).filter((name) => /\.(js|css|svg)$/.test(name));
  await Promise.all(names.map(async (name) => writeFile(path.join(out, `${name}.gz`), gzipSync(await readFile(path.join(out, name)), { level: 9 }))));
}

async function build() {
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  await Promise.all([esbuild.build(options), esbuild.build(theme)]);
  await writeSprite();
  await writeVersions();
  await writeCompressed();
  await rm(dist, { recursive: true, force: true });
  await rename(out, dist);
}

await build();
if (process.argv.includes("--watch")) {
  const context = await esbuild.context({ ...options, plugins: [trimmed, { name: "versions", setup: (b) => b.onEnd(writeVersions) }] });
  await context.watch();
}
