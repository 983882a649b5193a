// Generates an image with a callback for its progress, prints the job. Arguments: base address, key.
const [base, key] = process.argv.slice(2);
const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json" };

async function generated(endpoint, data, onProgress) {
  const submitted = await fetch(`${base}/${endpoint}?async=true`, { method: "POST", headers, body: JSON.stringify(data) });
  const { id } = await submitted.json();
  for (;;) {
    const status = await (await fetch(`${base}/jobs/${id}?poll=true`, { headers })).json();
    if (onProgress && status.progress !== undefined) onProgress(status.progress);
    if (status.status === "completed") return status;
    if (status.status === "failed") throw new Error(status.errorMessage);
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

const seen = [];
const job = await generated("images/generations", { prompt: "A bird" }, (progress) => seen.push(progress));
console.log(JSON.stringify({ url: job.outputData.image.url, progress: seen }));
