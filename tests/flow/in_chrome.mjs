// A person connects accounts in headless Chrome: signs in, allows or declines, reads what the page says, disconnects one.
// argv: the page, the e-mail address, the account to disconnect in the end, then platform=account or platform=account!, which
// declines. Prints what the page said, [[platform, said], …, ["listed", …], ["narrow", how wide it is on 360 px], ["disconnected", …]].
import { launch } from "../chrome.mjs";

const [address, email, unwanted, ...wishes] = process.argv.slice(2);
const browser = await launch();
const page = await browser.newPage();
page.setDefaultTimeout(60_000);
const said = [];
try {
  await page.goto(address);
  await page.locator("input[name=email]").fill(email);
  await page.locator("#sign-in button").click();
  await page.waitForSelector("#platforms tr");
  for (const wish of wishes) {
    const [, platform, account, declines] = /^(\w+)=(.+?)(!?)$/.exec(wish);
    await page.locator(`button[aria-label="Connect ${platform}"]`).click();
    await page.locator("input[name=_account]").fill(account);
    await page.locator(`button[value=${declines ? "deny" : "allow"}]`).click();
    await page.waitForSelector("#told:not(:empty)");
    await page.waitForSelector("#platforms tr");
    said.push([platform, await page.$eval("#told", ({ textContent }) => textContent)]);
  }
  said.push(["listed", await page.$eval("#platforms", ({ innerText }) => innerText)]);
  // On a telephone.
  await page.setViewport({ width: 360, height: 740 });
  said.push(["narrow", await page.evaluate(() => `${document.documentElement.scrollWidth} px`)]);
  if (process.env.NARROW) await page.screenshot({ path: process.env.NARROW, fullPage: true });
  await page.locator(`button[aria-label^="Disconnect ${unwanted} "]`).click();
  await page.waitForFunction(() => /forgotten/.test(document.getElementById("told").textContent));
  said.push(["disconnected", await page.$eval("#told", ({ textContent }) => textContent)]);
  if (process.env.SCREENSHOT) await page.screenshot({ path: process.env.SCREENSHOT, fullPage: true });
} finally {
  await browser.close();
}
console.log(JSON.stringify(said));
