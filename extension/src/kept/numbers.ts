/** Numbers as words, densities as points, and axes. */

import type { Band } from './model.js';

/** `93 %`; a dash for what is not known. */
export function percent(share: number | null): string {
  if (share === null) return '–';
  const value = 100 * share;
  return `${value > 99 && value < 99.95 ? value.toFixed(1) : value.toFixed(0)} %`;
}

/** `12 ms`, `1.4 s`; a dash for what is not known. */
export function duration(seconds: number | null): string {
  if (seconds === null) return '–';
  if (seconds !== 0 && Math.abs(seconds) < 0.000_999_5) return `${brief(1e6 * seconds)} µs`;
  if (seconds !== 0 && Math.abs(seconds) < 0.9995) return `${brief(1e3 * seconds)} ms`;
  return `${brief(seconds)} s`;
}

/** A number with three digits. */
export function brief(value: number | null): string {
  return value === null ? '–' : String(Number(value.toPrecision(3)));
}

/** Mean and interval in words. */
export function interval(band: Band, word: (value: number | null) => string): string {
  if (band.mean === null) return 'not known yet';
  if (band.low === null || band.high === null) return word(band.mean);
  return `${word(band.mean)} (80 %: ${word(band.low)} to ${word(band.high)})`;
}

export type Point = readonly [x: number, y: number];

/**
 * The density of Beta(a, b) as points with x in [0, 1], its highest at y = 1.
 *
 * Points are even over four and a half standard deviations about the mean.
 */
export function beta(a: number, b: number, steps = 64): Point[] {
  if (!(a > 0 && b > 0)) return [];
  const mean = a / (a + b);
  const deviation = Math.sqrt((mean * (1 - mean)) / (a + b + 1));
  const low = clamp(mean - 4.5 * deviation, 0.0005, 0.9);
  const high = clamp(mean + 4.5 * deviation, 0.1, 0.9995);
  const logs = Array.from({ length: steps + 1 }, (_, i): Point => {
    const x = low + ((high - low) * i) / steps;
    return [x, (a - 1) * Math.log(x) + (b - 1) * Math.log1p(-x)];
  });
  const top = Math.max(...logs.map(([, y]) => y));
  return logs.map(([x, y]) => [x, Math.exp(y - top)]);
}

const RANGES: readonly Point[] = [[0.8, 1], [0.6, 1], [0.4, 1], [0, 0.2], [0, 0.6], [0, 1]];

/** The narrowest of a few ranges that holds all but the far tails of some Betas. */
export function range(betas: readonly (readonly [number, number])[]): Point {
  const ends = betas.map(([a, b]) => {
    const mean = a / (a + b);
    const deviation = Math.sqrt((mean * (1 - mean)) / (a + b + 1));
    return [mean - 3.2 * deviation, mean + 3.2 * deviation] as const;
  });
  const fits = ([low, high]: Point): boolean =>
    ends.every(([l, h]) => (low === 0 || l >= low) && (high === 1 || h <= high));
  return (ends.length ? RANGES.find(fits) : undefined) ?? [0, 1];
}

export function clamp(value: number, low = 0, high = 1): number {
  return Math.min(Math.max(value, low), high);
}

/** How many letters wide a text is in a fixed-width font: two for East Asian ones. */
export function cells(text: string): number {
  let wide = 0;
  for (const letter of text) {
    const code = letter.codePointAt(0) ?? 0;
    const broad = code >= 0x1100 && /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1faff}]|[\u{20000}-\u{3fffd}]/u.test(letter);
    wide += /\p{M}/u.test(letter) ? 0 : broad ? 2 : 1;
  }
  return wide;
}

/** A text on one line of at most so many letters. */
export function shorten(text: string, room: number): string {
  const whole = text.trim().split(/\s+/).join(' ');
  if (cells(whole) <= room) return whole;
  const letters = [...whole];
  while (letters.length && cells(letters.join('')) > room - 1) letters.pop();
  return `${letters.join('')}…`;
}
