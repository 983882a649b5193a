// The checks in a page of headless Chrome, where the SDK speaks WebChannel, from an origin of its own.
// Everything that the page loads comes from this process; a request to anywhere but this machine fails the check.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { HERE, launch } from "../chrome.mjs";
import { serve } from "./lines.mjs";

const SDK = fileURLToPath(new URL("../../node_modules/firebase/", import.meta.url));
const MODULES = ["app", "auth", "firestore"];
const { version } = JSON.parse(await readFile(join(SDK, "package.json")));

// The npm package ships the files of Google's CDN, which name each other by the CDN's address.
const imports = Object.fromEntries(
  MODULES.flatMap((name) =>
    [`firebase/${name}`, `https://www.gstatic.com/firebasejs/${version}/firebase-${name}.js`].map((specifier) => [
      specifier,
      `/firebase-${name}.js`,
    ]),
  ),
);
const PAGE = `<!doctype html><link rel="icon" href="data:,"><script type="importmap">${JSON.stringify({ imports })}</script>`;
const FILES = {
  "/": ["text/html", async () => PAGE],
  "/checks.mjs": ["text/javascript", () => readFile(new URL("checks.mjs", import.meta.url))],
  ...Object.fromEntries(
    MODULES.map((name) => [`/firebase-${name}.js`, ["text/javascript", () => readFile(join(SDK, `firebase-${name}.js`))]]),
  ),
};

async function serveFiles() {
  const server = createServer(async (request, response) => {
    const [type, read] = FILES[request.url] ?? [];
    response.writeHead(type ? 200 : 404, { "Content-Type": type ?? "text/plain" }).end(await read?.());
  });
  await new Promise((listening) => server.listen(0, HERE, listening));
  return `http://${HERE}:${server.address().port}/`;
}

const origin = await serveFiles();
const browser = await launch();
const page = await browser.newPage();
const elsewhere = new Set();
page.on("request", (request) => {
  const { protocol, hostname } = new URL(request.url());
  if (protocol !== "data:" && hostname !== HERE) elsewhere.add(request.url());
});
page.on("console", (message) => console.error(message.text()));
page.on("pageerror", (error) => console.error(error));
await page.goto(origin);

await serve(
  async (check, input) => {
    const inPage = async (name, given) => JSON.stringify((await (await import("/checks.mjs"))[name](given)) ?? null);
    const result = JSON.parse(await page.evaluate(inPage, check, input));
    if (elsewhere.size) throw new Error(`the page asked for ${[...elsewhere].join(", ")}`);
    return result;
  },
  () => browser.close(),
);
