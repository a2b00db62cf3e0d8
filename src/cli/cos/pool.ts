// Work on many things, some at once.

/** Takes the next one only when there is room for it; the first failure ends it, once all that has begun is over. */
export async function inParallel<T>(
  items: AsyncIterable<T> | Iterable<T>,
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  const failed: unknown[] = [];
  try {
    for await (const item of items) {
      const run = work(item)
        .catch(error => void failed.push(error))
        .finally(() => running.delete(run));
      running.add(run);
      if (running.size >= atOnce) await Promise.race(running);
      if (failed.length > 0) break;
    }
  } finally {
    await Promise.all(running);
  }
  if (failed.length > 0) throw failed[0];
}
