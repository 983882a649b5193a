// How does a test talk to a driver? A line {check, input} on stdin is answered by a line {result} or {error} on stdout.
// When the test goes away, however it ends, stdin ends: `close` is then called and the driver exits.
import { createInterface } from "node:readline";

// Only answers may go to stdout.
console.log = console.info = console.debug = console.error;

export async function serve(run, close = async () => {}) {
  const lines = createInterface({ input: process.stdin });
  // Even in the middle of a check that hangs.
  lines.on("close", async () => {
    await close();
    process.exit(0);
  });
  for await (const line of lines) {
    const { check, input } = JSON.parse(line);
    let answer;
    try {
      answer = { result: await run(check, input) };
    } catch (error) {
      answer = { error: error?.stack ?? String(error) };
    }
    process.stdout.write(JSON.stringify(answer) + "\n");
  }
}
