// Loaded into each file of tests: one that does not end is ended, and says what kept it. The runner's own time-out is for
// each test, and a file whose tests are over may still wait for a descriptor that nobody closes.

const ms = Number(new URL(import.meta.url).searchParams.get('ms'));

setTimeout(() => {
  console.error(`still running after ${ms / 1000} s, kept by: ${process.getActiveResourcesInfo().join(', ')}`);
  process.exit(1);
}, ms).unref();
