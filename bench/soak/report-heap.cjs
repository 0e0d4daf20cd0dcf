/**
 * Loaded into Gatehouse's own process by the soak (NODE_OPTIONS), which cannot see a heap from outside.
 *
 * In: BENCH_HEAP_FILE. Out: that file, written again each second: bytes in use of the main thread's heap, and of buffers.
 */
const { isMainThread } = require("node:worker_threads");
const { writeFileSync } = require("node:fs");

const file = process.env.BENCH_HEAP_FILE;
// Of the commands that run for a moment nobody wants to know.
if (isMainThread && file !== undefined && process.argv.includes("up"))
  setInterval(() => {
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    try {
      writeFileSync(file, JSON.stringify({ heapUsed, arrayBuffers }));
    } catch {
      // The folder is gone: this is the end.
    }
  }, 1000).unref();
