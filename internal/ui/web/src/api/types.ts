// The API's shapes by the names the screens use. What the server's own model knows is generated from it; the rest is
// what a document of open schemas cannot say.
import type * as api from './schema.gen';

export type AuditEntry = api.AuditInfo;
export type Acted = api.ActOut;
export type BarData = api.BarData;
export type Failure = api.FailureInfo;
export type FieldProblem = api.ProblemField;
export type Instance = api.InstanceInfo;
export type Limit = api.LimitInfo;
export type MarkdownData = api.MarkdownData;
export type Me = api.MeOut;
export type Module = api.ModuleInfo;
export type MyModule = api.ModuleNav;
export type PanelMeta = api.PanelInfo;
export type Plan = api.PlanOut;
export type RefusedCaller = api.RefusedInfo;
export type Session = api.SessionInfo;
export type SetupState = api.SetupState;
export type SignedIn = api.GrantOut;
export type StatData = api.StatData;
export type Step = api.StepInfo;
export type TableData = api.TableData;
export type TimeseriesData = api.TimeseriesData;
export type User = api.UserInfo;

/** A page of a list. */
export interface Items<T> {
  items: T[];
  next_cursor?: string;
}

export type Operation =
  'install' | 'enable' | 'disable' | 'upgrade' | 'uninstall' | 'retry' | 'rollback' | 'force';

export type SettingsValues = Record<string, unknown>;

export interface Settings extends Omit<api.SettingsInfo, 'values'> {
  values: SettingsValues;
}

export interface SettingsVersion extends api.SettingsVersion {
  /** The actor's address, from servers that know it. */
  actor_name?: string;
}

export interface FormData {
  schema: JSONSchema;
  values: Record<string, unknown>;
  submit_label?: string;
}

/** An RFC 9457 problem; proxies may leave out all of it. */
export type Problem = Partial<api.Problem> & {
  /** Of `module-required`: the modules in the way. */
  required_by?: string[];
};

/** The part of JSON Schema 2020-12 that forms are made from. */
export interface JSONSchema {
  $ref?: string;
  $defs?: Record<string, JSONSchema>;
  type?: string | string[];
  title?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  format?: string;
  writeOnly?: boolean;
  readOnly?: boolean;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  minItems?: number;
  maxItems?: number;
  items?: JSONSchema;
  properties?: Record<string, JSONSchema>;
  required?: string[];
}
