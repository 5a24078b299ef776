// Words and numbers: what is shown, and in which form.

const COLUMNS = 2000, POINTS = 800, ROWS = 50, TRAIL = 24, MOVED = 0.01, NONE = 255;
const SILENCE = 5000; // ms without a word until the kernel is asked, and until it is given up
const OVER = new Set(["done", "failed"]);
const WORDS = { running: "Running", paused: "Paused", stopping: "Stopping", done: "Done", failed: "Failed", "": "Waiting" };
const ICONS = {
  pause: "M5 3h2.5v10H5zM8.500 3H11v10H8.500z", resume: "M4.500 2.800v10.400L13 8z", step: "M3.500 3v10L10 8zM10.800 3H13v10h-2.200z",
  stop: "M4 4h8v8H4z", done: "M3 8.500l1.400-1.400L6.800 9.500l4.900-5L13 5.900l-6.200 6.300z", failed: "M4.200 3L8 6.800 11.800 3 13 4.200 9.200 8l3.800 3.800-1.200 1.200L8 9.200 4.200 13 3 11.800 6.800 8 3 4.200z",
  stopping: "M4 4h8v8H4z", steer: "M3 4h5v1.500H3zm8 0h2v1.500h-2zM8.500 3H10v3.500H8.500zM3 10.500h2V12H3zm5 0h5V12H8zM5.500 9.500H7V13H5.500z", "": "M7 7h2v2H7z",
};

const clamp = (x, lo = 0, hi = 1) => Math.min(hi, Math.max(lo, x));
const known = (x) => x !== null && x !== undefined && !Number.isNaN(x);
const digits = (x, n = 3) => (x === 0 ? "0" : Math.abs(x) >= 10 ** n ? Math.round(x).toLocaleString("en") : String(Number(x.toPrecision(n))));
const percent = (x) => (known(x) ? `${x > 0 && x < 0.0995 ? (100 * x).toFixed(1) : Math.round(100 * x)} %` : "–");
const count = (n) => Math.round(n).toLocaleString("en").replaceAll(",", "\u202f");
function duration(s) {
  if (!known(s)) return "–";
  if (s < 0.0009995) return `${s && s < 0.00000095 ? "<1" : Math.round(1e6 * s)} µs`;
  if (s < 0.9995) return `${s < 0.0995 ? digits(1000 * s, 2) : Math.round(1000 * s)} ms`;
  if (s < 120) return `${s.toPrecision(3)} s`;
  return s < 7200 ? `${digits(s / 60, 3)} min` : `${digits(s / 3600, 3)} h`;
}
function worth(x) {
  return known(x) ? digits(x, 3).replace("-", "\u2212") : "–";
}
/** The next of 1, 2, 5, 10, 20, … or of 0.1, 0.2, 0.5, … */
function roundUp(n) {
  const p = 10 ** Math.floor(Math.log10(n));
  return p * [1, 2, 5, 10].find((m) => n <= m * p * 1.0001);
}
