/** RFC 3339 with milliseconds, in UTC. The seconds are formatted once; a busy gateway asks thousands of times a second. */
let knownSecond = Number.NaN;
let knownText = "";

export function formatTime(epochMs: number): string {
  const whole = Math.floor(epochMs);
  const second = Math.floor(whole / 1000);
  if (second !== knownSecond) {
    knownText = new Date(second * 1000).toISOString().slice(0, -4);
    knownSecond = second;
  }
  return `${knownText}${String(whole - second * 1000).padStart(3, "0")}Z`;
}
