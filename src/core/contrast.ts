/**
 * Colors as `#rrggbb`, and how well one can be told from another.
 * Source: WCAG 2.2, "relative luminance" and "contrast ratio".
 */
export const COLOR = /^#[0-9a-fA-F]{6}$/;

function channels(color: string): readonly number[] {
  return [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
}

function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = channels(color).map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** From 1 (the same) to 21 (black and white). */
export function contrastOf(color: string, other: string): number {
  const [light = 0, dark = 0] = [luminance(color), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

/** The color, or the one nearest to it on the way to `towards` that has the contrast to `ground`. */
export function withContrast(color: string, ground: string, least: number, towards: string): string {
  const [from, to] = [channels(color), channels(towards)];
  for (let share = 0; share < 1; share += 0.05) {
    const mixed = from.map((value, i) => Math.round(value + ((to[i] ?? 0) - value) * share));
    const found = `#${mixed.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
    if (contrastOf(found, ground) >= least) return found;
  }
  return towards;
}
