import type * as api from '../api/schema.gen';
import type { Definition, Json } from './definition';

export type FlagItem = api.FlagInfo;

/** One flag. */
export interface FlagDetail extends api.FlagDetail {
  definition: Definition;
}

/** Something wrong with a definition. */
export type Trouble = api.FlagProblem;
export type Checked = api.CheckFlagOut;

/** What people get now and with a draft. */
export type Shares = api.FlagPreview;
export type Preview = api.PreviewFlagOut;
export type Imported = api.ImportFlagsOut;

/** A shared rule. */
export interface Segment extends api.SegmentInfo {
  definition: Json;
}

/** What somebody would get, and why. */
export interface Explanation extends Omit<api.Explanation, 'steps'> {
  value: Json;
  steps?: ExplanationStep[];
}

export interface ExplanationStep {
  kind: string;
  pointer?: string;
  text: string;
  outcome: string;
  decided?: boolean;
  bucket?: { hash: number; bucket: number; total: number };
  steps?: ExplanationStep[];
}

export type Interval = api.Interval;
export type Difference = api.Difference;
/** How one variant did. */
export type VariantReadout = api.VariantReadout;
export type Readout = api.Readout;
