/** What of a kept run is looked at: a node, and the candidates that are switched on. */

import type { Candidate, Kept, Node } from './model.js';

/** So many candidates of a node are on at first: the first in its order. */
export const FIRST = 8;

export class Looking {
  node: number;
  private readonly off = new Map<string, boolean>();

  constructor(readonly kept: Kept) {
    const several = kept.nodes.findIndex((node) => node.candidates.length > 1);
    this.node = Math.max(several, 0);
  }

  /** The chosen node; undefined where the run has none. */
  get chosen(): Node | undefined {
    return this.kept.nodes[this.node];
  }

  /** Take over what is looked at in an earlier state of the same run. */
  follow(other: Looking): void {
    if (this.kept.nodes[other.node]?.name === other.chosen?.name) this.node = other.node;
    for (const [key, off] of other.off) this.off.set(key, off);
  }

  choose(v: number): void {
    if (v >= 0 && v < this.kept.nodes.length) this.node = v;
  }

  isOn(candidate: Candidate, v = this.node): boolean {
    return !(this.off.get(this.key(candidate, v)) ?? candidate.place >= FIRST);
  }

  toggle(candidate: Candidate): void {
    this.off.set(this.key(candidate, this.node), this.isOn(candidate));
  }

  /** Switch on the first so many in the order, and the rest off. */
  only(many: number): void {
    for (const candidate of this.chosen?.candidates ?? []) {
      this.off.set(this.key(candidate, this.node), candidate.place >= many);
    }
  }

  /** A node's candidates in their order. */
  ordered(v = this.node): Candidate[] {
    return [...(this.kept.nodes[v]?.candidates ?? [])].sort((a, b) => a.place - b.place);
  }

  /** Those of them that are on. */
  shown(v = this.node): Candidate[] {
    return this.ordered(v).filter((candidate) => this.isOn(candidate, v));
  }

  private key(candidate: Candidate, v: number): string {
    return JSON.stringify([this.kept.nodes[v]?.name, candidate.number, candidate.name]);
  }
}
