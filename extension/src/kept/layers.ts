/** Where the nodes of a workflow stand: in columns, each right of all that it reads. */

import type { Node } from './model.js';

export interface Placed {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Plan {
  readonly boxes: readonly Placed[];
  /** Pairs of nodes; -1 stands for the inputs. */
  readonly wires: readonly (readonly [number, number])[];
  readonly width: number;
  readonly height: number;
}

export const GAP = { column: 46, row: 18 };

/** The column of each node: one more than the last of those it reads, which come before it. */
export function columns(nodes: readonly Pick<Node, 'parents'>[]): number[] {
  const found: number[] = [];
  for (const node of nodes) found.push(Math.max(-1, ...node.parents.map((p) => found[p] ?? -1)) + 1);
  return found;
}

/**
 * Place the boxes of nodes; those of a column stand below one another, all centred.
 *
 * @param inset room on the left, for the inputs
 */
export function layout(
  nodes: readonly Pick<Node, 'parents'>[],
  sizes: readonly { readonly width: number; readonly height: number }[],
  inset: number,
  least: number,
): Plan {
  const column = columns(nodes);
  const last = Math.max(-1, ...column);
  const groups = Array.from({ length: last + 1 }, (_, k) => [...nodes.keys()].filter((v) => column[v] === k));
  const size = (v: number): { readonly width: number; readonly height: number } => sizes[v] ?? { width: 0, height: 0 };
  const tall = groups.map((group) => group.reduce((sum, v) => sum + size(v).height + GAP.row, -GAP.row));
  const height = Math.max(least, ...tall);
  const boxes: Placed[] = new Array<Placed>(nodes.length);
  let x = inset;
  for (const [k, group] of groups.entries()) {
    let y = (height - (tall[k] ?? 0)) / 2;
    for (const v of group) {
      boxes[v] = { x, y, ...size(v) };
      y += size(v).height + GAP.row;
    }
    x += Math.max(...group.map((v) => size(v).width)) + GAP.column;
  }
  const wires = nodes.flatMap((node, v) =>
    (node.parents.length ? node.parents : [-1]).map((p) => [p, v] as const),
  );
  return { boxes, wires, width: nodes.length ? x - GAP.column : inset, height };
}
