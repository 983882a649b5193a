// A web app's page in headless Chrome: uploads a picture directly, then the reference page is looked at.
// argv: the address of a page of an allowed origin, the API's, an ID token, the picture. Prints
// {uploaded: the answer, elsewhere: what a page of another origin meets, reference: {title, text, asked, errors}}.
import { readFileSync } from "node:fs";
import { launch } from "../chrome.mjs";

const [address, api, token, picture] = process.argv.slice(2);
const browser = await launch();

async function upload(page) {
  const bytes = readFileSync(picture).toString("base64");
  return page.evaluate(
    async (api, token, bytes) => {
      const file = new Blob([Uint8Array.from(atob(bytes), (character) => character.charCodeAt(0))], { type: "image/jpeg" });
      const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
      const body = JSON.stringify({ contentType: file.type, sizeBytes: file.size });
      const begun = await (await fetch(`${api}/v1/media/uploads`, { method: "POST", headers, body })).json();
      const sent = await fetch(begun.uploadUrl, { method: "PUT", headers: { "Content-Type": file.type }, body: file });
      const completed = await fetch(`${api}/v1/media/uploads/${begun.id}/complete`, { method: "POST", headers });
      return { sent: sent.status, status: completed.status, ...(await completed.json()) };
    },
    api,
    token,
    bytes,
  );
}

const result = {};
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(60_000);
  await page.goto(address);
  result.uploaded = await upload(page);

  const stranger = await browser.newPage();
  await stranger.goto(`${api}/health`);
  const begun = async (api, token) => {
    const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
    const body = JSON.stringify({ contentType: "image/jpeg", sizeBytes: 3 });
    const { uploadUrl } = await (await fetch(`${api}/v1/media/uploads`, { method: "POST", headers, body })).json();
    return fetch(uploadUrl, { method: "PUT", body: "abc" }).then(
      (answer) => answer.status,
      (error) => error.name,
    );
  };
  result.elsewhere = await stranger.evaluate(begun, api, token);

  const reference = await browser.newPage();
  const asked = [], errors = [];
  reference.on("request", (request) => asked.push(request.url()));
  reference.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  reference.on("pageerror", (error) => errors.push(error.message));
  await reference.setViewport({ width: 1280, height: 900 });
  await reference.goto(`${api}/docs`, { waitUntil: "networkidle0", timeout: 60_000 });
  await reference.waitForFunction(() => /Publish one post to many platforms/.test(document.body.innerText), { timeout: 60_000 });
  if (process.env.SCREENSHOT) await reference.screenshot({ path: process.env.SCREENSHOT });
  const text = await reference.evaluate(() => document.body.innerText);
  result.reference = { title: await reference.title(), text, asked, errors };
} finally {
  await browser.close();
}
console.log(JSON.stringify(result));
