// Shapes of the HTTP contract below api/v1. Lists are never null.

export interface Items<T> {
  items: T[];
  next_cursor?: string;
}

export interface User {
  id: string;
  email: string;
  name: string;
  roles: string[];
}

export interface Me extends User {
  permissions: string[];
  session: { id: string; created_at: string; expires_at: string };
}

export interface SignedIn {
  user: User;
  expires_in: number;
}

export interface Session {
  id: string;
  created_at: string;
  last_used_at: string;
  expires_at: string;
  address: string;
  user_agent: string;
  current: boolean;
}

export interface MyModule {
  id: string;
  title: string;
  state?: string;
  script?: string;
  panels?: PanelMeta[];
  settings?: boolean;
}

export type Operation =
  'install' | 'enable' | 'disable' | 'upgrade' | 'uninstall' | 'retry' | 'rollback' | 'force';

export interface Requirement {
  id: string;
  constraint: string;
  optional: boolean;
  satisfied: boolean;
}

export interface Instance {
  id: string;
  host: string;
  version: string;
  state: string;
  blocked_by: string[];
  error?: string;
  since: string;
  live: boolean;
  current: boolean;
  health?: { status: 'ok' | 'failing' | 'unknown'; detail?: string; panics?: number };
}

export interface Failure {
  operation: string;
  step: string;
  attempt: number;
  error: string;
  since: string;
}

export interface Module {
  id: string;
  title: string;
  description: string;
  version: string;
  installed_version: string;
  desired: 'enabled' | 'installed' | 'available';
  state: string;
  generation: number;
  requires: Requirement[];
  required_by: string[];
  capabilities: string[];
  permissions: { id: string; title: string }[];
  failure?: Failure | null;
  instances: Instance[];
}

export interface Step {
  module: string;
  op: string;
  title?: string;
}

export interface Plan {
  steps: Step[];
  refused?: string;
  needs_cascade: boolean;
  required_by?: string[];
}

export interface Acted {
  generation: number;
  steps: Step[];
}

export type SettingsValues = Record<string, unknown>;

export interface Settings {
  values: SettingsValues;
  secrets: Record<string, boolean>;
  version: number;
}

export interface SettingsChange {
  field: string;
  before?: unknown;
  after?: unknown;
  secret?: boolean;
}

export interface SettingsVersion {
  version: number;
  at: string;
  actor: string;
  actor_name?: string;
  changes: SettingsChange[];
}

export type PanelKind = 'stat' | 'timeseries' | 'table' | 'bar' | 'markdown' | 'form';

export interface PanelMeta {
  module: string;
  id: string;
  title: string;
  kind: PanelKind;
  refresh_seconds: number;
  width?: number;
  unit?: string;
  /** A sentence on what the panel shows. */
  about?: string;
}

export interface StatData {
  value: number;
  /** Shown in place of the value. */
  text?: string;
  /** A few words below the number. */
  note?: string;
  unit?: string;
  delta?: number;
  delta_good?: 'up' | 'down';
  spark?: number[];
  as_of: string;
}

export interface TimeseriesData {
  unit?: string;
  times: number[];
  series: { name: string; values: (number | null)[] }[];
  as_of: string;
}

export type ColumnKind = 'text' | 'number' | 'bytes' | 'percent' | 'time' | 'duration';

export interface TableData {
  columns: { key: string; title: string; kind: ColumnKind }[];
  rows: Record<string, unknown>[];
  as_of: string;
}

export interface BarData {
  unit?: string;
  bars: { label: string; value: number; max?: number }[];
  as_of?: string;
}

export interface MarkdownData {
  markdown: string;
}

export interface FormData {
  schema: JSONSchema;
  values: Record<string, unknown>;
  submit_label?: string;
}

export interface AuditEntry {
  id: string;
  at: string;
  actor: string;
  actor_name?: string;
  action: string;
  target: string;
  detail?: unknown;
}

/** The part of JSON Schema 2020-12 that forms are made from. */
export interface JSONSchema {
  $ref?: string;
  $defs?: Record<string, JSONSchema>;
  type?: string | string[];
  title?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  const?: unknown;
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
  multipleOf?: number;
  minItems?: number;
  maxItems?: number;
  items?: JSONSchema;
  properties?: Record<string, JSONSchema>;
  required?: string[];
  additionalProperties?: boolean | JSONSchema;
}

export interface FieldProblem {
  pointer: string;
  code: string;
  detail: string;
}

/** An RFC 9457 problem. */
export interface Problem {
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
  request_id?: string;
  errors?: FieldProblem[];
  required_by?: string[];
  [extra: string]: unknown;
}
