// Starts a voiceover, waits until it is over, prints the result; a failed job is an error. Arguments: base address, key, text.
const [base, key, text] = process.argv.slice(2);
const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json" };

async function waited(jobId) {
  for (;;) {
    const job = await (await fetch(`${base}/jobs/${jobId}`, { headers })).json();
    if (job.status === "completed") return job.result;
    if (job.status === "failed") throw new Error(job.error);
    await new Promise((resolve) => setTimeout(resolve, 2000));
  }
}

const begun = await fetch(`${base}/voiceover`, { method: "POST", headers, body: JSON.stringify({ text }) });
console.log(JSON.stringify(await waited((await begun.json()).jobId)));
