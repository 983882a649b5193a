// Starts a scan of trends, polls until it is over, prints the result. Arguments: base address, key.
const [base, key] = process.argv.slice(2);
const headers = { "X-Soke-Key": key };

async function poll(jobId) {
  for (let attempt = 0; attempt < 60; attempt++) {
    const { data } = await (await fetch(`${base}/jobs/${jobId}`, { headers })).json();
    if (data.status === "completed") return data.result;
    if (data.status === "failed") throw new Error(data.error?.message);
    await new Promise((resolve) => setTimeout(resolve, 3000));
  }
  throw new Error("timed out");
}

const begun = await (await fetch(`${base}/trends/scan?region=US`, { headers })).json();
console.log(JSON.stringify(await poll(begun.data.jobId)));
