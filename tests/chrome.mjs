// A headless Chrome for tests, which can reach nothing but this machine.
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import chromium, { inflate } from "@sparticuz/chromium";
import puppeteer from "puppeteer-core";

export const HERE = "127.0.0.1";
const START_WITHIN_MS = 120_000;
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  `--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE ${HERE}`,
];

/** The packaged Chromium with the libraries it comes with; else, as on a Mac, a Chrome that is installed. */
export async function launch() {
  const packaged = async () => {
    const libraries = await inflate(fileURLToPath(new URL("../bin/al2023.tar.br", import.meta.resolve("@sparticuz/chromium"))));
    const env = { ...process.env, LD_LIBRARY_PATH: join(libraries, "lib") };
    return { executablePath: await chromium.executablePath(), env };
  };
  const installed = process.env.PATH.split(":")
    .flatMap((folder) => ["chromium", "chromium-browser", "google-chrome"].map((name) => join(folder, name)))
    .filter((path) => existsSync(path))
    .map((executablePath) => async () => ({ executablePath }));
  const failures = [];
  for (const candidate of [packaged, ...installed, async () => ({ channel: "chrome" })]) {
    try {
      return await puppeteer.launch({
        headless: "shell",
        // Chrome ends with its pipe, so that it can't outlive this process.
        pipe: true,
        timeout: START_WITHIN_MS,
        userDataDir: join(tmpdir(), "profile"),
        args: FLAGS,
        ...(await candidate()),
      });
    } catch (error) {
      failures.push(error.message);
    }
  }
  throw new Error(`no Chrome can be started:\n${failures.join("\n")}`);
}
