/** What the parts of the view draw from, and what they ask for. */

import type { Kept } from './model.js';
import type { Looking } from './looking.js';
import type { Tips } from './tips.js';

export interface Stage {
  readonly kept: Kept;
  readonly looking: Looking;
  readonly tips: Tips;
  /** Pixels that a drawing may be wide. */
  readonly width: number;
  /** Look at a node. */
  choose(v: number): void;
  /** Switch a candidate of the chosen node on or off. */
  toggle(candidate: number): void;
  /** Switch the first so many candidates on and the rest off. */
  only(many: number): void;
}
