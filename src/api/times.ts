// The form of most times in the Cloud API: `YYYY-MM-DD HH:mm:ss`, always in China's time, which has no summer time.

export const CHINA_OFFSET_MS = 8 * 3600_000;

export function wireTime(ms: number): string {
  return new Date(ms + CHINA_OFFSET_MS).toISOString().slice(0, 19).replace('T', ' ');
}
