import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { beta, brief, cells, duration, interval, percent, range, shorten } from './numbers.js';
import { columns, GAP, layout } from './layers.js';
import { limits } from './gains.js';
import { nearest, stepped } from './tips.js';
import { stretches } from './decisions.js';

/** The log of the Beta function by Lanczos' approximation (g = 7, n = 9). */
function logGamma(z: number): number {
  const g = [0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7];
  const sum = g.slice(1).reduce((total, c, i) => total + c / (z + i), g[0] as number);
  const t = z + 6.5;
  return 0.5 * Math.log(2 * Math.PI) + (z - 0.5) * Math.log(t) - t + Math.log(sum);
}

describe('densities', () => {
  for (const [a, b] of [[2, 3], [90, 10], [1.5, 40]] as const) {
    test(`Beta(${a}, ${b}) is drawn up to its mode, and holds all but a hundredth of its probability`, () => {
      const points = beta(a, b, 4000);
      const mode = (a - 1) / (a + b - 2);
      const top = points.reduce((best, point) => (point[1] > best[1] ? point : best));
      assert(Math.abs(top[0] - mode) < 0.001, `${top[0]} is not ${mode}`);
      assert.equal(top[1], 1);
      const peak = Math.exp((a - 1) * Math.log(mode) + (b - 1) * Math.log(1 - mode) - (logGamma(a) + logGamma(b) - logGamma(a + b)));
      let mass = 0;
      points.forEach(([x, y], i) => {
        const before = points[i - 1];
        if (before) mass += ((x - before[0]) * (y + before[1]) * peak) / 2;
      });
      assert(mass > 0.99 && mass < 1.0005, `mass ${mass}`);
    });
  }
  test('without parameters there is none', () => {
    for (const [a, b] of [[0, 1], [1, -1], [NaN, 1]] as const) assert.deepEqual(beta(a, b), []);
  });
  test('the axis is the narrowest that holds them', () => {
    assert.deepEqual(range([[950, 50]]), [0.8, 1]);
    assert.deepEqual(range([[950, 50], [700, 300]]), [0.6, 1]);
    assert.deepEqual(range([[10, 990]]), [0, 0.2]);
    assert.deepEqual(range([[950, 50], [10, 990]]), [0, 1]);
    assert.deepEqual(range([]), [0, 1]);
  });
});

test('numbers as words', () => {
  assert.deepEqual([0, 0.934, 0.999, 0.9999, null].map(percent), ['0 %', '93 %', '99.9 %', '100 %', '–']);
  assert.deepEqual([0, 5.6e-6, 0.0374, 0.9997, 1.5, null].map(duration), ['0 s', '5.6 µs', '37.4 ms', '1 s', '1.5 s', '–']);
  assert.deepEqual([1234.5, 0.00012345, null].map(brief), ['1230', '0.000123', '–']);
  assert.equal(interval({ mean: 0.5, low: 0.25, high: 0.75 }, percent), '50 % (80 %: 25 % to 75 %)');
  assert.equal(interval({ mean: 0.5, low: null, high: null }, percent), '50 %');
  assert.equal(interval({ mean: null, low: 0, high: 1 }, percent), 'not known yet');
});

test('texts are measured and shortened by letters', () => {
  assert.deepEqual(['abc', '日本', 'e\u0301', '😀'].map(cells), [3, 4, 1, 2]);
  assert.equal(shorten(' a\n b ', 9), 'a b');
  assert.equal(shorten('resnet50_quantised', 9), 'resnet50…');
  assert.equal(cells(shorten('日本日本日本', 5)), 5);
});

describe('the graph', () => {
  const nodes = [[], [0], [0], [1, 2], []].map((parents) => ({ parents }));
  test('has each node right of what it reads', () => {
    assert.deepEqual(columns(nodes), [0, 1, 1, 2, 0]);
  });
  test('has boxes that do not meet, and a wire for each value', () => {
    const sizes = nodes.map((_, v) => ({ width: 100 + v, height: 40 + 10 * v }));
    const plan = layout(nodes, sizes, 60, 30);
    for (const [v, one] of plan.boxes.entries()) {
      assert(one.x >= 60 && one.x + one.width <= plan.width && one.y >= 0 && one.y + one.height <= plan.height);
      for (const other of plan.boxes.slice(v + 1)) {
        const apart = one.x + one.width < other.x || other.x + other.width < one.x || one.y + one.height < other.y || other.y + other.height < one.y;
        assert(apart, `${v} meets another`);
      }
    }
    assert.deepEqual(plan.wires, [[-1, 0], [0, 1], [0, 2], [1, 3], [2, 3], [-1, 4]]);
    assert.equal(plan.height, 40 + GAP.row + 80);
  });
  test('may be empty', () => {
    assert.deepEqual(layout([], [], 60, 30), { boxes: [], wires: [], width: 60, height: 30 });
  });
});

test('stretches of one value', () => {
  assert.deepEqual(stretches([1, 1, 0, 1, null, 1, 1], 1), [[0, 2], [3, 4], [5, 7]]);
  assert.deepEqual(stretches([], 1), []);
});

test('a drawing is read at the nearest place', () => {
  const scan = { from: 100, to: 200, many: 11 };
  assert.deepEqual([-50, 100, 114, 116, 199, 900].map((x) => nearest(x, scan)), [0, 0, 1, 2, 10, 10]);
  assert.equal(nearest(5, { from: 1, to: 1, many: 1 }), 0);
  assert.deepEqual(['ArrowLeft', 'ArrowRight', 'Home', 'End', 'a'].map((key) => stepped(key, 4, 5)), [3, 4, 0, 4, null]);
  assert.equal(stepped('ArrowLeft', 0, 5), 0);
});

test('an axis holds what is compared, not the first jobs', () => {
  const values = [100, 50, ...new Array<number>(22).fill(2)];
  assert.deepEqual(limits(values, [{ mean: 1, low: 0.5, high: 3 }]), [0.5, 3]);
  assert.deepEqual(limits(values, []), [2, 4]);
  assert.deepEqual(limits([null], []), [0, 1]);
});
